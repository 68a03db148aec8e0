"""One fenced transaction for all that changed in all the resolutions in hand.

The order of its writes is the order of locks that everybody keeps: the runner's own row (the fence), the rows of
resolutions by their ids, then everything else. Source: docs/running.md, "One flush".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from tasks.engine.gotemplate import dumps
from tasks.engine.lifecycle import WAKES_PARENT
from tasks.engine.orders import Changes, Move
from tasks.engine.steps import Step
from tasks.models import OutboxMessage, Resolution, Task, TaskTag
from tasks.runner import rows, statements
from tasks.runner.held import Held, without_steps
from tasks.runner.rows import Sealer
from tasks.runner.statements import Table
from tasks.services import notifications, waking
from tasks.states import StepState

_RESOLUTION = Table(
    Resolution,
    (
        "id",
        "lease",
        "state",
        "run_count",
        "run_max",
        "next_retry",
        "last_start",
        "last_stop",
        "waiting_for",
        "runner_id",
        "last_runner",
        "due_at",
        "manual",
        "deaths",
        "woken_at",
    ),
)
#: While it runs the mark of a wake-up is the wakers' to change.
_RUNNING = Table(Resolution, _RESOLUTION.columns[:-1])
#: A wake-up that the run has not seen: it asks for the next run at once, and stays until that run has seen it.
_UNSEEN = "t.woken_at IS NOT NULL AND ({woken_at} IS NULL OR t.woken_at <> {woken_at})"
_ENDED = {
    "woken_at": f"CASE WHEN {_UNSEEN} THEN t.woken_at END",
    "due_at": f"CASE WHEN {_UNSEEN} AND {{state}} IN ('WAITING', 'ERROR') THEN {{last_stop}} ELSE {{due_at}} END",
}
_TASK = Table(Task, ("id", "state", "title", "steps_done", "last_activity"))
_RESULT = Table(Task, ("id", "result", "result_error"))
_TAG = Table(TaskTag, ("task_id", "key", "value"))
_TAGS_OF_TASK = Table(TaskTag, ("task_id",))
_STEP_BY_NAME = Table(rows.STEP.model, ("resolution_id", "name"))
_OUTBOX = Table(OutboxMessage, ("key", "task_id", "kind", "backend", "payload", "created", "tries", "due_at", "error"))


class DeclaredDead(Exception):
    """This runner was declared dead: what it holds belongs to others, nothing of it may be written."""


@dataclass(frozen=True)
class Fence:
    """The runner's own row, with which every transaction of this runner begins."""

    runner_id: int

    def pass_through(self, number: int, load: int, now: datetime) -> None:
        """Prove that this runner may still write, and that it lives. Raises DeclaredDead.

        ``number`` is that of the transaction: if it is in the row afterwards, the transaction was committed, whatever
        was answered.
        """
        found = statements.query(
            "UPDATE tasks_runner SET heartbeat = %s, flushes = %s, load = %s"
            " WHERE id = %s AND ended IS NULL RETURNING id",
            "UPDATE tasks_runner SET heartbeat = ?, flushes = ?, load = ? WHERE id = ? AND ended IS NULL RETURNING id",
            (now, number, load, self.runner_id),
        )
        if not found:
            raise DeclaredDead

    def committed(self, number: int) -> bool:
        """Whether the transaction of that number was committed. Raises DeclaredDead."""
        found = statements.query(
            "SELECT flushes FROM tasks_runner WHERE id = %s AND ended IS NULL",
            "SELECT flushes FROM tasks_runner WHERE id = ? AND ended IS NULL",
            (self.runner_id,),
        )
        if not found:
            raise DeclaredDead
        return bool(found[0][0] == number)


def lock_leases(fence: Fence, held: Sequence[Held]) -> list[Held]:
    """Lock the rows of these resolutions and of those that wait for them; answers those that we hold no more."""
    ours = {each.id: each for each in held if not each.claimed}
    if connection.vendor == "postgresql":
        waiting = {each.parent_id for each in held if each.parent_id and (each.ended or each.questions)}
        found = statements.query(
            "SELECT id, runner_id, lease FROM tasks_resolution WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            "",
            (sorted(waiting.union(ours)),),
        )
    else:
        # One writer at a time: nothing to lock, only to look.
        found = [
            row
            for id in ours
            for row in statements.query("", "SELECT id, runner_id, lease FROM tasks_resolution WHERE id = ?", (id,))
        ]
    kept = {id for id, runner, lease in found if id in ours and (runner, lease) == (fence.runner_id, ours[id].lease)}
    return [each for id, each in ours.items() if id not in kept]


@dataclass(frozen=True)
class Written:
    """What a flush has brought about, once its transaction is committed."""

    #: Resolutions that may now run and were not due before: others should hear the bell.
    woken: int = 0
    #: Notifications queued.
    messages: int = 0
    #: Public ids of tasks of which the journal tells something new: those who watch should hear the bell.
    moved: frozenset[str] = frozenset()

    def __add__(self, other: "Written") -> "Written":
        return Written(self.woken + other.woken, self.messages + other.messages, self.moved | other.moved)


def write(fence: Fence, held: Sequence[Held], now: datetime, *, begun: Mapping[int, Sequence[str]]) -> Written:
    """Write everything that changed in these resolutions, whose leases are locked. Part of the caller's transaction.

    ``begun``: resolution -> steps whose action begins once this is committed.
    """
    taken = [(each, _due_to_be_written(each)) for each in held]
    sealer = Sealer()
    step_rows = [
        rows.step_row(each, step, sealer)
        for each, changes in taken
        for step in _steps_to_write(each, changes, begun.get(each.id, ()))
    ]
    moves = [(each, move) for each, changes in taken for move in changes.journal]
    journal_rows = [rows.journal_row(each.task_id, move, sealer) for each, move in moves]
    results = [_result_row(each, sealer) for each, changes in taken if _RESULT_FIELDS & changes.task.keys()]
    outbox_rows = [_outbox_row(message, sealer) for message in _messages(moves)]

    _STEP_BY_NAME.delete([(each.id, name) for each, changes in taken for name in changes.deleted])
    rows.STEP.upsert(sealer.sealed(step_rows), ("resolution_id", "name"))
    _write_resolutions(fence, taken)
    _write_tasks(taken, now)
    _RESULT.update(sealer.sealed(results), ("id",))
    rows.JOURNAL.insert(sealer.sealed(journal_rows))
    _OUTBOX.insert(sealer.sealed(outbox_rows))
    return Written(
        woken=_wake_parents(taken),
        messages=len(outbox_rows),
        moved=frozenset(str(each.task_key) for each, _ in moves),
    )


def _due_to_be_written(held: Held) -> Changes:
    """All changes; of a run that only starts, that it does: what its first steps do follows with what comes of it."""
    changes = held.take_changes()
    return without_steps(changes) if held.only_started and not held.ended else changes


def _steps_to_write(held: Held, changes: Changes, begun: Sequence[str]) -> Iterable[Step]:
    """The changed steps; one that is RUNNING in the engine, but whose action has not begun, is TODO in its row."""
    unbegun = held.unbegun
    if not unbegun:
        return changes.steps.values()
    steps = {**changes.steps, **{name: held.engine.step(name) for name in {*begun, *held.restated}}}
    return [
        replace(step, state=StepState.TODO, waiting=unbegun[name])
        if name in unbegun and name not in begun and step.state == StepState.RUNNING
        else step
        for name, step in steps.items()
    ]


_RESULT_FIELDS = frozenset({"result", "result_error"})


def _write_resolutions(fence: Fence, taken: Iterable[tuple[Held, Changes]]) -> None:
    running, ended = [], []
    for each, changes in taken:
        progressed = bool(each.deaths and any(step.last_run for step in changes.steps.values()))
        if each.ended:
            each.deaths = 0
            ended.append(_resolution_row(each, None, fence.runner_id, each.ended.come_back_at))
        elif each.claimed or changes.resolution or progressed:
            # A step that ended shows that it is not what killed the runners before.
            each.deaths = 0 if progressed else each.deaths
            running.append(_resolution_row(each, fence.runner_id, fence.runner_id, None))
    _RUNNING.update([row[:-1] for row in running], ("id",))
    _RESOLUTION.update(ended, ("id",), raw=_ENDED)


def _resolution_row(held: Held, runner: int | None, last_runner: int, due_at: datetime | None) -> tuple[Any, ...]:
    fields = held.engine.fields
    return (
        held.id,
        held.lease,
        str(fields.state),
        fields.run_count,
        fields.run_max,
        fields.next_retry,
        fields.last_start,
        fields.last_stop,
        fields.waiting,
        runner,
        last_runner,
        due_at,
        False,
        held.deaths,
        held.woken_at,
    )


def _write_tasks(taken: Iterable[tuple[Held, Changes]], now: datetime) -> None:
    changed = [each for each, changes in taken if changes.task]
    _TASK.update(
        [
            (each.task_id, str(each.engine.task.state), each.engine.task.title, each.engine.task.steps_done, now)
            for each in changed
        ],
        ("id",),
    )
    retagged = [each for each, changes in taken if "tags" in changes.task]
    _TAGS_OF_TASK.delete([(each.task_id,) for each in retagged])
    _TAG.insert([(each.task_id, key, value) for each in retagged for key, value in each.engine.task.tags.items()])


def _result_row(held: Held, sealer: Sealer) -> tuple[Any, ...]:
    task, row = held.engine.task, str(held.task_key)
    result = None if task.result is None else dumps(task.result)
    return (
        held.task_id,
        sealer.place(Task, "result", row, result),
        sealer.place(Task, "result_error", row, task.result_error or None),
    )


def _wake_parents(taken: Iterable[tuple[Held, Changes]]) -> int:
    telling = [
        each.task_id
        for each, changes in taken
        if each.parent_id is not None and changes.task.get("state") in WAKES_PARENT
    ]
    if not telling:
        return 0
    parents = waking.parents_to_wake(Task.objects.filter(pk__in=telling))
    return waking.wake([parent for (parent,) in parents])


def _messages(moves: Iterable[tuple[Held, Move]]) -> list[notifications.Message]:
    if not notifications.any_backend():
        return []
    told: list[notifications.Message] = []
    for held, move in moves:
        about = about_held(held)
        if move.kind == "task":
            told += notifications.task_state_messages(replace(about, state=move.after), move.at)
        elif move.kind == "step":
            told += notifications.step_state_messages(about, move.step, move.after, move.at)
    return told


def about_held(held: Held) -> notifications.About:
    """What messages say of the task of a resolution in hand."""
    task = held.engine.task
    return notifications.About(
        task_id=held.task_id,
        public_id=str(held.task_key),
        title=task.title,
        state=str(task.state),
        template=held.template_name,
        requester=held.facts.requester_username,
        resolver=held.facts.resolver_username or "",
        resolution=str(held.key),
        steps_done=task.steps_done,
        steps_total=task.steps_total,
        tags=task.tags,
    )


def _outbox_row(message: notifications.Message, sealer: Sealer) -> tuple[Any, ...]:
    payload = sealer.place(OutboxMessage, "payload", str(message.key), message.payload)
    return (
        message.key,
        message.task_id,
        message.kind,
        message.backend,
        payload,
        message.created,
        0,
        message.created,
        "",
    )
