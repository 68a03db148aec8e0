"""One turn, and what follows from it: the thread that owns the database connection and all that is in hand.

A turn takes in what the hands bring and what the clock owes, lets the engine go on as long as that is quick, and then
writes all of it in one transaction, which also claims what else can start; what may begin then is given to the hands.
Start at ``run_once``. Source: docs/running.md, "One turn".
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction

from tasks import doorbell
from tasks.crypto.errors import Unreadable
from tasks.engine.events import GraceOver, RunStarted, SetAside, ShutdownBegan
from tasks.engine.orders import Order, RunEnded, RunJob
from tasks.engine.resolution import advance
from tasks.models import JournalEntry, JournalKind, clock
from tasks.runner import ahead, calls, checkpoints, claims, effects, flush, limits, rows, setting_aside
from tasks.runner.ahead import Caution
from tasks.runner.calls import Piece
from tasks.runner.checkpoints import Moment
from tasks.runner.claims import POISON_DEATHS, Claimed, Wanted
from tasks.runner.flush import Fence, Written
from tasks.runner.held import Answered, Held, Question
from tasks.runner.limits import Granted
from tasks.runner.outage import Outage, is_outage, lost_a_race
from tasks.runner.outbox import Outbox
from tasks.runner.presence import Presence
from tasks.runner.sweeps import Sweeps
from tasks.runner.work import Work, mark_unbegun
from tasks.states import ResolutionState

log = logging.getLogger(__name__)

#: How long quick work goes on before what it did is written.
_QUICK_SECONDS = 0.03
#: How long one after the other is begun in the transaction that claims, which keeps others from nothing but these.
_AHEAD_SECONDS = 0.005
#: More tasks than these that changed at once are rung for as one.
_MOST_NEWS = 20


@dataclass(frozen=True)
class Share:
    """This runner's part of what its instance may do at once."""

    most: int
    most_cut_off: int
    #: Between two rounds of taking up what dead runners held.
    pause_between_cut_off: timedelta


class EffectsChanged(Exception):
    """An effect that had to be done again came out otherwise than what the engine has taken in."""


@dataclass(eq=False)
class _Turn:
    """What one transaction did; carried out once it is committed."""

    number: int
    fenced: bool = False
    written: list[Held] = field(default_factory=list)
    lost: list[Held] = field(default_factory=list)
    claiming: list[int] = field(default_factory=list)
    started: list[tuple[Held, list[Order]]] = field(default_factory=list)
    begun: list[Piece] = field(default_factory=list)
    #: Resolution -> steps of just claimed runs whose RUNNING was written with the claim.
    begun_ahead: dict[int, list[str]] = field(default_factory=dict)
    granted: Granted | None = None
    #: Slots given back by resolutions that ended.
    freed: int = 0
    result: Written = field(default_factory=Written)
    late: int = 0
    #: Effects were answered: there may be new tasks.
    answered: bool = False
    asked: int = 0
    is_complete: bool = False


class Coordinator:
    """Runs resolutions. Not for threads: one belongs to the thread that made it."""

    def __init__(self, work: Work, fence: Fence, presence: Presence, share: Share, region: str) -> None:
        self.work = work
        self.fence = fence
        self.presence = presence
        self.share = share
        self.region = region
        self.sweeps = Sweeps(fence.runner_id, region)
        self.outbox = Outbox(work.hands)
        self.outage = Outage()
        self.caution = Caution()
        #: Something may be due: the bell rang, or a duty found it.
        self.should_claim = True
        #: What dead runners held may be due.
        self.cut_off_are_due = True
        #: Something may have been taken away from us: the bell rang for this runner.
        self.should_check_leases = False
        #: Nothing new is claimed.
        self.in_maintenance = self.is_stopping = False
        self._more_are_due = self._have_news = False
        self._next_cut_off = 0.0
        self._number = 0
        self._careful_turns = 0
        self._in_doubt: _Turn | None = None

    def run_once(self, now: datetime | None = None) -> bool:
        """One turn; whether anything came of it. Raises DeclaredDead: then make another coordinator.

        ``now``: the database's time; tests may be ahead of it.
        """
        now = now or clock.reckoned()
        work = self.work
        progress = work.collect(now)
        work.look_at_the_clock(now)
        if self.outage.is_on and not (self.outage.may_try and self._reconnected(now)):
            return progress
        if work.has_quick_work:
            progress = True
        work.go_on(now, _QUICK_SECONDS)
        try:
            beat = self._do_duties(now)
        except Error as error:
            self._failed(error, None)
            return progress
        if beat or work.touched or work.limits.has_work or work.late or self._may_claim():
            progress |= self._transact(list(work.touched.values()), now, beat=beat, claim=True)
        return progress or work.has_quick_work

    def next_moment(self) -> datetime | None:
        """When the next turn is owed, if nothing rings before."""
        moments = [moment for moment in (self.work.next_timer(), self.sweeps.next_due()) if moment is not None]
        return min(moments, default=None)

    # --- Duties -------------------------------------------------------------------------------------------------------

    def _do_duties(self, now: datetime) -> bool:
        """Whether a heartbeat is due."""
        found = self.sweeps.look(now)
        if found.should_beat or self.should_check_leases:
            self.should_check_leases = False
            self._check_leases()
        self.should_claim |= found.should_claim
        self.cut_off_are_due |= found.cut_off_are_due
        if found.somebody_died:
            self.caution.begin()
        if found.in_maintenance is not None:
            self.in_maintenance = found.in_maintenance
        self._send_notifications(now)
        return found.should_beat

    def _send_notifications(self, now: datetime) -> None:
        while self.work.delivered:
            self.outbox.take(self.work.delivered[0], now)
            del self.work.delivered[0]
        self.outbox.look(now, at_once=self._have_news)
        self._have_news = False

    def _check_leases(self) -> None:
        """Let go of what was taken away from us."""
        held = list(self.work.held.values())
        kept = claims.still_held(self.fence.runner_id, [(each.id, each.lease) for each in held])
        for each in held:
            if each.id not in kept:
                self._lose(each)

    def _lose(self, held: Held) -> None:
        log.warning("lease lost", extra={"resolution": str(held.key)})
        self.work.let_go(held)

    # --- One transaction ----------------------------------------------------------------------------------------------

    def _transact(self, touched: Sequence[Held], now: datetime, *, beat: bool = False, claim: bool = False) -> bool:
        turn = _Turn(self._number + 1)
        try:
            with transaction.atomic():
                if beat or touched or self.work.limits.has_work or self.work.late:
                    self._pass_fence(turn, now)
                    self._write(turn, touched, now)
                if claim and self._may_claim():
                    self._claim(turn, now)
                checkpoints.reached(Moment.EFFECTS_APPLIED)
                turn.is_complete = True
        except EffectsChanged as changed:
            self._abandon(changed.args[0], now)
        except Error as error:
            self._failed(error, turn, touched, now)
        else:
            self._committed(turn)
            return bool(touched or turn.started or turn.begun)
        return True

    def _pass_fence(self, turn: _Turn, now: datetime) -> None:
        if not turn.fenced:
            self._number = turn.number
            self.fence.pass_through(turn.number, len(self.work.held), now)
            turn.fenced = True

    def _write(self, turn: _Turn, touched: Sequence[Held], now: datetime) -> None:
        work = self.work
        turn.lost = flush.lock_leases(self.fence, touched) if touched else []
        turn.written = [each for each in touched if each not in turn.lost]
        for each in turn.written:
            turn.answered |= bool(each.questions)
            self._apply_effects(each, now)
        turn.begun = [piece for piece, _ in zip(work.to_begin, range(work.room()), strict=False)]
        if work.limits.has_work:
            turn.granted = work.limits.write(work.room() - len(turn.begun))
            turn.begun += work.granted(turn.granted.claims)
        begun = defaultdict(list)
        for piece in turn.begun:
            begun[piece.held.id].append(piece.job.step)
        # A call that begins now may belong to a resolution of which nothing else has changed.
        more = [work.held[id] for id in begun if id not in work.touched]
        turn.lost += flush.lock_leases(self.fence, more) if more else []
        turn.written += [each for each in more if each not in turn.lost]
        turn.result += flush.write(self.fence, turn.written, now, begun=begun)
        self._free_slots(turn, turn.written)
        turn.late = len(work.late)
        _note_late(work.late, now)

    def _free_slots(self, turn: _Turn, written: Iterable[Held]) -> None:
        if self.work.limits.limits:
            turn.freed += limits.free_all([each.id for each in written if each.ended])

    def _apply_effects(self, held: Held, now: datetime) -> None:
        """Do what its actions ask for, in the order in which they asked; what is answered goes on at once."""
        told = 0

        def tell(until: int) -> None:
            nonlocal told
            for step, effect in held.take_changes().effects[told:until]:
                effects.tell(held, step, effect, now)
            told = until

        for done in held.answered:
            tell(done.after)
            if self._answer(held, done.question, now) != done.answer:
                raise EffectsChanged(held)
        while held.questions:
            question = held.questions[0]
            tell(len(held.take_changes().effects))
            answer = self._answer(held, question, now)
            held.questions.pop(0)
            held.answered.append(Answered(question, answer, told))
            self._take_answer(held, question, answer, now)
        tell(len(held.take_changes().effects))

    def _answer(self, held: Held, question: Question, now: datetime) -> Mapping[str, Any]:
        return effects.answer(held, question.job.step, question.effect, question.seed, now)

    def _take_answer(self, held: Held, question: Question, answer: Mapping[str, Any], now: datetime) -> None:
        step = question.job.step
        held.unbegun.pop(step, None)
        self.work.limits.free(held.id, step)
        ended = calls.answered(question, answer)
        effects.give_back_runs(held, step, getattr(ended.outcome, "effects", ()), now)
        self.work.take(held, ended, now)

    # --- Claiming -----------------------------------------------------------------------------------------------------

    def _may_claim(self) -> bool:
        if self.is_stopping or self.in_maintenance or self._room() <= 0:
            return False
        return self.should_claim or self._more_are_due

    def _room(self) -> int:
        ending = sum(1 for each in self.work.touched.values() if each.ended)
        return self.share.most - len(self.work.held) + ending

    def _claim(self, turn: _Turn, now: datetime) -> None:
        held = self.work.held.values()
        turn.asked = 1 if self._careful_turns else self._room()
        cut_off = self.share.most_cut_off - sum(1 for each in held if each.was_cut_off)
        wanted = Wanted(
            self.region,
            most=turn.asked,
            most_cut_off=cut_off if self.cut_off_are_due and time.monotonic() >= self._next_cut_off else 0,
            no_suspect=any(each.deaths >= POISON_DEATHS - 1 for each in held),
        )
        found = claims.claim(wanted, self.work.limits, now)
        self.cut_off_are_due &= wanted.most_cut_off == 0 or any(
            each.row.state == ResolutionState.CRASHED for each in found
        )
        if not found:
            return
        turn.claiming = [each.row.pk for each in found]
        self._pass_fence(turn, now)
        turn.started = self._start(found, now)
        turn.begun_ahead = self._begun_ahead(turn)
        started = [each for each, _ in turn.started]
        for each in started:
            if not each.only_started:
                for step, effect in each.take_changes().effects:
                    effects.tell(each, step, effect, now)
        turn.result += flush.write(self.fence, started, now, begun=turn.begun_ahead)
        self._free_slots(turn, started)

    def _start(self, found: Sequence[Claimed], now: datetime) -> list[tuple[Held, list[Order]]]:
        started, loaded = [], rows.load(found)
        until = time.monotonic() + (0.0 if self.caution.is_on else _AHEAD_SECONDS)
        for each, held in zip(found, loaded, strict=True):
            row = each.row
            held.lease = row.lease + 1
            held.claimed = held.only_started = True
            held.was_cut_off = row.state == ResolutionState.CRASHED
            if row.deaths >= POISON_DEATHS:
                event: SetAside | RunStarted = SetAside(f"{row.deaths} runners died in a row while they held it")
            else:
                event = RunStarted(manual=row.manual, recovered=held.was_cut_off, woken=held.woken)
            orders = list(advance(held.engine, event, now))
            if time.monotonic() < until and ahead.may_go(held):
                # What has been begun goes on as long as it does elsewhere: half a chain would be written twice.
                orders = ahead.go(held, orders, now, self.work.registry, time.monotonic() + _QUICK_SECONDS)
            held.ended = next((order for order in orders if isinstance(order, RunEnded)), None)
            started.append((held, orders))
        return started

    def _begun_ahead(self, turn: _Turn) -> dict[int, list[str]]:
        """Calls with an effect outside with which claimed runs begin: written RUNNING as far as there are hands."""
        begun: defaultdict[int, list[str]] = defaultdict(list)
        # Where there are limits a call is rendered first: its resources are not known yet.
        room = 0 if self.work.limits.limits else self.work.room() - len(turn.begun)
        for held, orders in turn.started:
            for order in orders:
                if isinstance(order, RunJob) and order.durable:
                    mark_unbegun(held, order.job)
                    if room > 0:
                        room -= 1
                        held.only_started = False
                        begun[held.id].append(order.job.step)
        return begun

    # --- What comes of it ---------------------------------------------------------------------------------------------

    def _committed(self, turn: _Turn) -> None:
        work = self.work
        del work.late[: turn.late]
        for each in turn.written:
            each.written()
            work.touched.pop(each.id, None)
            if each.ended:
                self._has_ended(each)
                work.let_go(each)
        for each in turn.lost:
            work.late += [(each.task_id, step) for step in each.unwritten_results()]
            self._lose(each)
        if turn.granted is not None:
            work.limits.committed(turn.granted)
            work.begun_with_slots(turn.granted.claims)
        for piece in turn.begun:
            checkpoints.reached(Moment.RUNNING_WRITTEN)
            work.begin(piece)
        self._take_in_hand(turn)
        self._begin_ahead(turn)
        self._careful_turns = max(0, self._careful_turns - 1)
        self._have_news |= turn.result.messages > 0
        self._ring(turn)
        if turn.written or any(each.ended for each, _ in turn.started):
            checkpoints.reached(Moment.RESULT_WRITTEN)

    def _take_in_hand(self, turn: _Turn) -> None:
        if turn.asked:
            self.should_claim = False
            self._more_are_due = len(turn.started) >= turn.asked
        if any(each.was_cut_off for each, _ in turn.started):
            self._next_cut_off = time.monotonic() + self.share.pause_between_cut_off.total_seconds()
        for each, orders in turn.started:
            if each.ended:
                self._has_ended(each)
                continue
            self.work.held[each.id] = each
            if each.only_started or each.questions:
                self.work.touched[each.id] = each
            each.written()
            self.work.carry_out(each, orders)
        if turn.started:
            checkpoints.reached(Moment.CLAIMED)

    def _begin_ahead(self, turn: _Turn) -> None:
        if not turn.begun_ahead:
            return
        for piece in list(self.work.to_begin):
            if piece.job.step in turn.begun_ahead.get(piece.held.id, ()):
                checkpoints.reached(Moment.RUNNING_WRITTEN)
                self.work.begin(piece)

    def _has_ended(self, held: Held) -> None:
        """It may have been woken meanwhile, and be due again; or another has waited for its end."""
        assert held.ended is not None
        self.should_claim |= held.ended.state in (ResolutionState.WAITING, ResolutionState.ERROR)
        self.should_claim |= held.template_name in self.work.limits.limited_templates

    def _ring(self, turn: _Turn) -> None:
        topics = []
        self.should_claim |= turn.answered or turn.result.woken > 0
        if turn.result.woken or turn.freed or (turn.granted is not None and turn.granted.freed):
            topics.append(doorbell.RUNNABLE)
        moved = turn.result.moved
        if len(moved) > _MOST_NEWS:
            topics.append(doorbell.NEWS)
        else:
            topics += [f"{doorbell.NEWS}:{key}" for key in moved]
        if topics:
            doorbell.ring(*topics)

    # --- Failures -----------------------------------------------------------------------------------------------------

    def _failed(
        self, error: Error, turn: _Turn | None, touched: Sequence[Held] = (), now: datetime | None = None
    ) -> None:
        if lost_a_race(error):
            log.warning("transaction lost a race", extra={"error": type(error.__cause__).__name__})
        elif is_outage(error) or turn is None or now is None:
            log.warning("database is away", extra={"error": str(error).strip()})
            # Cut off at its commit, a transaction may have been committed all the same.
            self._in_doubt = turn if turn is not None and turn.is_complete and turn.fenced else self._in_doubt
            self.outage.again()
            _close_connection()
        else:
            log.exception("transaction failed")
            self._isolate(error, turn, touched, now)

    def _isolate(self, error: Error, turn: _Turn, touched: Sequence[Held], now: datetime) -> None:
        """One resolution cannot be written: find it, and set it aside, so that the others can."""
        unwritable = f"its changes cannot be stored ({type(error).__name__})"
        reason = str(error) if isinstance(error, Unreadable) else unwritable
        if len(touched) > 1:
            for each in touched:
                self._transact([each], now)
        elif touched and not turn.claiming:
            self.work.let_go(touched[0])
            setting_aside.set_aside(touched[0].id, reason, now)
        elif touched:
            self._transact(touched, now)
        elif len(turn.claiming) == 1:
            setting_aside.set_aside(turn.claiming[0], reason, now)
        else:
            self._careful_turns = len(turn.claiming)
        self.should_claim = True

    def _abandon(self, held: Held, now: datetime) -> None:
        log.error("effects came out otherwise the second time", extra={"resolution": str(held.key)})
        self.work.let_go(held)
        setting_aside.give_back(held.id, held.lease, now)
        self.should_claim = self.cut_off_are_due = True

    def _reconnected(self, now: datetime) -> bool:
        try:
            connection.ensure_connection()
            clock.measure()
            self.presence.show(self.fence.runner_id)
            doubtful, self._in_doubt = self._in_doubt, None
            try:
                committed = doubtful is not None and self.fence.committed(doubtful.number)
            except Error:
                self._in_doubt = doubtful
                raise
        except Error:
            self.outage.again()
            _close_connection()
            return False
        log.warning("database is back")
        self.outage.over()
        self.should_claim = self.cut_off_are_due = True
        if committed and doubtful is not None:
            self._committed(doubtful)
        return True

    # --- The end ------------------------------------------------------------------------------------------------------

    def begin_to_stop(self) -> None:
        """Claim and start nothing any more; what is under way goes on."""
        self.is_stopping = True
        now = clock.reckoned()
        for each in list(self.work.held.values()):
            self.work.take(each, ShutdownBegan(), now)

    def give_back_all(self) -> None:
        """Give back what is still in hand, for others to go on with at once; tell running actions to stop."""
        now = clock.reckoned()
        for each in list(self.work.held.values()):
            if each.ended is None:
                self.work.take(each, GraceOver(self.work.unbegun_serials(each)), now)
        self._transact(list(self.work.touched.values()), now, beat=True)
        self.work.stop_all()

    def retire(self) -> None:
        """The runner's end: nobody has to look after it."""
        claims.retire(self.fence.runner_id, clock.reckoned())
        self.presence.end(self.fence.runner_id)


def _note_late(late: Iterable[tuple[int, str]], now: datetime) -> None:
    """Results that came after their lease was lost are in the journal, and nowhere else."""
    entries = [
        JournalEntry(task_id=task_id, at=now, kind=JournalKind.STEP, event="late result", step=step)
        for task_id, step in late
    ]
    if entries:
        JournalEntry.objects.bulk_create(entries)


def _close_connection() -> None:
    try:
        connection.close()
    except Error:
        log.warning("connection could not be closed", exc_info=True)
