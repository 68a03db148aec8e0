"""Who may do what in which state: every cell of role x operation x state, over the API.

The tables here are written from the rules of docs/api.md ("Permissions", "States"), not from the code.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from tasks.api.views import resolutions as views
from tasks.models import Comment, Resolution, Task
from tasks.services.permissions import GRANTS, Operation, Role
from tasks.states import ResolutionState, TaskState
from tests.api.clients import Person

#: One person for each role, who has no other. A administrator, O template owner, T task resolver, C creator of the
#: resolution, R requester, W watcher, S stranger.
NAMES = {"A": "adm", "O": "own", "T": "res", "C": "cre", "R": "req", "W": "wat", "S": "str"}
R, T = ResolutionState, TaskState
ALL = frozenset(R)
NOT_RUNNING = ALL - {R.RUNNING, R.DONE, R.CANCELLED}
PAUSED = frozenset({R.PAUSED})

MANAGERS, READERS = "AOTC", "AOTCRW"

#: Operation on a resolution -> method, path, body; who may; in which states; how others are refused.
ON_RESOLUTIONS: dict[str, tuple[str, str, Any, str, frozenset[Any], int]] = {
    "run": ("POST", "/resolution/{r}/run", None, MANAGERS, NOT_RUNNING, 403),
    "pause": ("POST", "/resolution/{r}/pause", None, MANAGERS, NOT_RUNNING, 403),
    "force pause": ("POST", "/resolution/{r}/pause?force=true", None, "A", ALL, 403),
    "extend": ("POST", "/resolution/{r}/extend", None, MANAGERS, frozenset({R.BLOCKED_MAXRETRIES}), 403),
    "cancel": ("POST", "/resolution/{r}/cancel", None, MANAGERS, NOT_RUNNING, 403),
    "start over": (
        "POST",
        "/resolution",
        {"task_id": "{t}", "start_over": True},
        "AOT",
        frozenset({R.PAUSED, R.BLOCKED_BADREQUEST, R.CANCELLED}),
        403,
    ),
    "resolve again": ("POST", "/resolution", {"task_id": "{t}"}, "AOT", frozenset(), 403),
    "edit resolution": ("PUT", "/resolution/{r}", {}, "A", PAUSED, 401),
    "edit step": (
        "PUT",
        "/resolution/{r}/step/step",
        {"state": "TODO", "description": "d", "action": {"type": "echo", "configuration": {}}},
        "A",
        PAUSED,
        401,
    ),
    "edit step state": ("PUT", "/resolution/{r}/step/step/state", {"state": "DONE"}, "AO", PAUSED, 403),
    "edit task": ("PUT", "/task/{t}", {"input": {"id": "y"}}, "AO", PAUSED, 403),
    "read resolution": ("GET", "/resolution/{r}", None, READERS, ALL, 403),
    "read step": ("GET", "/resolution/{r}/step/step", None, READERS, ALL, 403),
}
#: Where the state is looked at before the right.
STATE_FIRST = {"edit step state", "wontfix"}

#: Operation on a task without a resolution -> the same, by state of the task.
ON_TASKS: dict[str, tuple[str, str, Any, str, frozenset[Any], int]] = {
    "read task": ("GET", "/task/{t}", None, "AOTRW", frozenset(T), 403),
    "edit task": ("PUT", "/task/{t}", {"input": {"id": "y"}}, "AOR", frozenset(T), 403),
    "wontfix": ("POST", "/task/{t}/wontfix", None, "AOTR", frozenset({T.TODO, T.DELAYED}), 403),
    "delete task": ("DELETE", "/task/{t}", None, "A", frozenset(T) - {T.RUNNING, T.BLOCKED}, 401),
    "comment": ("POST", "/task/{t}/comment", {"content": "hello"}, "AOTRW", frozenset(T), 403),
    "list comments": ("GET", "/task/{t}/comment", None, "AOTRW", frozenset(T), 403),
    "read journal": ("GET", "/task/{t}/journal", None, "AOTRW", frozenset(T), 403),
    "resolve": ("POST", "/resolution", {"task_id": "{t}"}, "AOT", frozenset(T) - {T.WONTFIX}, 403),
}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def expected(operation: str, role: str, state: Any, row: tuple[str, str, Any, str, frozenset[Any], int]) -> str:
    _, _, _, who, states, refusal = row
    allowed, fits = role in who, state in states
    if operation in STATE_FIRST and not fits:
        return "400"
    if not allowed:
        return str(refusal)
    return "done" if fits else "400"


def asked(person: Person, row: tuple[str, str, Any, str, frozenset[Any], int], ids: dict[str, str]) -> str:
    method, path, body, *_ = row
    if isinstance(body, dict) and "task_id" in body:
        body = body | {"task_id": ids["t"]}
    path = path.format(**ids)
    answer = {
        "GET": lambda: person.get(path),
        "DELETE": lambda: person.delete(path),
        "POST": lambda: person.post(path, body),
        "PUT": lambda: person.put(path, body),
    }[method]()
    return "done" if answer.status_code < 300 else str(answer.status_code)


@pytest.fixture
def task(adm: Person, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task of the template that allows to start over; each role is somebody else."""
    monkeypatch.setattr(views, "BEGIN_SECONDS", 0.0)
    made = adm.task("owned2", resolver_usernames=["res"], watcher_usernames=["wat"])
    Task.objects.filter(public_id=made["id"]).update(requester_username="req")
    return Task.objects.get(public_id=made["id"])


def walked(someone: Callable[[str], Person], operation: str, row: Any, states: Any, prepare: Any) -> dict[str, str]:
    """Every cell of one operation that is not as it should be."""
    wrong = {}
    for role, name in NAMES.items():
        for state in states:
            with undone():
                found = asked(someone(name), row, prepare(state))
            wanted = expected(operation, role, state, row)
            if found != wanted:
                wrong[f"{role} in {state}"] = f"{found}, not {wanted}"
    return wrong


@pytest.mark.parametrize("operation", ON_RESOLUTIONS)
def test_every_role_in_every_state_of_a_resolution(
    operation: str, task: Task, someone: Callable[[str], Person]
) -> None:
    resolution = Resolution.objects.create(
        task=task, resolver_username="cre", resolver_input="{}", template_name="owned2", region=""
    )

    def prepare(state: Any) -> dict[str, str]:
        Resolution.objects.filter(pk=resolution.pk).update(state=state)
        return {"t": str(task.public_id), "r": str(resolution.public_id)}

    assert walked(someone, operation, ON_RESOLUTIONS[operation], R, prepare) == {}


@pytest.mark.parametrize("operation", ON_TASKS)
def test_every_role_in_every_state_of_a_task(operation: str, task: Task, someone: Callable[[str], Person]) -> None:
    def prepare(state: Any) -> dict[str, str]:
        Task.objects.filter(pk=task.pk).update(state=state)
        return {"t": str(task.public_id)}

    assert walked(someone, operation, ON_TASKS[operation], T, prepare) == {}


def test_a_template_that_does_not_allow_it_is_started_over_by_administrators_alone(
    adm: Person, someone: Callable[[str], Person]
) -> None:
    made = adm.task("owned", resolver_usernames=["res"])
    task = Task.objects.get(public_id=made["id"])
    Resolution.objects.create(
        task=task, resolver_username="cre", resolver_input="{}", template_name="owned", state=R.PAUSED
    )
    statuses = {}
    for role, name in NAMES.items():
        with undone():
            statuses[role] = someone(name).post("/resolution", {"task_id": made["id"], "start_over": True}).status_code
    assert statuses == {"A": 201, "O": 403, "T": 403, "C": 403, "R": 403, "W": 403, "S": 403}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_comments_are_changed_by_their_authors_and_administrators(
    method: str, task: Task, someone: Callable[[str], Person]
) -> None:
    statuses = {}
    for role, name in NAMES.items():
        for whose, author in (("own", name), ("another's", "somebody")):
            comment = Comment.objects.create(task=task, username=author, content="hello")
            path = f"/task/{task.public_id}/comment/{comment.public_id}"
            person = someone(name)
            answer = person.put(path, {"content": "hello you"}) if method == "PUT" else person.delete(path)
            statuses[f"{role}, {whose}"] = answer.status_code < 300 or answer.status_code
    assert statuses == {
        f"{role}, {whose}": True if whose == "own" or role == "A" else 403
        for role in NAMES
        for whose in ("own", "another's")
    }


@pytest.mark.parametrize("path", ["/key-rotate"])
def test_only_administrators_operate_the_service(path: str, someone: Callable[[str], Person]) -> None:
    statuses = {role: someone(name).post(path).status_code for role, name in NAMES.items()}
    assert statuses == {role: 200 if role == "A" else 401 for role in NAMES}


@pytest.mark.parametrize("path", ["/meta", "/template", "/template/dummy", "/function", "/task", "/resolution"])
def test_everybody_reads_what_is_for_everybody(path: str, someone: Callable[[str], Person]) -> None:
    assert {name: someone(name).get(path).status_code for name in NAMES.values()} == dict.fromkeys(NAMES.values(), 200)
    assert someone("").get(path).status_code == 401


def test_every_operation_of_the_table_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Operation)
    assert all(any(grant in (Role.ADMIN,) for grant in grants) for grants in GRANTS.values())
