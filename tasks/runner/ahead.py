"""What is quick of a run that is being claimed, done before its claim is written: one commit in the place of two.

It happens in the claiming transaction, and touches nothing but the run's own values: when the transaction fails they
are dropped, and nothing has happened. A run that kills its runner has not been claimed then, so nobody counts the
death; therefore runners claim first, and only then begin, while there is reason for caution.
Source: docs/running.md, "Ahead of the commit".
"""

import logging
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from actions._registry import Registry
from tasks.engine.errors import EventMisfit
from tasks.engine.events import Event
from tasks.engine.jobs import Job
from tasks.engine.orders import Order, RunJob
from tasks.engine.resolution import advance
from tasks.engine.tries import evaluate
from tasks.runner import calls
from tasks.runner.calls import Piece
from tasks.runner.held import Held, Question

log = logging.getLogger(__name__)

#: How long a runner is cautious when it begins (it may stand in the place of one that a run has just killed), and each
#: time it sees that one has died lately.
CAUTIOUS_SECONDS = 5.0


class Caution:
    """Whether runs must be claimed, durably, before anything is done for them."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """There is reason for it, from now on for a while."""
        self._until = time.monotonic() + CAUTIOUS_SECONDS

    @property
    def is_on(self) -> bool:
        return time.monotonic() < self._until


def may_go(held: Held) -> bool:
    """Whether something of the run may be done before its claim is written.

    Not of one that was cut off or is under suspicion; nor of a child, whose end would lock its parent after itself.
    """
    return held.parent_id is None and not held.was_cut_off and not held.deaths


def go(held: Held, orders: Iterable[Order], now: datetime, registry: Registry, until: float) -> list[Order]:
    """Carry out what is quick, until ``until`` (``time.monotonic()``) at the latest; answers the orders that are left.

    A question that an action asks is left in ``Held.questions``.
    """
    left: list[Order] = []
    waiting = deque(orders)
    while waiting:
        order = waiting.popleft()
        if not isinstance(order, RunJob) or not order.job.is_quick or time.monotonic() >= until:
            left.append(order)
            continue
        held.only_started = False
        if (event := _done(held, order.job, registry)) is not None:
            waiting += _next(held, event, now)
    return left


def _done(held: Held, job: Job, registry: Registry) -> Event | None:
    """What comes of the job; None: a question to be answered first."""
    if not job.calls:
        return evaluate(job)
    outcome = calls.make(Piece(held, held.lease, job), registry).outcome
    if isinstance(outcome, Question):
        held.questions.append(outcome)
        return None
    assert not isinstance(outcome, calls.Prepared)
    return outcome


def _next(held: Held, event: Event, now: datetime) -> list[Order]:
    try:
        return list(advance(held.engine, event, now))
    except EventMisfit:
        log.exception("event does not fit", extra={"resolution": str(held.key), "event": type(event).__name__})
        return []
