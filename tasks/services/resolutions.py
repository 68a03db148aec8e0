"""Resolutions: making one, and what an operator does to it. Each is one transaction: who may, the state, the change.

What a state allows is the engine's (``tasks/engine/lifecycle.py``). A runner that holds the resolution is never waited
for: only ``force_pause`` takes it away from one. Source: docs/engine.md, "What an operator may do".
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tasks import doorbell
from tasks.engine import lifecycle
from tasks.engine.definition import TemplateDefinition
from tasks.engine.facts import ResolutionFields
from tasks.engine.gotemplate import dumps, loads
from tasks.engine.inputs import accept_inputs
from tasks.engine.lifecycle import Act
from tasks.models import (
    JournalEntry,
    JournalKind,
    MemberKind,
    MemberRole,
    Resolution,
    Task,
    TaskMember,
    clock,
)
from tasks.services import comments, journal, notifications, permissions, secrets, templates, waking
from tasks.services.actors import Actor
from tasks.services.creation import InputRefused, new_resolution
from tasks.services.errors import BadRequest, NotFound, WrongState
from tasks.services.locking import lock_resolution, lock_resolution_of, lock_task
from tasks.services.permissions import Operation
from tasks.states import ResolutionState, TaskState

#: A run asked for so soon after an automatic start, by an old client that starts what starts by itself, is that start.
_SAME_START = timedelta(seconds=10)
#: Where run would be refused, though all that the old client wants has been done or is being done.
_STILL_THE_START = frozenset({ResolutionState.RUNNING, ResolutionState.DONE})


@transaction.atomic
def create_resolution(
    actor: Actor, task_id: uuid.UUID, inputs: Mapping[str, Any] | None, *, start_over: bool = False
) -> Resolution:
    """Resolve a task: its resolution starts by itself, after the delay that the task was asked with.

    ``start_over``: a resolution that is there is deleted first. Raises NotFound, PermissionDenied, WrongState,
    InputRefused, BadRequest.
    """
    task = lock_task(task_id)
    present = lock_resolution_of(task)
    if start_over and present is None:
        raise BadRequest("can't start over a task that was never resolved")
    permissions.require(actor, Operation.CREATE_RESOLUTION, task)
    if start_over:
        permissions.require(actor, Operation.START_OVER, task)
    _require_resolvable(task, present, start_over=start_over)
    definition = templates.definition_of(task.version_id)
    accepted, problems = accept_inputs(definition.resolver_inputs, inputs)
    if problems:
        raise InputRefused(problems, 0)
    if present is not None:
        journal.record(task, "start over", by=actor, before=present.state)
        present.delete()
    if actor.is_admin:
        TaskMember.objects.get_or_create(task=task, role=MemberRole.RESOLVER, kind=MemberKind.USER, name=actor.username)
    return _start(actor, task, definition, accepted, again=present is not None)


def _require_resolvable(task: Task, present: Resolution | None, *, start_over: bool) -> None:
    if task.state not in lifecycle.RESOLVABLE_IN:
        raise WrongState(f"a task in state {task.state} cannot be resolved")
    if present is None:
        return
    if not start_over:
        raise WrongState(f"the task has a resolution already, in state {present.state}")
    if not lifecycle.allows(Act.START_OVER, present.state):
        raise WrongState('can\'t start over: state must be "PAUSED", "BLOCKED_BADREQUEST" or "CANCELLED"')


def _start(
    actor: Actor, task: Task, definition: TemplateDefinition, inputs: Mapping[str, Any], *, again: bool
) -> Resolution:
    delay = None if task.delay_ns is None or again else timedelta(microseconds=task.delay_ns / 1000)
    resolution = new_resolution(task, definition, actor.username, inputs, clock.now(), delay=delay)
    try:
        with transaction.atomic():
            resolution.save(force_insert=True)
    except IntegrityError:
        raise WrongState("the task has a resolution already") from None
    journal.resolution_moved(task, before="", after=resolution.state, event="created", by=actor)
    if delay is not None and task.state == TaskState.TODO:
        _move_task(task, TaskState.DELAYED, "delayed", by=actor, active=False)
    doorbell.ring(doorbell.RUNNABLE)
    return resolution


def resolution_named(public_id: uuid.UUID) -> Resolution:
    """The resolution with its task. Raises NotFound."""
    found = (
        Resolution.objects.select_related("task__template", "task__version")
        .prefetch_related("task__members", "task__template__resolvers")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise NotFound(f"no such resolution: {public_id}")
    return found


@transaction.atomic
def run_resolution(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Resolution:
    """Ask for a run now, in which every unfinished step is tried; a runner begins it in a moment.

    Raises NotFound, PermissionDenied, WrongState.
    """
    resolution = _for(actor, Operation.RUN, public_id)
    if _starts_by_itself_just_now(resolution):
        return resolution
    _require(Act.RUN, resolution, refused="run")
    now = clock.now()
    _write(
        resolution,
        due_at=now,
        manual=True,
        waiting_for=f"to be run at once, as {actor.username} asked; a runner will take it",
    )
    _told(actor, resolution, "run", "manually ran resolution", reason=reason)
    doorbell.ring(doorbell.RUNNABLE)
    return resolution


def _starts_by_itself_just_now(resolution: Resolution) -> bool:
    """Whether a run that is asked for is the one that the automatic start brings, is in, or has already finished.

    A resolution that came to a stop before its end (in error, blocked, waiting, paused) is run again like any other.
    """
    if resolution.state == ResolutionState.TO_AUTORUN:
        return True
    begun = resolution.last_start
    if resolution.state not in _STILL_THE_START or resolution.run_count != 1 or begun is None:
        return False
    if clock.now() - begun > _SAME_START:
        return False
    # Of one that was started over, what was asked of the one before does not count.
    acts = JournalEntry.objects.filter(task=resolution.task, kind=JournalKind.ACT, at__gte=resolution.created)
    return not acts.filter(event="run").exists()


@transaction.atomic
def pause_resolution(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Resolution:
    """Hold a resolution that is not running, so that it can be edited.

    Raises NotFound, PermissionDenied, WrongState.
    """
    resolution = _for(actor, Operation.PAUSE, public_id)
    _require(Act.PAUSE, resolution, refused="pause")
    return _pause(actor, resolution, "pause", reason)


@transaction.atomic
def force_pause(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Resolution:
    """Hold a resolution whatever its state; a runner that has it loses it, and what comes late is only noted.

    Raises NotFound, PermissionDenied.
    """
    resolution = _for(actor, Operation.FORCE_PAUSE, public_id)
    _require(Act.FORCE_PAUSE, resolution, refused="pause")
    return _pause(actor, resolution, "force pause", reason)


def _pause(actor: Actor, resolution: Resolution, event: str, reason: str) -> Resolution:
    holder = resolution.runner_id
    before = resolution.state
    _apply(resolution, lifecycle.paused(_fields(resolution)))
    _write(resolution, due_at=None, manual=False, runner=None, lease=resolution.lease + 1)
    journal.resolution_moved(resolution.task, before=before, after=resolution.state, event=event, by=actor)
    _told(actor, resolution, event, "manually paused resolution", reason=reason, before=before)
    if holder is not None:
        doorbell.ring(f"{doorbell.ORDERS}:{holder}")
    return resolution


@transaction.atomic
def cancel_resolution(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Resolution:
    """Give up a resolution and its task; whoever waits for the task is woken.

    Raises NotFound, PermissionDenied, WrongState.
    """
    resolution = _for(actor, Operation.CANCEL, public_id, wakes=True)
    _require(Act.CANCEL, resolution, refused="cancel")
    end_resolution(actor, resolution)
    _told(actor, resolution, "cancel", "cancelled resolution", reason=reason)
    _move_task(resolution.task, TaskState.CANCELLED, "cancelled", by=actor)
    waking.wake_parents_of(resolution.task)
    return resolution


def end_resolution(actor: Actor, resolution: Resolution) -> None:
    """CANCELLED, not to be claimed any more; its task is the caller's affair."""
    before = resolution.state
    _apply(resolution, lifecycle.cancelled(_fields(resolution)))
    _write(resolution, due_at=None, manual=False)
    journal.resolution_moved(resolution.task, before=before, after=resolution.state, event="cancel", by=actor)


@transaction.atomic
def extend_resolution(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Resolution:
    """Give a resolution that used up its runs as many again; the next begins at once.

    Raises NotFound, PermissionDenied, WrongState.
    """
    resolution = _for(actor, Operation.EXTEND, public_id)
    _require(Act.EXTEND, resolution, refused="extend")
    before, now = resolution.state, clock.now()
    definition = templates.definition_of(resolution.task.version_id)
    _apply(resolution, lifecycle.extended(_fields(resolution), definition.retry_max, now))
    _write(resolution, due_at=now)
    journal.resolution_moved(resolution.task, before=before, after=resolution.state, event="extend", by=actor)
    _told(actor, resolution, "extend", "manually extended resolution", reason=reason, before=before)
    doorbell.ring(doorbell.RUNNABLE)
    return resolution


def resolver_inputs(resolution: Resolution) -> dict[str, Any]:
    """What the resolver gave, passwords masked."""
    definition = templates.definition_of(resolution.task.version_id)
    return secrets.masked(definition.resolver_inputs, loads(resolution.resolver_input))


def replace_resolver_inputs(resolution: Resolution, given: Mapping[str, Any]) -> None:
    """Store other resolver inputs; a password that is still the mask stays. Raises InputRefused."""
    definitions = templates.definition_of(resolution.task.version_id).resolver_inputs
    restored = secrets.unmasked(definitions, given, loads(resolution.resolver_input))
    accepted, problems = accept_inputs(definitions, restored)
    if problems:
        raise InputRefused(problems, 0)
    _write(resolution, resolver_input=dumps(accepted))


def lock_paused(actor: Actor, operation: Operation, public_id: uuid.UUID) -> Resolution:
    """A resolution to be edited: locked, PAUSED, and the actor may. Raises NotFound, PermissionDenied, WrongState.

    The state is looked at before the right, as clients of the original expect; administrators' gates come first of all.
    """
    if operation in permissions.ADMINISTRATORS_ONLY:
        permissions.require_admin(actor, operation)
    resolution = lock_resolution(public_id)
    _require(Act.EDIT_RESOLUTION, resolution, refused="edit")
    permissions.require(actor, operation, resolution.task, resolution)
    return resolution


def _for(actor: Actor, operation: Operation, public_id: uuid.UUID, *, wakes: bool = False) -> Resolution:
    resolution = lock_resolution(public_id, wakes=wakes)
    permissions.require(actor, operation, resolution.task, resolution)
    return resolution


def _require(act: Act, resolution: Resolution, *, refused: str) -> None:
    if not lifecycle.allows(act, resolution.state):
        wanted = sorted(lifecycle.ACTS[act])
        must = f": state must be {wanted[0]}" if len(wanted) == 1 else f": it is {resolution.state}"
        raise WrongState(f"can't {refused} resolution{must}")


def _fields(resolution: Resolution) -> ResolutionFields:
    return ResolutionFields(
        state=resolution.state,
        run_count=resolution.run_count,
        run_max=resolution.run_max,
        next_retry=resolution.next_retry,
        last_start=resolution.last_start,
        last_stop=resolution.last_stop,
        woken=resolution.woken_at is not None,
        waiting=resolution.waiting_for,
    )


def _apply(resolution: Resolution, fields: ResolutionFields) -> None:
    _write(
        resolution,
        state=fields.state,
        run_max=fields.run_max,
        next_retry=fields.next_retry,
        waiting_for=fields.waiting,
    )


def _write(resolution: Resolution, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(resolution, name, value)
    resolution.save(update_fields=list(columns))


def _told(actor: Actor, resolution: Resolution, event: str, comment: str, *, reason: str, before: str = "") -> None:
    """The act in the journal, and as a comment where those look who know the original."""
    journal.record(
        resolution.task,
        event,
        by=actor,
        before=before,
        after=resolution.state if before else "",
        detail={"reason": reason} if reason else None,
    )
    comments.note(resolution.task, f"{comment}: {reason}" if reason else comment, by=actor.username)


def _move_task(task: Task, state: TaskState, event: str, *, by: Actor, active: bool = True) -> None:
    move_task(task, state, event, by=by, at=clock.now() if active else None)


def move_task(task: Task, state: TaskState, event: str, *, by: Actor, at: datetime | None) -> None:
    """The task's new state, in the journal and the outbox too; ``at``: its last activity (None: unchanged)."""
    before, task.state = task.state, state
    task.last_activity = at or task.last_activity
    task.save(update_fields=["state", "last_activity"])
    journal.task_moved(task, before=before, event=event, by=by)
    notifications.task_moved(task)
