"""What somebody may do to a task now, and for what he may but cannot now, why not; and doing it.

Pages offer exactly what stands here. Who may is asked of ``permissions``, what a state allows of the engine's tables;
each operation checks both again when it is done.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import transaction

from tasks.engine import lifecycle
from tasks.engine.lifecycle import Act
from tasks.models import Resolution, Task
from tasks.services import maintenance, permissions, resolutions, steps, tasks, templates
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest, ServiceError, WrongState
from tasks.services.permissions import Operation, Role
from tasks.states import ResolutionState, StepState


class Deed(StrEnum):
    """What a button does."""

    RESOLVE = "resolve"
    RUN = "run"
    PAUSE = "pause"
    FORCE_PAUSE = "force-pause"
    EXTEND = "extend"
    CANCEL = "cancel"
    WONTFIX = "wontfix"
    EDIT_TASK = "edit-task"
    EDIT_RESOLUTION = "edit-resolution"
    START_OVER = "start-over"
    ASSIGN = "assign"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Offer:
    """One button. ``why_not``: why it cannot be pressed now; "" where it can."""

    deed: Deed
    label: str
    about: str
    why_not: str = ""
    is_grave: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it can be done now."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class _Kind:
    operation: Operation
    act: Act | None
    label: str
    about: str
    is_grave: bool = False


_ON_RESOLUTIONS: Mapping[Deed, _Kind] = {
    Deed.RUN: _Kind(Operation.RUN, Act.RUN, "Run now", "Every unfinished step is tried again, at once."),
    Deed.PAUSE: _Kind(Operation.PAUSE, Act.PAUSE, "Pause", "Hold it, so that it can be edited; run it to go on."),
    Deed.EXTEND: _Kind(Operation.EXTEND, Act.EXTEND, "Extend", "Give it as many runs again as its template allows."),
    Deed.CANCEL: _Kind(Operation.CANCEL, Act.CANCEL, "Cancel", "Give the task up. What ran is not undone.", True),
    Deed.FORCE_PAUSE: _Kind(
        Operation.FORCE_PAUSE,
        Act.FORCE_PAUSE,
        "Pause by force",
        "Take it away from its runner. Actions that are under way may go on outside, and their results are lost.",
        True,
    ),
    Deed.EDIT_RESOLUTION: _Kind(
        Operation.EDIT_RESOLUTION,
        Act.EDIT_RESOLUTION,
        "Edit the run",
        "Change steps, their states and the resolver's inputs.",
    ),
    Deed.START_OVER: _Kind(
        Operation.START_OVER,
        Act.START_OVER,
        "Start over",
        "Begin again with all steps. What this run has done so far is forgotten, apart from the journal.",
        True,
    ),
}


def offers(actor: Actor, task: Task) -> list[Offer]:
    """Every button for this actor, those for which he has no right left out. Three queries unless prefetched."""
    resolution = tasks.resolution_of(task)
    held = permissions.roles(actor, task, resolution)
    found = [] if resolution is not None else _before(task, held)
    if resolution is not None:
        found += [
            Offer(deed, kind.label, kind.about, _why_not(kind.act, resolution), kind.is_grave)
            for deed, kind in _ON_RESOLUTIONS.items()
            if _holds(kind.operation, held, task, resolution) and _is_of_use(deed, resolution)
        ]
    found += _on_task(task, resolution, held)
    if maintenance.is_on():
        return [replace(offer, why_not="nothing can be changed while the service is in maintenance") for offer in found]
    return found


def _before(task: Task, held: frozenset[Role]) -> list[Offer]:
    if not _holds(Operation.CREATE_RESOLUTION, held, task, None):
        return []
    why = "" if task.state in lifecycle.RESOLVABLE_IN else f"not for a task that is {task.state}"
    return [Offer(Deed.RESOLVE, "Resolve", "Let it run, with what its resolver is asked for.", why)]


def _on_task(task: Task, resolution: Resolution | None, held: frozenset[Role]) -> list[Offer]:
    found = []
    if _holds(Operation.WONTFIX, held, task, resolution) and task.state in lifecycle.WONTFIX_IN:
        found.append(Offer(Deed.WONTFIX, "Won't fix", "Refuse the task: it will never run.", "", True))
    if _holds(Operation.EDIT_TASK, held, task, resolution):
        state = resolution.state if resolution else None
        why = "" if state in lifecycle.TASK_EDITABLE_IN else "only before it is resolved, or while it is PAUSED"
        found.append(Offer(Deed.EDIT_TASK, "Edit the request", "Change inputs, watchers and tags.", why))
    if _holds(Operation.NAME_RESOLVERS, held, task, resolution):
        found.append(Offer(Deed.ASSIGN, "Assign", "Say who may resolve this one task."))
    if _holds(Operation.DELETE_TASK, held, task, resolution):
        why = "" if task.state in lifecycle.DELETABLE_IN else f"not while it is {task.state}: cancel it first"
        found.append(Offer(Deed.DELETE, "Delete", "Delete the task with all it has done, for ever.", why, True))
    return found


def _holds(operation: Operation, held: frozenset[Role], task: Task, resolution: Resolution | None) -> bool:
    return permissions.granted(
        operation,
        held,
        resolved=resolution is not None,
        start_over_allowed=task.template.allow_task_start_over,
    )


def _is_of_use(deed: Deed, resolution: Resolution) -> bool:
    """Buttons that are rarely the answer are shown where they can be."""
    if deed is Deed.FORCE_PAUSE:
        return resolution.state == ResolutionState.RUNNING
    if deed is Deed.EXTEND or deed is Deed.START_OVER:
        act = _ON_RESOLUTIONS[deed].act
        return act is not None and lifecycle.allows(act, resolution.state)
    if deed is Deed.PAUSE:
        return resolution.state != ResolutionState.PAUSED
    return True


def _why_not(act: Act | None, resolution: Resolution) -> str:
    if act is None or lifecycle.allows(act, resolution.state):
        return ""
    if lifecycle.ACTS[act] == {ResolutionState.PAUSED}:
        return "only while it is PAUSED: pause it first"
    return f"not while it is {resolution.state}"


#: What a deed that needs no more than a reason does.
_DEEDS: Mapping[Deed, Callable[[Actor, Task, str], object]] = {
    Deed.RUN: lambda actor, task, reason: _run(actor, task, reason),
    Deed.PAUSE: lambda actor, task, reason: resolutions.pause_resolution(actor, _resolved(task), reason=reason),
    Deed.FORCE_PAUSE: lambda actor, task, reason: resolutions.force_pause(actor, _resolved(task), reason=reason),
    Deed.EXTEND: lambda actor, task, reason: resolutions.extend_resolution(actor, _resolved(task), reason=reason),
    Deed.CANCEL: lambda actor, task, reason: resolutions.cancel_resolution(actor, _resolved(task), reason=reason),
    Deed.WONTFIX: lambda actor, task, reason: tasks.reject_task(actor, task.public_id, reason=reason),
    Deed.DELETE: lambda actor, task, reason: tasks.delete_task(actor, task.public_id),
}
#: What is said when it is done.
DONE: Mapping[Deed, str] = {
    Deed.RUN: "Asked to run now.",
    Deed.PAUSE: "Paused.",
    Deed.FORCE_PAUSE: "Paused by force.",
    Deed.EXTEND: "Extended; the next run begins at once.",
    Deed.CANCEL: "Cancelled.",
    Deed.WONTFIX: "Refused.",
    Deed.DELETE: "Deleted.",
    Deed.ASSIGN: "Assigned.",
}
#: What can be done to many at once, and what it is called there.
BULK_LABELS: Mapping[Deed, str] = {
    Deed.RUN: "Run now",
    Deed.PAUSE: "Pause",
    Deed.EXTEND: "Extend",
    Deed.CANCEL: "Cancel",
    Deed.WONTFIX: "Won't fix",
    Deed.ASSIGN: "Assign",
    Deed.DELETE: "Delete",
}
IN_BULK = tuple(BULK_LABELS)


def do(actor: Actor, public_id: uuid.UUID, deed: Deed, *, reason: str = "") -> None:
    """One deed that needs no more than a reason. Raises what its operation raises; BadRequest for any other deed."""
    if deed not in _DEEDS:
        raise BadRequest(f"{deed} cannot be done like this")
    _DEEDS[deed](actor, tasks.read_task(actor, public_id), reason)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a deed for one of many tasks; ``refused`` is "" where it worked."""

    public_id: uuid.UUID
    title: str
    state: str
    refused: str


def do_for_all(
    actor: Actor,
    ids: Collection[uuid.UUID],
    deed: Deed,
    *,
    reason: str = "",
    usernames: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> list[Outcome]:
    """The same for each of these tasks, each for itself: what is refused for one keeps no other from it."""
    titles = {task.public_id: task for task in Task.objects.filter(public_id__in=ids).defer("input", "result")}
    found = []
    for public_id in ids:
        refused = ""
        try:
            if deed is Deed.ASSIGN:
                tasks.read_task(actor, public_id)
                tasks.assign(actor, public_id, usernames=usernames, groups=groups)
            else:
                do(actor, public_id, deed, reason=reason)
        except ServiceError as refusal:
            refused = str(refusal)
        task = titles.get(public_id)
        found.append(Outcome(public_id, task.title if task else "", task.state if task else "", refused))
    return found


def _run(actor: Actor, task: Task, reason: str) -> None:
    """A run, or a refusal: the API takes one that follows an automatic start for that start, even when it is over."""
    resolution = tasks.resolution_of(task)
    if resolution is not None and not lifecycle.allows(Act.RUN, resolution.state):
        permissions.require(actor, Operation.RUN, task, resolution)
        raise WrongState(f"can't run resolution: it is {resolution.state}")
    resolutions.run_resolution(actor, _resolved(task), reason=reason)


def _resolved(task: Task) -> uuid.UUID:
    resolution = tasks.resolution_of(task)
    if resolution is None:
        raise BadRequest("nobody has resolved this task yet")
    return resolution.public_id


def asks_resolver(task: Task) -> bool:
    """Whether the resolver of this task has anything to fill in."""
    return bool(templates.definition_of(task.version_id).resolver_inputs)


def may_retry_steps(actor: Actor, task: Task) -> bool:
    """Whether single steps may be tried again, or given another state, by this actor now."""
    resolution = tasks.resolution_of(task)
    if resolution is None or resolution.state not in lifecycle.ACTS[Act.PAUSE]:
        return False
    return permissions.may(actor, Operation.EDIT_STEP_STATE, task, resolution)


@transaction.atomic
def retry_step(actor: Actor, public_id: uuid.UUID, step: str, *, reason: str = "") -> None:
    """Try one step again, whatever came of it: held, set to TODO and run, in one.

    Raises NotFound, PermissionDenied, WrongState (it runs, or is over).
    """
    set_step_state(actor, public_id, step, StepState.TODO, reason=reason)
    resolutions.run_resolution(actor, _resolved(tasks.read_task(actor, public_id)), reason=reason)


@transaction.atomic
def set_step_state(actor: Actor, public_id: uuid.UUID, step: str, state: str, *, reason: str = "") -> None:
    """Give one step another state; the resolution is paused first where it is not, and stays so.

    Raises NotFound, PermissionDenied, WrongState, BadRequest.
    """
    task = tasks.read_task(actor, public_id)
    resolution_id = _resolved(task)
    resolution = tasks.resolution_of(task)
    if resolution is not None and resolution.state != ResolutionState.PAUSED:
        resolutions.pause_resolution(actor, resolution_id, reason=reason)
    steps.edit_step_state(actor, resolution_id, step, state, reason=reason)
