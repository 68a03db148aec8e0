"""Roles: what somebody is to a task, and what he may because of it alone."""

import pytest

from tasks.models import MemberKind, MemberRole, Resolution, Task, TaskMember
from tasks.services import permissions, tasks
from tasks.services.errors import AdministratorsOnly, PermissionDenied
from tasks.services.permissions import Operation, Role
from tests.services.people import actor


@pytest.fixture
def task(world: None) -> Task:
    made = tasks.create_task(actor("req"), "owned", {"id": "x"})
    for role, kind, name in (
        (MemberRole.RESOLVER, MemberKind.USER, "res"),
        (MemberRole.RESOLVER, MemberKind.GROUP, "resolvers"),
        (MemberRole.WATCHER, MemberKind.USER, "wat"),
        (MemberRole.WATCHER, MemberKind.GROUP, "watchers"),
    ):
        TaskMember.objects.create(task=made, role=role, kind=kind, name=name)
    Resolution.objects.create(task=made, resolver_username="cre", resolver_input="{}", template_name="owned")
    return Task.objects.get()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("adm", {Role.ADMIN}),
        ("own", {Role.OWNER}),
        ("ogr", {Role.OWNER}),
        ("res", {Role.RESOLVER}),
        ("rgr", {Role.RESOLVER}),
        ("cre", {Role.CREATOR}),
        ("req", {Role.REQUESTER}),
        ("wat", {Role.WATCHER}),
        ("wgr", {Role.WATCHER}),
        ("str", set()),
    ],
)
def test_what_somebody_is_to_a_task(task: Task, name: str, role: set[Role]) -> None:
    assert permissions.roles(actor(name), task, task.resolution) == role


def test_names_are_compared_exactly(task: Task) -> None:
    assert permissions.roles(permissions.Actor("OWN", frozenset({"Owners", "RESOLVERS"})), task) == set()


def test_a_groups_name_is_no_users_name(task: Task) -> None:
    assert permissions.roles(permissions.Actor("owners"), task) == set()
    assert permissions.roles(permissions.Actor("x", frozenset({"own", "res", "wat"})), task) == set()


def test_what_he_may_as_an_administrator_alone_is_noted(task: Task) -> None:
    adm = actor("adm")
    permissions.require(adm, Operation.READ_TASK, task)
    assert adm.privileges == {Operation.READ_TASK}
    both = permissions.Actor("req", is_admin=True)
    permissions.require(both, Operation.READ_TASK, task, task.resolution)
    assert both.privileges == set()
    # A requester's right to edit ends with the resolution: from then on he edits as an administrator.
    permissions.require(both, Operation.EDIT_TASK, task, task.resolution)
    assert both.privileges == {Operation.EDIT_TASK}


def test_refusals_name_the_deed(task: Task) -> None:
    with pytest.raises(PermissionDenied, match="str may not cancel the resolution"):
        permissions.require(actor("str"), Operation.CANCEL, task, task.resolution)
    with pytest.raises(AdministratorsOnly, match="delete"):
        permissions.require(actor("own"), Operation.DELETE_TASK, task)
