"""Every move of a state: the engine's, as a table of what may follow what, and the operator's, as a table of what is
allowed when. The tables and diagrams of docs/engine.md are drawn from here.

Nothing here knows the graph: which step is reached by a move is ``resolution.py``'s affair.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from tasks.engine.facts import ResolutionFields
from tasks.states import ANY, RESERVED_STEP_STATES, ResolutionState, StepState, TaskState

S, R, T = StepState, ResolutionState, TaskState

# --- Steps: three predicates decide everything -----------------------------------------------------------------------

#: Unfinished: tried at every run that reaches it.
RUNNABLE: Final = frozenset(
    {
        S.TODO,
        S.SERVER_ERROR,
        S.CLIENT_ERROR,
        S.FATAL_ERROR,
        S.CRASHED,
        S.TO_RETRY,
        S.RETRY_NOW,
        S.AFTERRUN_ERROR,
        S.EXPANDED,
        S.WAITING,
    }
)
_UNFINISHED: Final = RUNNABLE | {S.RUNNING}

#: Tried again by an automatic run, at a time of its own.
RETRIABLE: Final = frozenset({S.SERVER_ERROR, S.TO_RETRY, S.AFTERRUN_ERROR, S.RETRY_NOW})

#: An automatic run leaves them alone: a human looks first.
BLOCKING: Final = frozenset({S.CLIENT_ERROR, S.FATAL_ERROR, S.CRASHED})

#: States after which check conditions are judged.
CHECKED: Final = frozenset({S.DONE, S.CLIENT_ERROR})

#: States that a condition may give to a step, besides the step's custom states.
GIVEABLE: Final = frozenset({S.DONE, S.PRUNE, S.CLIENT_ERROR, S.TO_RETRY, S.RETRY_NOW, S.FATAL_ERROR})

#: Words that an operator may not give to a step: only the engine can make them true.
_NOT_BY_HAND: Final = frozenset({S.RUNNING, S.EXPANDED, ANY})


def is_final(state: str) -> bool:
    """Whether a step is finished: DONE, PRUNE and every custom state. Source: docs/engine.md, "Steps"."""
    return state not in _UNFINISHED


def may_set_by_hand(state: str, custom_states: Collection[str]) -> bool:
    """Whether an operator may give this state to a step with these custom states (those of its functions included).

    Source: docs/engine.md, "What an operator may do".
    """
    return state not in _NOT_BY_HAND and (state in RESERVED_STEP_STATES or state in custom_states)


class StepEvent(StrEnum):
    """What can happen to a step: the words of the journal."""

    STARTED = "started"
    SKIPPED = "skipped"
    SKIP_FAILED = "skip condition failed"
    LIMIT = "max retries reached"
    ENDED = "try ended"
    JUDGED = "condition"
    CHECK_FAILED = "check condition failed"
    GIVEN = "given by a condition"
    PRUNED = "pruned"
    NOT_STARTED = "not started"
    RECOVERED = "recovered"
    CUT_OFF = "cut off"
    EXPANDED = "expanded"
    LIST_FAILED = "list failed"
    COLLECTED = "collected"
    EDITED = "edited"


CUSTOM: Final = "custom"  # stands for every custom state in the table
_FINAL: Final = frozenset({S.DONE, S.PRUNE, CUSTOM})
_ALL: Final = _UNFINISHED | _FINAL


@dataclass(frozen=True, slots=True)
class StepMove:
    """One row: ``event`` may lead from any of ``before`` to any of ``after``."""

    event: StepEvent
    before: frozenset[str]
    after: frozenset[str]


STEP_MOVES: Final[tuple[StepMove, ...]] = (
    StepMove(StepEvent.STARTED, RUNNABLE - {S.AFTERRUN_ERROR}, frozenset({S.RUNNING})),
    StepMove(
        StepEvent.SKIPPED,
        frozenset({S.RUNNING}) | (RUNNABLE - {S.EXPANDED}),  # a loop is judged without being RUNNING
        (GIVEABLE | _FINAL) - {S.RETRY_NOW},
    ),
    StepMove(StepEvent.SKIP_FAILED, frozenset({S.RUNNING}) | (RUNNABLE - {S.EXPANDED}), frozenset({S.SERVER_ERROR})),
    StepMove(StepEvent.LIMIT, _ALL, frozenset({S.FATAL_ERROR})),
    StepMove(
        StepEvent.ENDED,
        frozenset({S.RUNNING}),
        frozenset({S.DONE, S.CLIENT_ERROR, S.SERVER_ERROR, S.WAITING, S.TO_RETRY, S.FATAL_ERROR}),
    ),
    StepMove(
        StepEvent.JUDGED,
        frozenset({S.RUNNING, S.AFTERRUN_ERROR}),
        GIVEABLE | _FINAL,
    ),
    StepMove(StepEvent.CHECK_FAILED, frozenset({S.RUNNING, S.AFTERRUN_ERROR}), frozenset({S.AFTERRUN_ERROR})),
    StepMove(StepEvent.GIVEN, _ALL, GIVEABLE | _FINAL),
    StepMove(StepEvent.PRUNED, _ALL, frozenset({S.PRUNE})),
    StepMove(StepEvent.NOT_STARTED, frozenset({S.RUNNING}), frozenset({S.TODO})),
    StepMove(StepEvent.RECOVERED, frozenset({S.RUNNING}), frozenset({S.TODO, S.AFTERRUN_ERROR})),
    StepMove(StepEvent.CUT_OFF, frozenset({S.RUNNING}), frozenset({S.CRASHED})),
    StepMove(
        StepEvent.EXPANDED,
        RUNNABLE - {S.EXPANDED},
        frozenset({S.EXPANDED}),
    ),
    StepMove(
        StepEvent.LIST_FAILED,
        RUNNABLE - {S.EXPANDED},
        frozenset({S.FATAL_ERROR}),
    ),
    StepMove(StepEvent.COLLECTED, frozenset({S.EXPANDED}), _FINAL),
    StepMove(StepEvent.EDITED, _ALL - {S.RUNNING}, _ALL - {S.RUNNING, S.EXPANDED}),
)

_STEP_MOVES: Final = {move.event: (move.before, move.after) for move in STEP_MOVES}


def step_may_move(event: StepEvent, before: str, after: str) -> bool:
    """Whether the table has this move; a state that is no builtin word counts as custom."""
    befores, afters = _STEP_MOVES[event]
    return (before if before in RESERVED_STEP_STATES else CUSTOM) in befores and (
        after if after in RESERVED_STEP_STATES else CUSTOM
    ) in afters


# --- Resolutions -----------------------------------------------------------------------------------------------------

FINISHED: Final = frozenset({R.DONE, R.CANCELLED})
BLOCKED: Final = frozenset(
    {R.BLOCKED_TOCHECK, R.BLOCKED_BADREQUEST, R.BLOCKED_FATAL, R.BLOCKED_DEADLOCK, R.BLOCKED_MAXRETRIES}
)
_NOT_RUNNING: Final = frozenset(R) - FINISHED - {R.RUNNING}


class Act(StrEnum):
    """What an operator can do to a task or its resolution."""

    RUN = "run"
    PAUSE = "pause"
    FORCE_PAUSE = "force pause"
    CANCEL = "cancel"
    EXTEND = "extend"
    START_OVER = "start over"
    EDIT_RESOLUTION = "edit resolution"
    EDIT_STEP = "edit step"
    EDIT_STEP_STATE = "edit step state"


#: In which states of the resolution an act is accepted. Source: docs/engine.md, "What an operator may do".
ACTS: Final[Mapping[Act, frozenset[ResolutionState]]] = {
    Act.RUN: _NOT_RUNNING,
    Act.PAUSE: _NOT_RUNNING,
    Act.FORCE_PAUSE: frozenset(R),
    Act.CANCEL: _NOT_RUNNING,
    Act.EXTEND: frozenset({R.BLOCKED_MAXRETRIES}),
    Act.START_OVER: frozenset({R.PAUSED, R.BLOCKED_BADREQUEST, R.CANCELLED}),
    Act.EDIT_RESOLUTION: frozenset({R.PAUSED}),
    Act.EDIT_STEP: frozenset({R.PAUSED}),
    Act.EDIT_STEP_STATE: frozenset({R.PAUSED}),
}

#: In which states of the task it may be rejected, resolved, deleted.
WONTFIX_IN: Final = frozenset({T.TODO, T.DELAYED})
RESOLVABLE_IN: Final = frozenset(T) - {T.WONTFIX}
DELETABLE_IN: Final = frozenset(T) - {T.RUNNING, T.BLOCKED}

#: The task's inputs, people and tags may be edited while it has no resolution (None), or a paused one.
TASK_EDITABLE_IN: Final[frozenset[ResolutionState | None]] = frozenset({None, R.PAUSED})

#: Tasks in these states wake the one that waits for them.
WAKES_PARENT: Final = frozenset({T.DONE, T.CANCELLED, T.WONTFIX, T.BLOCKED})

#: Tasks in these states are over.
TASK_FINISHED: Final = frozenset({T.DONE, T.CANCELLED, T.WONTFIX})


def allows(act: Act, state: str) -> bool:
    """Whether the act is accepted while the resolution is in this state."""
    return state in ACTS[act]


def paused(fields: ResolutionFields) -> ResolutionFields:
    """The resolution after a pause, forced or not; the task is unchanged. A wake-up is kept for the next run."""
    return replace(fields, state=R.PAUSED, next_retry=None, waiting="paused by an operator; run it to go on")


def cancelled(fields: ResolutionFields) -> ResolutionFields:
    """The resolution after a cancellation; the task becomes CANCELLED too."""
    return replace(fields, state=R.CANCELLED, next_retry=None, waiting="")


def extended(fields: ResolutionFields, retry_max: int | None, now: datetime) -> ResolutionFields:
    """The resolution after its runs were extended by the template's ``retry_max`` (None: 100): due at once."""
    return replace(
        fields,
        state=R.ERROR,
        run_max=fields.run_max + (DEFAULT_RUN_MAX if retry_max is None else retry_max),
        next_retry=now,
        waiting="runs extended by an operator; the next begins at once",
    )


def woken(fields: ResolutionFields, now: datetime) -> ResolutionFields:
    """The resolution after something that it may wait for has happened.

    WAITING and ERROR: due now. Anywhere else only remembered: by the run that is on, or for the next one.
    Source: docs/engine.md, "Waiting and waking".
    """
    if fields.state not in (R.WAITING, R.ERROR):
        return replace(fields, woken=True)
    due = now if fields.next_retry is None else min(fields.next_retry, now)
    return replace(fields, woken=True, next_retry=due, waiting="woken; the next run begins at once")


#: ``run_max`` where the template says nothing.
DEFAULT_RUN_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class ResolutionMove:
    """One row of the resolution's moves; ``event`` is a word of the journal."""

    event: str
    before: frozenset[ResolutionState]
    after: frozenset[ResolutionState]


RESOLUTION_MOVES: Final[tuple[ResolutionMove, ...]] = (
    ResolutionMove("run started", _NOT_RUNNING, frozenset({R.RUNNING})),
    ResolutionMove("found cut off", frozenset({R.RUNNING}), frozenset({R.CRASHED})),
    ResolutionMove("recovery blocked", _NOT_RUNNING, frozenset({R.BLOCKED_TOCHECK})),
    ResolutionMove(
        "run ended",
        frozenset({R.RUNNING}),
        frozenset({R.DONE, R.ERROR, R.WAITING, R.CRASHED}) | BLOCKED,
    ),
    ResolutionMove("set aside", frozenset(R) - FINISHED, frozenset({R.BLOCKED_TOCHECK})),
    ResolutionMove(Act.PAUSE, ACTS[Act.PAUSE], frozenset({R.PAUSED})),
    ResolutionMove(Act.FORCE_PAUSE, ACTS[Act.FORCE_PAUSE], frozenset({R.PAUSED})),
    ResolutionMove(Act.CANCEL, ACTS[Act.CANCEL], frozenset({R.CANCELLED})),
    ResolutionMove(Act.EXTEND, ACTS[Act.EXTEND], frozenset({R.ERROR})),
)

_RESOLUTION_MOVES: Final = {move.event: (move.before, move.after) for move in RESOLUTION_MOVES}


def resolution_may_move(event: str, before: str, after: str) -> bool:
    """Whether the table has this move of a resolution."""
    befores, afters = _RESOLUTION_MOVES.get(event, (frozenset(), frozenset()))
    return before in befores and after in afters


#: The task's state that goes with each state of its resolution at the end of a run.
TASK_STATE_AFTER: Final[Mapping[ResolutionState, TaskState]] = {
    R.DONE: T.DONE,
    R.WAITING: T.WAITING,
    R.ERROR: T.RUNNING,
    R.CRASHED: T.RUNNING,
    **dict.fromkeys(sorted(BLOCKED), T.BLOCKED),
}
