"""The doctor finds what is stuck, and says nothing where all is well."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tasks.models import (
    Batch,
    Callback,
    Resolution,
    ResourceSlot,
    Runner,
    Step,
    Task,
    Template,
    TemplateVersion,
    clock,
)
from tasks.services.invariants import violations

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> TemplateVersion:
    template = Template.objects.create(name="any", description="any")
    return TemplateVersion.objects.create(
        template=template, number=1, content_hash="", source="", document="{}", file=""
    )


@pytest.fixture
def runner() -> Runner:
    return Runner.objects.create(instance="here", host="here", pid=1, region="default")


def task_of(version: TemplateVersion, state: str, **columns: Any) -> Task:
    return Task.objects.create(
        template=version.template,
        version=version,
        title="any",
        requester_username="somebody",
        input="{}",
        state=state,
        **columns,
    )


def resolution_in(version: TemplateVersion, state: str, task_state: str, **columns: Any) -> Resolution:
    columns = {"waiting_for": "somebody", **columns}
    return Resolution.objects.create(
        task=task_of(version, task_state),
        resolver_username="somebody",
        template_name="any",
        resolver_input="{}",
        state=state,
        **columns,
    )


def step_in(resolution: Resolution, state: str, **columns: Any) -> Step:
    columns = {"waiting_for": "somebody", "name": "one", **columns}
    return Step.objects.create(resolution=resolution, resolution_key=resolution.public_id, state=state, **columns)


def rules() -> set[str]:
    return {violation.rule for violation in violations()}


def sound(version: TemplateVersion, runner: Runner) -> Iterator[Resolution]:
    """Resolutions in every state in which nothing is wrong."""
    now = clock.now()
    held = resolution_in(version, "RUNNING", "RUNNING", runner=runner, waiting_for="")
    step_in(held, "RUNNING")
    yield held
    yield resolution_in(version, "TO_AUTORUN", "TODO", due_at=now)
    yield resolution_in(version, "TO_AUTORUN_DELAYED", "DELAYED", due_at=now + timedelta(days=1))
    yield resolution_in(version, "ERROR", "RUNNING", due_at=now)
    yield resolution_in(version, "CRASHED", "RUNNING", due_at=now)
    yield resolution_in(version, "PAUSED", "TODO")
    yield resolution_in(version, "BLOCKED_FATAL", "BLOCKED")
    yield resolution_in(version, "DONE", "DONE", waiting_for="")
    yield resolution_in(version, "CANCELLED", "CANCELLED", waiting_for="")
    waiting = resolution_in(version, "WAITING", "WAITING")
    step_in(waiting, "WAITING", link=task_of(version, "RUNNING").public_id)
    yield waiting


def test_where_all_is_well_the_doctor_says_so(version: TemplateVersion, runner: Runner) -> None:
    assert len(list(sound(version, runner))) == 10
    assert violations() == []
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "10 resolutions" in out.getvalue()
    assert "all is well" in out.getvalue()


def test_the_command_ends_with_a_failure_where_something_is_wrong(version: TemplateVersion) -> None:
    lost = resolution_in(version, "RUNNING", "RUNNING")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert str(lost.public_id) in out.getvalue()


@pytest.mark.parametrize(
    ("state", "task_state", "columns", "rule"),
    [
        ("RUNNING", "RUNNING", {}, "holder"),
        ("WAITING", "WAITING", {"waiting_for": "", "due_at": "now"}, "why"),
        ("ERROR", "RUNNING", {}, "wake-up"),
        ("TO_AUTORUN", "TODO", {}, "wake-up"),
        ("CRASHED", "RUNNING", {}, "wake-up"),
        ("DONE", "DONE", {"due_at": "now"}, "wake-up"),
        ("WAITING", "WAITING", {}, "lost wake-up"),
        ("DONE", "RUNNING", {}, "task's state"),
    ],
)
def test_a_resolution_that_is_stuck_is_found(
    version: TemplateVersion, state: str, task_state: str, columns: dict[str, Any], rule: str
) -> None:
    given = {name: clock.now() if value == "now" else value for name, value in columns.items()}
    resolution_in(version, state, task_state, **given)
    assert rule in rules()


def test_a_resolution_held_by_who_has_ended_is_found(version: TemplateVersion, runner: Runner) -> None:
    Runner.objects.update(ended=clock.now())
    resolution_in(version, "RUNNING", "RUNNING", runner=runner)
    assert rules() == {"holder"}


def test_a_step_that_runs_without_a_run_is_found(version: TemplateVersion) -> None:
    step_in(resolution_in(version, "ERROR", "RUNNING", due_at=clock.now()), "RUNNING")
    assert rules() == {"running step"}


def test_a_step_without_a_why_is_found(version: TemplateVersion) -> None:
    step_in(resolution_in(version, "BLOCKED_FATAL", "BLOCKED"), "FATAL_ERROR", waiting_for="")
    assert rules() == {"why"}


@pytest.mark.parametrize("ended", ["child", "batch", "callback"])
def test_a_parent_that_sleeps_through_the_end_is_found(version: TemplateVersion, ended: str) -> None:
    parent = resolution_in(version, "WAITING", "WAITING")
    link = uuid.uuid4()
    if ended == "child":
        task_of(version, "DONE", public_id=link)
    elif ended == "batch":
        task_of(version, "DONE", batch=Batch.objects.create(public_id=link, started=1))
    else:
        Callback.objects.create(
            public_id=link, resolution=parent, step="one", username="x", token="x", called=clock.now()
        )
    step_in(parent, "WAITING", link=link)
    assert rules() == {"lost wake-up"}


def test_a_due_resolution_that_nobody_takes_is_found(version: TemplateVersion, runner: Runner) -> None:
    resolution_in(version, "TO_AUTORUN", "TODO", due_at=clock.now() - timedelta(minutes=5))
    assert rules() == {"unclaimed"}


def test_a_dead_runner_that_nobody_noticed_is_found(runner: Runner) -> None:
    Runner.objects.update(heartbeat=clock.now() - timedelta(minutes=5))
    assert rules() == {"dead runner"}


def test_a_slot_that_is_held_by_nobody_is_found(version: TemplateVersion, runner: Runner) -> None:
    over = resolution_in(version, "DONE", "DONE", waiting_for="")
    ResourceSlot.objects.create(resource="door", runner=runner, resolution=over, step="one")
    assert rules() == {"slot"}
