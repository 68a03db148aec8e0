"""What the clock owes: heartbeat, dead runners, resolutions that are due, and those that everybody forgot.

Each duty is cheap when there is nothing to do; every runner does them all, and what two find at once only one changes.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tasks.models import Resolution, Setting, clock
from tasks.runner import claims
from tasks.states import ResolutionState

log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.4
_DUE_SECONDS = 1.0
_BEAT_SECONDS = claims.HEARTBEAT.total_seconds()
_FORGOTTEN_SECONDS = 60.0
#: How long a runner's death is a reason for caution.
_WARY = timedelta(seconds=60)

#: Somebody is at work on these; where nobody is, nobody will be.
_AT_WORK = (ResolutionState.RUNNING, ResolutionState.AUTORUNNING, ResolutionState.RETRY, ResolutionState.CRASHED)


@dataclass
class Found:
    """What a round of duties asks of the coordinator."""

    should_claim: bool = False
    cut_off_are_due: bool = False
    should_beat: bool = False
    in_maintenance: bool | None = None
    #: A runner is dead, or has been for less than a minute.
    somebody_died: bool = False


class Sweeps:
    """The duties of one runner, each at its own pace."""

    def __init__(self, runner_id: int, region: str) -> None:
        self._runner_id = runner_id
        self._region = region
        self._watch = claims.Watch()
        self._next: dict[str, float] = {}
        self._due_at: datetime | None = None

    def next_due(self) -> datetime | None:
        """When the next resolution is due, as far as is known; runners wake for it."""
        return self._due_at

    def look(self, now: datetime) -> Found:
        """Do what is due by now."""
        found = Found()
        if self._is_time("beat", _BEAT_SECONDS):
            clock.measure()
            found.should_beat = True
            found.somebody_died = claims.died_lately(now - _WARY)
            found.in_maintenance = Setting.objects.filter(name="maintenance", value=True).exists()
        if self._is_time("watch", _WATCH_SECONDS):
            self._take_over_the_dead(found, now)
        if self._is_time("forgotten", _FORGOTTEN_SECONDS):
            found.cut_off_are_due |= take_up_forgotten(now) > 0
        if self._is_time("due", _DUE_SECONDS) or (self._due_at is not None and self._due_at <= now):
            self._look_for_due(found, now)
        found.should_claim |= found.cut_off_are_due
        return found

    def _look_for_due(self, found: Found, now: datetime) -> None:
        state, due_at = first_due(self._region) or ("", None)
        found.should_claim = due_at is not None and due_at <= now
        # Those whose runner died come first of all.
        found.cut_off_are_due |= found.should_claim and state == ResolutionState.CRASHED
        self._due_at = None if found.should_claim else due_at

    def _is_time(self, duty: str, seconds: float) -> bool:
        moment = time.monotonic()
        if moment < self._next.get(duty, 0.0):
            return False
        self._next[duty] = moment + seconds
        return True

    def _take_over_the_dead(self, found: Found, now: datetime) -> None:
        dead = self._watch.dead(self._runner_id, now)
        found.somebody_died |= bool(dead)
        found.cut_off_are_due = sum(claims.take_over(each, now) for each in dead) > 0


def first_due(region: str) -> tuple[str, datetime] | None:
    """State of the first of those that a runner of this region may claim, and when it is due."""
    claimable = Resolution.objects.filter(Q(region="") | Q(region=region), due_at__isnull=False, runner__isnull=True)
    found = claimable.order_by("due_at", "pk").values_list("state", "due_at").first()
    return None if found is None or found[1] is None else (found[0], found[1])


@transaction.atomic
def take_up_forgotten(now: datetime) -> int:
    """Make claimable what seems to be at work though nobody holds it: that cannot come about, and is mended if it does.

    Answers how many.
    """
    forgotten = Resolution.objects.filter(state__in=_AT_WORK, runner__isnull=True, due_at__isnull=True)
    count = forgotten.update(
        state=ResolutionState.CRASHED, due_at=now, waiting_for="found without a runner; the next free one takes it"
    )
    if count:
        log.error("resolutions without a runner", extra={"count": count})
    return count
