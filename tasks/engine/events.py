"""What may happen to a running resolution. ``advance(resolution, event, now)`` takes them, one at a time.

An event that does not fit the resolution as it is raises ``EventMisfit`` and changes nothing.
Source: docs/engine.md, "Events".
"""

from dataclasses import dataclass

from tasks.engine.jobs import JobOutcome


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. Fits in every state but RUNNING, DONE and CANCELLED; with ``recovered`` in RUNNING and CRASHED.

    ``manual``: a person asked for it: every unfinished step is tried; otherwise only those that are due.
    ``recovered``: whoever ran it before is gone (a dead runner's row is still RUNNING). Steps that were cut off are
    TODO again if they are idempotent or pure or had not begun; any other becomes CRASHED, the resolution
    BLOCKED_TOCHECK, and the answer is ``RunEnded`` at once.
    ``woken``: what these wait for has happened, so an automatic run tries them before they are due, and looks at no
    other WAITING step; None: it looks at all that are WAITING.
    """

    manual: bool = False
    recovered: bool = False
    woken: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class JobEnded:
    """What came of a job that was ordered. Made by ``tries.evaluate``, ``tries.prepare``, ``tries.finish``.

    A serial that was never given out is a misfit. One that is not awaited any more (the loop was changed meanwhile) is
    dropped, with a journal entry; no order follows.
    """

    serial: int
    step: str
    outcome: JobOutcome


@dataclass(frozen=True, slots=True)
class DelayOver:
    """The execution_delay of a step is over; comes from a ``ComeBackAt``. Too late (shutdown): dropped."""

    serial: int
    step: str


@dataclass(frozen=True, slots=True)
class Woken:
    """Something that a step may wait for has happened (a child ended, a callback was called).

    While a run is on it is remembered, so that the run's end asks for the next one at once. Between runs it makes a
    WAITING or ERROR resolution due now, and is kept for the next run in PAUSED and BLOCKED_*.
    """


@dataclass(frozen=True, slots=True)
class ShutdownBegan:
    """No step is started any more; results still count. Steps in their execution_delay are TODO again at once."""


@dataclass(frozen=True, slots=True)
class GraceOver:
    """The run ends now, whatever is still under way.

    ``unstarted``: serials of calls that no hand has begun: their steps are TODO again; the others stay RUNNING.
    """

    unstarted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SetAside:
    """Somebody must look at it: BLOCKED_TOCHECK, with the reason (three runners died, it cannot be started…).

    Fits in every state but DONE and CANCELLED. What was RUNNING is treated as after a crash.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class RunsGiven:
    """``run_max`` rises by ``count`` (an action's effect gives back the runs that waking it used up)."""

    count: int


Event = RunStarted | JobEnded | DelayOver | Woken | ShutdownBegan | GraceOver | SetAside | RunsGiven
