"""Tasks: what leaves nothing behind, what is told, who was first."""

import uuid
from datetime import timedelta

import pytest

from tasks.engine.gotemplate import loads
from tasks.models import Batch, Comment, JournalEntry, Resolution, Task, TaskTag
from tasks.services import comments, resolutions, tasks
from tasks.services.creation import BlockedTemplate, InputRefused, NewTask
from tasks.services.errors import AdministratorsOnly, BadRequest, NotFound, PermissionDenied, WrongState
from tasks.services.tasks import TaskChange
from tasks.states import ResolutionState, TaskState
from tests.services.people import actor

REQ, ADM = "req", "adm"


@pytest.fixture
def task(world: None) -> Task:
    return tasks.create_task(actor(REQ), "dummy", {"id": "x"})


@pytest.mark.parametrize(
    ("template", "inputs", "new", "refusal"),
    [
        ("nope", {}, NewTask(), NotFound),
        ("blocked", {}, NewTask(), BlockedTemplate),
        ("dummy", {}, NewTask(), InputRefused),
        ("dummy", {"id": "x"}, NewTask(comment="ab"), BadRequest),
        ("dummy", {"id": "x"}, NewTask(resolver_usernames=["me"]), PermissionDenied),
        ("dummy", {"id": "x"}, NewTask(tags={"_utask_parent_task_id": "x"}), BadRequest),
    ],
)
def test_what_is_refused_leaves_nothing(
    world: None, template: str, inputs: dict[str, str], new: NewTask, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        tasks.create_task(actor(REQ), template, inputs, new)
    assert not Task.objects.exists()
    assert not Comment.objects.exists()
    assert not JournalEntry.objects.exists()
    with pytest.raises((refusal, BadRequest)):
        tasks.create_batch(actor(REQ), template, [inputs], common={}, new=new)
    assert not Batch.objects.exists()


def test_a_batch_is_as_long_as_the_operator_allows(world: None, settings: object) -> None:
    settings.UTASK_MAX_BATCH = 2  # type: ignore[attr-defined]
    inputs = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    with pytest.raises(BadRequest, match="at most 2"):
        tasks.create_batch(actor(REQ), "dummy", inputs, common={}, new=NewTask())
    batch = tasks.create_batch(actor(REQ), "dummy", inputs[:2], common={}, new=NewTask())
    assert (batch.started, batch.tasks.count()) == (2, 2)


def test_an_edit_replaces_what_was(task: Task) -> None:
    change = TaskChange(input={"id": "y", "undeclared": 1}, watcher_usernames=["a", "a", "b"], tags={"k": "v", "e": ""})
    edited = tasks.edit_task(actor(REQ), task.public_id, change, reason="it was wrong")
    assert (edited.title, loads(edited.input)) == ("dummy y", {"id": "y"})
    assert sorted(member.name for member in edited.members.all()) == ["a", "b"]
    assert edited.tag_map() == {"k": "v"}
    assert edited.last_activity > task.last_activity
    entry = JournalEntry.objects.get(event="edit task")
    assert loads(entry.detail or "") == {"inputs": ["id"], "reason": "it was wrong"}
    assert (entry.actor, entry.address) == (REQ, "192.0.2.7")
    assert Comment.objects.get().content == "manually edited task: it was wrong"


def test_an_edit_that_is_refused_changes_nothing(task: Task) -> None:
    with pytest.raises(InputRefused):
        tasks.edit_task(actor(REQ), task.public_id, TaskChange(input={}, tags={"k": "v"}))
    assert not TaskTag.objects.exists()
    with pytest.raises(NotFound):
        tasks.edit_task(actor(REQ), uuid.uuid4(), TaskChange(input={}))


def test_rejecting_ends_a_resolution_that_has_not_begun(task: Task) -> None:
    resolutions.create_resolution(actor(ADM), task.public_id, {})
    tasks.reject_task(actor(REQ), task.public_id, reason="not needed")
    task.refresh_from_db()
    assert task.state == TaskState.WONTFIX
    resolution = Resolution.objects.get()
    assert (resolution.state, resolution.due_at) == (ResolutionState.CANCELLED, None)
    with pytest.raises(WrongState):
        tasks.reject_task(actor(REQ), task.public_id)


def test_deleting_is_for_administrators_and_leaves_nothing(task: Task) -> None:
    comments.add_comment(actor(REQ), task, "hello")
    resolutions.create_resolution(actor(ADM), task.public_id, {})
    with pytest.raises(AdministratorsOnly):
        tasks.delete_task(actor(REQ), task.public_id)
    gone = tasks.delete_task(actor(ADM), task.public_id)
    assert gone.public_id == task.public_id
    assert not any(model.objects.exists() for model in (Task, Resolution, Comment, JournalEntry))
    with pytest.raises(NotFound):
        tasks.delete_task(actor(ADM), task.public_id)


def test_deleting_a_child_wakes_the_one_who_waits_for_it(task: Task) -> None:
    parent = resolutions.create_resolution(actor(ADM), task.public_id, {})
    Resolution.objects.filter(pk=parent.pk).update(state=ResolutionState.WAITING, due_at=None)
    child = tasks.create_task(actor(REQ), "dummy", {"id": "child"})
    Task.objects.filter(pk=child.pk).update(parent=parent)
    tasks.delete_task(actor(ADM), child.public_id)
    parent.refresh_from_db()
    assert parent.woken_at is not None
    assert parent.due_at is not None


def test_why_a_task_does_not_move(task: Task) -> None:
    assert "nobody has resolved it" in tasks.waiting_for(task)
    resolutions.create_resolution(actor(ADM), task.public_id, {})
    assert "runner" in tasks.waiting_for(tasks.task_named(task.public_id))
    tasks.reject_task(actor(REQ), task.public_id)
    assert tasks.waiting_for(tasks.task_named(task.public_id)) == ""


def test_resolvers_of_one_task_are_assigned_by_owners(world: None) -> None:
    made = tasks.create_task(actor(REQ), "owned", {"id": "x"})
    with pytest.raises(PermissionDenied):
        tasks.assign(actor(REQ), made.public_id, usernames=["me"], groups=[])
    tasks.assign(actor("own"), made.public_id, usernames=["a", "a"], groups=["g"])
    assert sorted(str(member) for member in made.members.all()) == ["resolver group g", "resolver user a"]


def test_a_delay_counts_from_the_resolution(world: None) -> None:
    made = tasks.create_task(actor(REQ), "dummy", {"id": "x"}, NewTask(delay=timedelta(hours=1)))
    assert made.state == TaskState.TODO
    resolution = resolutions.create_resolution(actor(ADM), made.public_id, {})
    assert resolution.due_at is not None
    assert resolution.due_at - resolution.created == timedelta(hours=1)
    made.refresh_from_db()
    assert made.state == TaskState.DELAYED
