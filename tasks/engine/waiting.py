"""Why something unfinished does not move, and what will move it: one sentence for people, stored with the row.

Only names and moments, never a value of the task. Source: docs/engine.md, "Nothing is stuck silently".
"""

from collections.abc import Iterable
from datetime import datetime

from tasks.engine.definition import Dependency
from tasks.engine.lifecycle import is_final
from tasks.states import ResolutionState, StepState

S, R = StepState, ResolutionState

_STEP: dict[str, str] = {
    S.RUNNING: "its action is under way; the runner that holds the resolution takes its result",
    S.EXPANDED: "waits for its children to be final",
    S.CLIENT_ERROR: "blocked: mend what the error says, then run the resolution",
    S.FATAL_ERROR: "blocked: mend what the error says, then run the resolution",
    S.CRASHED: "cut off and not idempotent: see what it did, then set its state or run the resolution",
    S.RETRY_NOW: "to be run again at once, as soon as all it depends on is there",
}


def why_step_waits(state: str, due_at: datetime | None, dependencies: Iterable[Dependency], waits_for: str = "") -> str:
    """The sentence for a step in this state, due at that moment; "" once it is final.

    ``waits_for``: what a WAITING step's action said it waits for.
    """
    if is_final(state):
        return ""
    when = _moment(due_at)
    match state:
        case S.TODO:
            needed = ", ".join(str(dependency) for dependency in dependencies)
            return f"starts when it can depend on: {needed}" if needed else "starts with the next run"
        case S.RUNNING if due_at is not None:
            return f"held by its execution_delay until {when}"
        case S.WAITING:
            # What actions say is a sentence: "5 tasks of the batch are not finished".
            waits = f"waits: {waits_for}" if waits_for else "waits for something outside"
            until = f", or {when}" if when else ""
            return f"{waits}; looked at again when that wakes it, at a run by hand{until}"
        case S.SERVER_ERROR | S.TO_RETRY | S.AFTERRUN_ERROR:
            return f"tried again at {when}" if when else "tried again by the next run that reaches it"
    return _STEP[state]


def why_resolution_waits(state: ResolutionState, come_back_at: datetime | None, steps: Iterable[str]) -> str:
    """The sentence for a resolution whose run ended in ``state``, on account of ``steps``; "" when it is finished."""
    named = _named(steps)
    when = _moment(come_back_at)
    match state:
        case R.ERROR:
            return f"to be retried at {when}: {named}"
        case R.CRASHED:
            return f"cut off; the next runner goes on with it: {named}"
        case R.WAITING:
            again = f"; next look at {when}" if when else "; the next look when they are woken, or at a run by hand"
            return f"steps wait for something outside: {named}{again}"
        case R.BLOCKED_BADREQUEST | R.BLOCKED_FATAL:
            return f"blocked by {named}: mend the cause, then run the resolution"
        case R.BLOCKED_TOCHECK:
            return f"blocked: {named} was cut off and is not idempotent; see what it did, then set its state or run"
        case R.BLOCKED_DEADLOCK:
            return f"blocked: nothing can reach {named}; set states by hand, then run the resolution"
        case R.BLOCKED_MAXRETRIES:
            return f"blocked: all runs are used up, with {named} left; extend it, or run it by hand"
    return ""


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _named(steps: Iterable[str], most: int = 5) -> str:
    names = list(steps)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
