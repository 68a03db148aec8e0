"""Tasks: asking for one, reading it, editing, rejecting, deleting it. Source: docs/engine.md, "Creation"."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tasks.engine import lifecycle
from tasks.engine.declarations import PARENT_TASK_TAG
from tasks.engine.gotemplate import dumps, loads
from tasks.engine.inputs import accept_inputs
from tasks.models import Batch, MemberKind, MemberRole, Resolution, Task, TaskMember, TaskTag, clock
from tasks.services import comments, journal, permissions, resolutions, secrets, templates, waking
from tasks.services.actors import Actor
from tasks.services.creation import (
    InputRefused,
    NewTask,
    check_names,
    check_tags,
    create_one,
    create_tasks,
    title_of,
)
from tasks.services.errors import BadRequest, NotFound, PermissionDenied, WrongState
from tasks.services.locking import lock_resolution_of, lock_task
from tasks.services.permissions import Operation
from tasks.states import StepState, TaskState

_OVER = frozenset({TaskState.DONE, TaskState.CANCELLED, TaskState.WONTFIX})

#: The only states in which a step counts as failed; each keeps its task from going on by itself, or may.
FAILED_STEP_STATES = (
    StepState.CLIENT_ERROR,
    StepState.SERVER_ERROR,
    StepState.FATAL_ERROR,
    StepState.CRASHED,
    StepState.AFTERRUN_ERROR,
    StepState.TO_RETRY,
)


@transaction.atomic
def create_task(actor: Actor, template_name: str, inputs: Mapping[str, Any], new: NewTask | None = None) -> Task:
    """A new task of the template, asked for by the actor.

    Raises NotFound (no such template), BlockedTemplate, InputRefused, PermissionDenied, BadRequest; nothing is left
    behind then.
    """
    template = templates.template_named(template_name)
    return create_one(actor, template, inputs, new or NewTask())


@transaction.atomic
def create_batch(
    actor: Actor,
    template_name: str,
    inputs: Sequence[Mapping[str, Any]],
    *,
    common: Mapping[str, Any],
    new: NewTask,
) -> Batch:
    """A batch with one task for each of ``inputs``, ``common`` merged into each: all, or none.

    Raises as ``create_task`` does, naming the element at fault; BadRequest where a key stands in both.
    """
    template = templates.template_named(template_name)
    if len(inputs) > settings.UTASK_MAX_BATCH:
        raise BadRequest(f"inputs: a batch has at most {settings.UTASK_MAX_BATCH} tasks, {len(inputs)} were asked for")
    for index, own in enumerate(inputs):
        both = sorted(common.keys() & own.keys())
        if both:
            raise BadRequest(f'inputs, element {index}: "{both[0]}" is in common_input as well')
    batch = Batch.objects.create(started=len(inputs))
    try:
        create_tasks(actor, template, ({**common, **own} for own in inputs), new, batch=batch)
    except InputRefused as refused:
        raise BadRequest(f"inputs, element {refused.index}: {refused}", fields=refused.fields) from None
    return batch


def task_named(public_id: uuid.UUID) -> Task:
    """The task with all that a page shows of it. Raises NotFound."""
    found = (
        Task.objects.select_related("template", "version", "batch", "resolution", "parent__task")
        .prefetch_related("members", "tags", "template__resolvers")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise NotFound(f"no such task: {public_id}")
    return found


def read_task(actor: Actor, public_id: uuid.UUID) -> Task:
    """The task, for one who may read it. Raises NotFound, PermissionDenied."""
    task = task_named(public_id)
    permissions.require(actor, Operation.READ_TASK, task, resolution_of(task))
    return task


def resolution_of(task: Task) -> Resolution | None:
    """The task's resolution; one query unless it was joined."""
    return getattr(task, "resolution", None)


def is_over(task: Task) -> bool:
    """Whether nothing of the task moves any more. A query, if its state says so.

    One that is started over keeps its last state until a runner takes it.
    """
    if task.state not in _OVER:
        return False
    goes_on = Q(due_at__isnull=False) | Q(runner__isnull=False)
    return not Resolution.objects.filter(goes_on, task_id=task.pk).exists()


def shown_input(task: Task) -> dict[str, Any]:
    """What the requester gave, passwords masked: nobody reads those."""
    return secrets.masked(templates.definition_of(task.version_id).inputs, loads(task.input))


def shown_result(task: Task) -> Any:
    """What came out, once the task is done; None before."""
    return None if task.result is None else loads(task.result)


def waiting_for(task: Task) -> str:
    """In a sentence: why the task does not move, and what will move it; "" where it runs or is over."""
    resolution = resolution_of(task)
    if resolution is not None:
        return resolution.waiting_for
    if task.state in (TaskState.TODO, TaskState.DELAYED):
        return "nobody has resolved it yet; it starts when somebody who may does"
    return ""


@dataclass(frozen=True, slots=True)
class FailedStep:
    """One step that keeps its task from going on."""

    name: str
    description: str
    state: str
    error: str


def failed_steps(task: Task) -> list[FailedStep]:
    """Why a BLOCKED task is blocked, by name of the step; empty in any other state."""
    resolution = resolution_of(task)
    if task.state != TaskState.BLOCKED or resolution is None:
        return []
    failed = resolution.steps.filter(state__in=FAILED_STEP_STATES).order_by("name")
    described = templates.definition_of(task.version_id).steps
    return [
        FailedStep(
            step.name, described[step.name].description if step.name in described else "", step.state, step.error or ""
        )
        for step in failed
    ]


@dataclass(frozen=True)
class TaskChange:
    """What an edit puts in the place of what a task has: all four, as a whole."""

    input: Mapping[str, Any]
    watcher_usernames: Sequence[str] = ()
    watcher_groups: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def edit_task(actor: Actor, public_id: uuid.UUID, change: TaskChange, *, reason: str = "") -> Task:
    """Replace inputs, watchers and tags of a task that is not resolved, or paused.

    Raises NotFound, PermissionDenied, WrongState, InputRefused, BadRequest.
    """
    task = lock_task(public_id)
    resolution = lock_resolution_of(task)
    permissions.require(actor, Operation.EDIT_TASK, task, resolution)
    if (resolution.state if resolution else None) not in lifecycle.TASK_EDITABLE_IN:
        raise WrongState("the task can be edited only while it has no resolution, or a paused one")
    _check_parent_tag(task, change.tags)
    definition = templates.definition_of(task.version_id)
    stored = loads(task.input)
    accepted, problems = accept_inputs(definition.inputs, secrets.unmasked(definition.inputs, change.input, stored))
    if problems:
        raise InputRefused(problems, 0)
    _replace_people(task, MemberKind.USER, change.watcher_usernames)
    _replace_people(task, MemberKind.GROUP, change.watcher_groups)
    _replace_tags(task, change.tags)
    task.input = dumps(accepted)
    task.title = title_of(task, definition, accepted)
    task.last_activity = clock.now()
    task.save(update_fields=["input", "title", "last_activity"])
    changed = sorted(name for name in {*stored, *accepted} if stored.get(name) != accepted.get(name))
    journal.record(task, "edit task", by=actor, detail={"inputs": changed, **({"reason": reason} if reason else {})})
    comments.note(task, "manually edited task" + (f": {reason}" if reason else ""), by=actor.username)
    return task_named(public_id)


def _check_parent_tag(task: Task, tags: Mapping[str, str]) -> None:
    """The tag that names the parent is there to be read: it must come back as it is, and nobody may add it."""
    if tags.get(PARENT_TASK_TAG) != task.tag_map().get(PARENT_TASK_TAG):
        raise BadRequest(
            f"the tag {PARENT_TASK_TAG} is set by the service alone", fields={"tags": ["reserved tag changed"]}
        )


def _replace_people(task: Task, kind: MemberKind, names: Sequence[str]) -> None:
    check_names(names)
    task.members.filter(role=MemberRole.WATCHER, kind=kind).delete()
    TaskMember.objects.bulk_create(
        TaskMember(task=task, role=MemberRole.WATCHER, kind=kind, name=name) for name in dict.fromkeys(names)
    )


def _replace_tags(task: Task, tags: Mapping[str, str]) -> None:
    check_tags(tags)
    task.tags.all().delete()
    TaskTag.objects.bulk_create(TaskTag(task=task, key=key, value=value) for key, value in tags.items() if value)


@transaction.atomic
def reject_task(actor: Actor, public_id: uuid.UUID, *, reason: str = "") -> Task:
    """WONTFIX: it will never be resolved. A resolution that has not begun is cancelled; who waits for it is woken.

    Raises NotFound, WrongState (looked at first), PermissionDenied.
    """
    task = lock_task(public_id, wakes=True)
    resolution = lock_resolution_of(task)
    if task.state not in lifecycle.WONTFIX_IN:
        raise WrongState(f"can't set a task to WONTFIX in state {task.state}: it must be TODO or DELAYED")
    permissions.require(actor, Operation.WONTFIX, task)
    if resolution is not None and resolution.state not in lifecycle.FINISHED:
        resolutions.end_resolution(actor, resolution)
    journal.record(task, "wontfix", by=actor, detail={"reason": reason} if reason else None)
    comments.note(task, "changed task state to WONTFIX" + (f": {reason}" if reason else ""), by=actor.username)
    resolutions.move_task(task, TaskState.WONTFIX, "wontfix", by=actor, at=clock.now())
    waking.wake_parents_of(task)
    return task


@transaction.atomic
def delete_task(actor: Actor, public_id: uuid.UUID) -> Task:
    """Delete a task with all that belongs to it; who waits for it is woken and finds it gone. Answers what it was.

    Raises AdministratorsOnly, NotFound, WrongState.
    """
    permissions.require_admin(actor, Operation.DELETE_TASK)
    task = lock_task(public_id, wakes=True)
    permissions.require(actor, Operation.DELETE_TASK, task)
    if task.state not in lifecycle.DELETABLE_IN:
        raise WrongState(f"can't delete a task in state {task.state}: cancel it first")
    if task.parent_id is not None:
        waking.wake([task.parent_id])
    # Its row's number is set to None by the deletion; the rest still tells what it was.
    task.delete()
    return task


def assign(actor: Actor, public_id: uuid.UUID, *, usernames: Sequence[str], groups: Sequence[str]) -> Task:
    """Replace the people who may resolve this one task. Raises NotFound, PermissionDenied."""
    with transaction.atomic():
        task = lock_task(public_id)
        if not (actor.is_admin or permissions.owns(actor, task.template)):
            raise PermissionDenied(f"{actor.username} may not {Operation.NAME_RESOLVERS}")
        task.members.filter(role=MemberRole.RESOLVER).delete()
        people = [(MemberKind.USER, name) for name in dict.fromkeys(usernames)]
        people += [(MemberKind.GROUP, name) for name in dict.fromkeys(groups)]
        TaskMember.objects.bulk_create(
            TaskMember(task=task, role=MemberRole.RESOLVER, kind=kind, name=name) for kind, name in people
        )
        journal.record(task, "assign", by=actor, detail={"usernames": list(usernames), "groups": list(groups)})
        return task
