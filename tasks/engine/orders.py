"""What ``advance`` asks of the runner, and what it has changed since the runner last asked.

Orders are to be carried out in the order given. Source: docs/engine.md, "Orders".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from tasks.engine.events import DelayOver
from tasks.engine.jobs import Job
from tasks.engine.steps import Step
from tasks.states import ResolutionState


@dataclass(frozen=True, slots=True)
class RunJob:
    """Do this job and bring back its ``JobEnded``.

    - ``job.calls`` and not ``job.pure``: an effect outside. Write the changes first (the step's RUNNING is among them),
      then let a hand do it.
    - ``job.calls`` and ``job.pure``, or no call at all: nothing to be written first; here and now, unless
      ``job.slow``: then in a hand.

    Deterministic order (the simulation's): jobs are done first come, first served.
    """

    job: Job

    @property
    def durable(self) -> bool:
        """Whether all changes up to now must be written before the job may start."""
        return self.job.calls and not self.job.pure


@dataclass(frozen=True, slots=True)
class ComeBackAt:
    """Bring this event at that moment; nothing is held meanwhile. It is lost with the run: no row to be written."""

    moment: datetime
    event: DelayOver


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over: write the changes, let go of the resolution.

    ``state`` is where it ended; ``come_back_at`` the moment from which it is to be run again by itself (in the past or
    now: at once); None: not by itself. ERROR and CRASHED always have one; WAITING has one when it was woken during the
    run or when an action said when to look again.
    """

    state: ResolutionState
    come_back_at: datetime | None


Order = RunJob | ComeBackAt | RunEnded


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the journal: a change of state of the task, of the resolution or of a step.

    ``event`` is a word or two for people and filters ("run started", "try", "skipped", "pruned", "condition"…); never a
    value of the task. ``detail`` may hold one (an error text): to be stored sealed.
    """

    kind: Literal["task", "resolution", "step"]
    event: str
    before: str
    after: str
    at: datetime
    step: str = ""
    #: The try's number, from 1; None where no try is meant.
    attempt: int | None = None
    #: How long the step was RUNNING, or the resolution's run lasted; None where that makes no sense.
    duration: timedelta | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All that changed since it was last taken; to be written in one transaction. Empty ones are false.

    ``steps``: whole new values, by name; ``deleted``: names of children that are gone (in ``steps`` as well only if
    a new child took the name: delete first, then write). ``resolution`` and ``task``: changed fields by name, with
    their new values: those of ``ResolutionFields`` and ``TaskFields``.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    resolution: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    journal: tuple[Move, ...] = ()
    #: What actions asked of the database: (step, effect), in order; opaque to the engine.
    effects: tuple[tuple[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps or self.deleted or self.resolution or self.task or self.journal or self.effects)
