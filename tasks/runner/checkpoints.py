"""Named moments of a turn: nothing in production, a place to wait or to kill in tests.

A test sets ``at``; a process that is to die at a moment gets a function that kills it.
"""

from collections.abc import Callable
from enum import StrEnum


class Moment(StrEnum):
    CLAIMED = "claimed"  # committed: the runner holds it
    RUNNING_WRITTEN = "running written"  # committed: an action may start
    ACTION_ENDED = "action ended"  # in the hand, before anybody knows
    EFFECTS_APPLIED = "effects applied"  # in the transaction, before its commit
    RESULT_WRITTEN = "result written"  # committed


def _nothing(moment: Moment) -> None:
    """What happens at each moment in production."""


#: Called at each moment, in whatever thread it happens.
at: Callable[[Moment], None] = _nothing


def reached(moment: Moment) -> None:
    """Say that the moment is here."""
    at(moment)
