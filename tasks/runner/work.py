"""What is under way for the resolutions in hand: what is done here, what waits for a hand or a slot, what hands do.

Nothing here touches the database. The engine's orders come in (``carry_out``), its events are found (``go_on``,
``collect``, ``look_at_the_clock``). A call with an effect outside waits in ``to_begin`` until its RUNNING is written.
"""

import heapq
import itertools
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from actions._cancellation import Cancellation
from actions._registry import Registry
from tasks.engine.errors import EventMisfit
from tasks.engine.events import DelayOver, Event
from tasks.engine.jobs import Failure, Job
from tasks.engine.orders import ComeBackAt, Order, RunEnded, RunJob
from tasks.engine.resolution import advance
from tasks.engine.tries import evaluate
from tasks.runner import calls
from tasks.runner.calls import Done, Piece, Prepared
from tasks.runner.hands import Hands
from tasks.runner.held import Held, Question
from tasks.runner.limits import Claim, Limits
from tasks.runner.outbox import Delivered

log = logging.getLogger(__name__)

#: How long an action that was told to stop may take to come back, before its hand is given up.
_PATIENCE_SECONDS = 1.0
#: How often the time-outs of running actions are looked at.
_LOOK_SECONDS = 0.05

_FOR_A_HAND = "waits for a free hand of its runner, taken in turn"


class Work:
    """Everything that is under way; owned by the coordinator's thread."""

    def __init__(self, hands: Hands, limits: Limits, registry: Registry, patience: timedelta | None) -> None:
        self.hands = hands
        self.limits = limits
        self.registry = registry
        #: How long a step waits for a slot.
        self._patience = patience
        self.held: dict[int, Held] = {}
        #: Those of which something has changed since they were last written.
        self.touched: dict[int, Held] = {}
        #: Calls whose RUNNING has to be written before they begin, in order.
        self.to_begin: deque[Piece] = deque()
        #: What became of notifications.
        self.delivered: list[Delivered] = []
        #: Results that came too late: (task, step).
        self.late: list[tuple[int, str]] = []
        #: Those with quick jobs, which are theirs in ``Held.quick``: one is done with before the next.
        self._here: dict[int, Held] = {}
        self._for_hands: deque[Piece] = deque()
        self._for_slots: dict[tuple[int, int], Piece] = {}
        self._in_hands: set[Piece] = set()
        self._given_up: set[Piece] = set()
        self._timers: list[tuple[datetime, int, int, DelayOver]] = []
        self._numbers = itertools.count()
        self._next_look = 0.0

    # --- The engine's orders ------------------------------------------------------------------------------------------

    def take(self, held: Held, event: Event, now: datetime) -> None:
        """Let the engine take an event in, and carry out what it orders."""
        try:
            orders = advance(held.engine, event, now)
        except EventMisfit:
            log.exception("event does not fit", extra={"resolution": str(held.key), "event": type(event).__name__})
            return
        self.touched[held.id] = held
        self.carry_out(held, orders)

    def carry_out(self, held: Held, orders: Iterable[Order]) -> None:
        """Put each order where it will be done."""
        for order in orders:
            match order:
                case RunJob(job=job):
                    self._assign(held, job)
                case ComeBackAt(moment=moment, event=event):
                    heapq.heappush(self._timers, (moment, next(self._numbers), held.id, event))
                case RunEnded():
                    held.ended = order

    def _assign(self, held: Held, job: Job) -> None:
        if job.is_quick:
            self._here.setdefault(held.id, held)
            held.quick.append(job)
            return
        piece = Piece(held, held.lease, job, Cancellation())
        if job.calls and not job.pure:
            mark_unbegun(held, job)
            if not self.limits.limits:
                self.to_begin.append(piece)
                return
        # An evaluation, a call without effect outside, or a call to be rendered so that its resources are known.
        self._for_hands.append(piece)

    # --- What is done here --------------------------------------------------------------------------------------------

    def go_on(self, now: datetime, seconds: float) -> None:
        """Do what is quick and has no effect outside, for so long at most."""
        until = time.monotonic() + seconds
        while self._here and time.monotonic() < until:
            held = next(iter(self._here.values()))
            self._do(held, held.quick.popleft(), now)
            if not held.quick:
                self._here.pop(held.id, None)
        if self._here:
            # One that repeats itself for ever must not keep the others from their turn.
            first = next(iter(self._here))
            self._here[first] = self._here.pop(first)
        self._hand_out()

    def _do(self, held: Held, job: Job, now: datetime) -> None:
        if job.calls:
            self._ended(held, calls.make(Piece(held, held.lease, job), self.registry), now)
        else:
            self.take(held, evaluate(job), now)

    @property
    def has_quick_work(self) -> bool:
        """Whether ``go_on`` has something to do."""
        return bool(self._here)

    def _ended(self, held: Held, done: Done, now: datetime) -> None:
        match done.outcome:
            case Question() as question:
                held.questions.append(question)
                self.touched[held.id] = held
            case Prepared() as prepared:
                self._wait_for_slots(held, done.piece, prepared, now)
            case event:
                held.unbegun.pop(done.piece.job.step, None)
                self.limits.free(held.id, done.piece.job.step)
                self.take(held, event, now)

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _wait_for_slots(self, held: Held, piece: Piece, prepared: Prepared, now: datetime) -> None:
        names = self.limits.limited(prepared.resources)
        step = piece.job.step
        if not names:
            self.to_begin.append(piece)
        elif refused := self.limits.refused(names):
            self._no_slot(held, piece, refused, now)
        else:
            held.unbegun[step] = (
                f"waits for a slot of the resource {', '.join(names)}, taken when another gives it back"
            )
            held.restated.add(step)
            self.touched[held.id] = held
            self._for_slots[held.id, piece.job.serial] = piece
            self.limits.wait(Claim(held.id, step, piece.job.serial, names, now))

    def granted(self, claims: Iterable[Claim]) -> list[Piece]:
        """The pieces that get their slots, once that is committed."""
        return [piece for claim in claims if (piece := self._for_slots.get((claim.resolution_id, claim.serial)))]

    def begun_with_slots(self, claims: Iterable[Claim]) -> None:
        """These have their slots, and wait no more."""
        for claim in claims:
            self._for_slots.pop((claim.resolution_id, claim.serial), None)

    def _no_slot(self, held: Held, piece: Piece, names: Iterable[str], now: datetime) -> None:
        held.unbegun.pop(piece.job.step, None)
        self.take(held, calls.failed(piece, Failure.NO_RESOURCES, ", ".join(names)), now)

    # --- Hands --------------------------------------------------------------------------------------------------------

    def begin(self, piece: Piece) -> None:
        """Have a call made whose RUNNING is written."""
        if piece in self.to_begin:
            self.to_begin.remove(piece)
        if self._is_ours(piece):
            piece.held.unbegun.pop(piece.job.step, None)
            self._give(piece)

    def _hand_out(self) -> None:
        while self._for_hands and self.hands.free > 0:
            self._give(self._for_hands.popleft())

    def _give(self, piece: Piece) -> None:
        self._in_hands.add(piece)
        registry = self.registry
        if not piece.job.calls:
            self.hands.give(lambda: calls.judge(piece))
        elif piece.prepared is None and self.limits.limits and not piece.job.pure:
            self.hands.give(lambda: calls.render(piece, registry))
        else:
            self.hands.give(lambda: calls.make(piece, registry))

    def collect(self, now: datetime) -> bool:
        """Take in what the hands have brought; whether there was anything."""
        brought: list[Done | Delivered] = self.hands.collect()
        for done in brought:
            if isinstance(done, Delivered):
                self.delivered.append(done)
                continue
            piece = done.piece
            if piece in self._given_up:
                self._given_up.discard(piece)
                self.hands.take_back_one()
                self.late.append((piece.held.task_id, piece.job.step))
                continue
            self._in_hands.discard(piece)
            if self._is_ours(piece):
                self._ended(piece.held, done, now)
            else:
                self.late.append((piece.held.task_id, piece.job.step))
        return bool(brought)

    def _is_ours(self, piece: Piece) -> bool:
        """Whether its resolution is still held, under the lease of that time."""
        return self.held.get(piece.held.id) is piece.held and piece.held.lease == piece.lease

    def room(self) -> int:
        """How many calls may begin now."""
        return max(0, self.hands.free - len(self._for_hands))

    @property
    def is_busy(self) -> bool:
        """Whether hands are at work."""
        return bool(self._in_hands)

    # --- The clock ----------------------------------------------------------------------------------------------------

    def next_timer(self) -> datetime | None:
        """When the clock owes something."""
        return self._timers[0][0] if self._timers else None

    def look_at_the_clock(self, now: datetime) -> None:
        """Bring the events that are due; stop actions that take too long; give up on slots that do not come."""
        while self._timers and self._timers[0][0] <= now:
            _, _, resolution_id, event = heapq.heappop(self._timers)
            if (held := self.held.get(resolution_id)) is not None:
                self.take(held, event, now)
        for claim in [claim for claim in self.limits.waiting if claim.is_late(now, self._patience)]:
            self.limits.drop(claim.serial, claim.resolution_id)
            piece = self._for_slots.pop((claim.resolution_id, claim.serial), None)
            held = self.held.get(claim.resolution_id)
            if piece is not None and held is not None:
                self._no_slot(held, piece, claim.names, now)
        if self._in_hands and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            self._stop_the_late(now)

    def _stop_the_late(self, now: datetime) -> None:
        clock = time.monotonic()
        for piece in list(self._in_hands):
            if piece.began is None or not piece.timeout:
                continue
            over = clock - piece.began - piece.timeout.total_seconds()
            if over >= 0 and not piece.timed_out:
                piece.timed_out = True
                piece.stop()
            elif over >= _PATIENCE_SECONDS:
                self._give_up(piece, now)

    def _give_up(self, piece: Piece, now: datetime) -> None:
        log.error("action does not stop", extra={"resolution": str(piece.held.key), "step": piece.job.step})
        self._in_hands.discard(piece)
        self._given_up.add(piece)
        self.hands.give_up_one()
        if self._is_ours(piece):
            self._ended(piece.held, Done(piece, calls.failed(piece, Failure.TIMED_OUT)), now)

    # --- Letting go ---------------------------------------------------------------------------------------------------

    def let_go(self, held: Held) -> None:
        """The resolution is not ours any more: whatever is under way for it is told to stop, or forgotten."""
        self.held.pop(held.id, None)
        self.touched.pop(held.id, None)
        self._here.pop(held.id, None)
        self.limits.forget(held.id)
        self.to_begin = deque(piece for piece in self.to_begin if piece.held is not held)
        self._for_hands = deque(piece for piece in self._for_hands if piece.held is not held)
        for key in [key for key in self._for_slots if key[0] == held.id]:
            del self._for_slots[key]
        for piece in self._in_hands:
            if piece.held is held:
                piece.stop()

    def unbegun_serials(self, held: Held) -> frozenset[int]:
        """Serials of the calls that no hand has begun."""
        waiting: Iterator[Piece] = itertools.chain(self.to_begin, self._for_hands, self._for_slots.values())
        return frozenset(piece.job.serial for piece in waiting if piece.held is held) | frozenset(
            job.serial for job in held.quick
        )

    def stop_all(self) -> None:
        """Tell every action that is still at work to stop: the process ends."""
        for piece in self._in_hands:
            piece.stop()


def mark_unbegun(held: Held, job: Job) -> None:
    """A call with an effect outside that is not begun: its row says TODO, and why.

    After a pre_hook something has been done already, and the row keeps saying RUNNING.
    """
    if job.pre_hook is None:
        held.unbegun[job.step] = _FOR_A_HAND
