"""Resolutions: what an operator does, who was first, what is told."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.engine.gotemplate import loads
from tasks.models import Comment, JournalEntry, Resolution, Runner, Task, TaskMember, clock
from tasks.services import resolutions, tasks
from tasks.services.errors import BadRequest, NotFound, PermissionDenied, WrongState
from tasks.states import ResolutionState as R
from tasks.states import TaskState
from tests.services.people import actor


@pytest.fixture
def resolution(world: None) -> Resolution:
    task = tasks.create_task(actor("req"), "owned", {"id": "x"})
    return resolutions.create_resolution(actor("own"), task.public_id, {})


ACTS: dict[str, Callable[..., Resolution]] = {
    "run": resolutions.run_resolution,
    "pause": resolutions.pause_resolution,
    "force pause": resolutions.force_pause,
    "cancel": resolutions.cancel_resolution,
    "extend": resolutions.extend_resolution,
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_unknown_or_refused_changes_nothing(resolution: Resolution, act: str) -> None:
    with pytest.raises(NotFound):
        ACTS[act](actor("adm"), uuid.uuid4())
    before = Resolution.objects.values().get()
    with pytest.raises(PermissionDenied):
        ACTS[act](actor("str"), resolution.public_id)
    assert Resolution.objects.values().get() == before
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("act", "before", "after", "comment"),
    [
        ("run", R.PAUSED, R.PAUSED, "manually ran resolution"),
        ("pause", R.WAITING, R.PAUSED, "manually paused resolution"),
        ("force pause", R.DONE, R.PAUSED, "manually paused resolution"),
        ("cancel", R.ERROR, R.CANCELLED, "cancelled resolution"),
        ("extend", R.BLOCKED_MAXRETRIES, R.ERROR, "manually extended resolution"),
    ],
)
def test_each_act_is_done_told_and_explained(
    resolution: Resolution, act: str, before: R, after: R, comment: str
) -> None:
    Resolution.objects.update(state=before)
    ACTS[act](actor("adm"), resolution.public_id, reason="because")
    resolution.refresh_from_db()
    assert resolution.state == after
    told = Comment.objects.get()
    assert (told.content, told.username, told.automatic) == (f"{comment}: because", "adm", True)
    entry = JournalEntry.objects.filter(event=act, kind="act").get()
    assert loads(entry.detail or "") == {"reason": "because"}
    assert resolution.waiting_for or after == R.CANCELLED
    assert (resolution.due_at is not None) == (act in ("run", "extend"))


def test_a_run_is_a_humans_and_due_at_once(resolution: Resolution) -> None:
    Resolution.objects.update(state=R.ERROR, due_at=clock.now() + timedelta(hours=1))
    resolutions.run_resolution(actor("own"), resolution.public_id)
    resolution.refresh_from_db()
    assert resolution.manual
    assert resolution.due_at is not None
    assert resolution.due_at <= clock.now()


@pytest.mark.parametrize(
    ("state", "columns", "is_same"),
    [
        (R.TO_AUTORUN, {}, True),
        (R.RUNNING, {"run_count": 1, "last_start": 3}, True),
        (R.DONE, {"run_count": 1, "last_start": 3}, True),
        (R.DONE, {"run_count": 1, "last_start": 30}, False),
        (R.DONE, {"run_count": 2, "last_start": 3}, False),
        (R.CANCELLED, {"run_count": 1, "last_start": 3}, False),
    ],
)
def test_a_run_asked_for_at_an_automatic_start_is_that_start(
    resolution: Resolution, state: R, columns: dict[str, Any], is_same: bool
) -> None:
    if "last_start" in columns:
        columns = columns | {"last_start": clock.now() - timedelta(seconds=columns["last_start"])}
    Resolution.objects.update(state=state, **columns)
    if is_same:
        resolutions.run_resolution(actor("own"), resolution.public_id)
        assert not Comment.objects.exists()
    else:
        with pytest.raises(WrongState):
            resolutions.run_resolution(actor("own"), resolution.public_id)


@pytest.mark.parametrize(
    "state",
    [R.ERROR, R.WAITING, R.BLOCKED_BADREQUEST, R.BLOCKED_FATAL, R.BLOCKED_DEADLOCK, R.BLOCKED_TOCHECK, R.PAUSED],
)
def test_what_stopped_just_after_its_automatic_start_is_run_again_like_any_other(
    resolution: Resolution, state: R
) -> None:
    Resolution.objects.update(state=state, run_count=1, last_start=clock.now(), due_at=None)
    resolutions.run_resolution(actor("own"), resolution.public_id)
    resolution.refresh_from_db()
    assert resolution.manual
    assert resolution.due_at is not None
    assert JournalEntry.objects.filter(event="run", kind="act").exists()


def test_a_run_by_hand_before_a_start_over_is_not_one_of_the_new_resolution(world: None) -> None:
    task = tasks.create_task(actor("req"), "owned2", {"id": "x"})
    first = resolutions.create_resolution(actor("own"), task.public_id, {})
    Resolution.objects.update(state=R.BLOCKED_BADREQUEST, run_count=1, last_start=clock.now(), due_at=None)
    resolutions.run_resolution(actor("own"), first.public_id)
    again = resolutions.create_resolution(actor("own"), task.public_id, {}, start_over=True)
    Resolution.objects.update(state=R.DONE, run_count=1, last_start=clock.now(), due_at=None)
    resolutions.run_resolution(actor("own"), again.public_id)
    assert JournalEntry.objects.filter(event="run", kind="act").count() == 1


def test_a_forced_pause_takes_the_resolution_from_its_runner(resolution: Resolution) -> None:
    runner = Runner.objects.create(instance="i", host="h", pid=1, region="default")
    Resolution.objects.update(state=R.RUNNING, runner=runner, due_at=None)
    resolutions.force_pause(actor("adm"), resolution.public_id)
    taken = Resolution.objects.get()
    assert (taken.state, taken.runner, taken.lease) == (R.PAUSED, None, resolution.lease + 1)


def test_cancelling_ends_the_task_and_wakes_its_parent(resolution: Resolution) -> None:
    child = tasks.create_task(actor("req"), "owned", {"id": "child"})
    Task.objects.filter(pk=child.pk).update(parent=resolution)
    Resolution.objects.update(state=R.WAITING, due_at=None)
    mine = resolutions.create_resolution(actor("own"), child.public_id, {})
    resolutions.cancel_resolution(actor("own"), mine.public_id)
    child.refresh_from_db()
    resolution.refresh_from_db()
    assert child.state == TaskState.CANCELLED
    assert resolution.due_at is not None


def test_an_extension_adds_the_templates_runs(world: None) -> None:
    task = tasks.create_task(actor("req"), "limited", {})
    made = resolutions.create_resolution(actor("own"), task.public_id, {})
    Resolution.objects.update(state=R.BLOCKED_MAXRETRIES, run_count=2)
    assert resolutions.extend_resolution(actor("own"), made.public_id).run_max == 4


def test_starting_over_forgets_the_old_one(world: None) -> None:
    task = tasks.create_task(actor("req"), "owned2", {"id": "x"})
    with pytest.raises(BadRequest, match="never resolved"):
        resolutions.create_resolution(actor("own"), task.public_id, {}, start_over=True)
    first = resolutions.create_resolution(actor("own"), task.public_id, {})
    with pytest.raises(WrongState, match="PAUSED"):
        resolutions.create_resolution(actor("own"), task.public_id, {}, start_over=True)
    Resolution.objects.update(state=R.CANCELLED, run_count=7)
    second = resolutions.create_resolution(actor("own"), task.public_id, {}, start_over=True)
    assert (second.state, second.run_count) == (R.TO_AUTORUN, 0)
    assert not Resolution.objects.filter(public_id=first.public_id).exists()
    assert JournalEntry.objects.filter(event="start over").exists()


def test_absent_resolver_inputs_are_none(world: None) -> None:
    task = tasks.create_task(actor("req"), "chosen", {"id": "x"})
    with pytest.raises(BadRequest, match="ri1"):
        resolutions.create_resolution(actor("adm"), task.public_id, None)
    assert not TaskMember.objects.exists()


def test_an_administrator_is_named_once(world: None) -> None:
    task = tasks.create_task(actor("req"), "owned2", {"id": "x"})
    resolutions.create_resolution(actor("adm"), task.public_id, {})
    Resolution.objects.update(state=R.PAUSED)
    resolutions.create_resolution(actor("adm"), task.public_id, {}, start_over=True)
    assert TaskMember.objects.filter(name="adm").count() == 1
