"""From the states of the steps to the state of the resolution, at the end of a run."""

from collections.abc import Iterable
from typing import Final

from tasks.engine.lifecycle import RETRIABLE
from tasks.states import ResolutionState, StepState

S, R = StepState, ResolutionState

#: What the steps that are left ask for, worst first; the first row that holds names the state.
#: Source: docs/engine.md, "The end of a run".
ASKED_BY: Final[tuple[tuple[frozenset[str], ResolutionState], ...]] = (
    (frozenset({S.RUNNING}), R.CRASHED),
    (frozenset({S.CRASHED}), R.BLOCKED_TOCHECK),
    (frozenset({S.FATAL_ERROR}), R.BLOCKED_FATAL),
    (frozenset({S.CLIENT_ERROR}), R.BLOCKED_BADREQUEST),
    (RETRIABLE, R.ERROR),
    (frozenset({S.WAITING}), R.WAITING),
    (frozenset({S.TODO, S.EXPANDED}), R.BLOCKED_DEADLOCK),
)

#: What a shutdown kept from going on asks for CRASHED: the next runner takes it up at once.
CUT_OFF: Final = frozenset({S.RUNNING, S.TODO, S.EXPANDED, S.RETRY_NOW})


def outcome(states: Iterable[str], *, shutdown: bool = False) -> ResolutionState:
    """The state in which a run leaves its resolution, from the states of all steps (each once is enough).

    DONE means: every step is final. ``run_max`` is not looked at here. Source: docs/engine.md, "The end of a run".
    """
    present = frozenset(states)
    if shutdown and present & CUT_OFF:
        return R.CRASHED
    return next((state for asking, state in ASKED_BY if present & asking), R.DONE)
