"""Notifications out: messages of the outbox, sent by the hands, at least once, in order for each task and backend.

A message that was taken is due again after a while, so one whose runner dies is sent by another; the receiver tells a
second copy by its delivery id. Source: docs/operating.md, "Notifications".
"""

import logging
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from tasks.config.current import configuration
from tasks.crypto.errors import CipherError
from tasks.engine.gotemplate import loads
from tasks.models import OutboxMessage
from tasks.notify import DeliveryFailed, Message, deliver
from tasks.runner.hands import Hands

log = logging.getLogger(__name__)

#: At work at the same time in one runner, and of these for one backend: one that hangs does not hold up the others.
_MOST, _MOST_OF_ONE = 10, 4
#: How long a message that was taken is left alone.
_LEASE = timedelta(minutes=2)
_LOOK_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
#: With pauses that double up to an hour, this is most of a day.
MOST_TRIES = 24
_LONGEST_ERROR = 500


@dataclass(frozen=True)
class Delivered:
    """What a hand says of a message; ``error`` empty: it arrived."""

    message_id: int
    tries: int
    backend: str
    error: str = ""


class Outbox:
    """One runner's part of the sending."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._at_work: Counter[str] = Counter()
        self._next_look = 0.0

    def look(self, now: datetime, *, at_once: bool = False) -> None:
        """Take what is due and have it sent."""
        moment = time.monotonic()
        if self._at_work.total() >= _MOST or (moment < self._next_look and not at_once):
            return
        self._next_look = moment + _LOOK_SECONDS
        full = [backend for backend, number in self._at_work.items() if number >= _MOST_OF_ONE]
        if not _due(now, full).exists():
            return
        for row in take_due(now, _MOST - self._at_work.total(), full):
            self._send(row, now)

    def _send(self, row: OutboxMessage, now: datetime) -> None:
        backend = configuration().cfg.notify_config.get(row.backend)
        if backend is None:
            error = "no backend of that name is configured"
            finish(Delivered(row.pk, row.tries, row.backend, error), now, give_up=True)
            return
        try:
            payload = loads(row.payload)
        except CipherError as error:
            finish(Delivered(row.pk, row.tries, row.backend, str(error)), now)
            return
        message = Message(str(row.key), row.kind, row.backend, payload["message"], payload["fields"])
        self._at_work[row.backend] += 1
        self._hands.give(lambda: _delivered(row, backend.type, message, dict(backend.config)))

    def take(self, delivered: Delivered, now: datetime) -> None:
        """Note what became of a message; to be called again when the database is away."""
        finish(delivered, now)
        self._at_work[delivered.backend] -= 1
        if not delivered.error:
            # The next of its task to that backend has waited for it.
            self._next_look = 0.0


def _delivered(row: OutboxMessage, type: str, message: Message, settings: dict[str, object]) -> Delivered:
    try:
        deliver(type, message, settings)
    except DeliveryFailed as error:
        return Delivered(row.pk, row.tries, row.backend, str(error))
    except Exception as error:  # the edge of the outbox: a channel of an operator's own may raise anything
        log.exception("channel failed", extra={"backend": message.backend})
        # Its text may hold secrets.
        return Delivered(row.pk, row.tries, row.backend, f"the channel failed: {error.__class__.__name__}")
    return Delivered(row.pk, row.tries, row.backend)


def _due(now: datetime, full: Collection[str] = ()) -> QuerySet[OutboxMessage]:
    earlier = OutboxMessage.objects.filter(
        task=OuterRef("task"), backend=OuterRef("backend"), due_at__isnull=False, pk__lt=OuterRef("pk")
    )
    return OutboxMessage.objects.filter(~Exists(earlier), due_at__lte=now).exclude(backend__in=full)


@transaction.atomic
def take_due(now: datetime, most: int, full: Collection[str] = ()) -> list[OutboxMessage]:
    """Messages to be sent now, each the first of its task to its backend; nobody else takes them for a while."""
    due = _due(now, full).order_by("due_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    taken = list(due[:most])
    OutboxMessage.objects.filter(pk__in=[row.pk for row in taken]).update(tries=F("tries") + 1, due_at=now + _LEASE)
    for row in taken:
        row.tries += 1
    return taken


def finish(delivered: Delivered, now: datetime, *, give_up: bool = False) -> None:
    """Sent; or to be tried again after a pause that doubles; or given up. Nothing, where a later try was begun."""
    row = OutboxMessage.objects.filter(pk=delivered.message_id, tries=delivered.tries, sent__isnull=True)
    if not delivered.error:
        row.update(sent=now, due_at=None, given_up=None, error="")
        return
    give_up = give_up or delivered.tries >= MOST_TRIES
    pause = min(_FIRST_PAUSE * 2 ** (delivered.tries - 1), _LONGEST_PAUSE)
    row.update(
        given_up=now if give_up else None,
        due_at=None if give_up else now + pause,
        error=delivered.error[:_LONGEST_ERROR],
    )
    log.log(
        logging.ERROR if give_up else logging.WARNING,
        "notification given up" if give_up else "notification not delivered",
        extra={"notifier_name": delivered.backend, "delivery": delivered.message_id, "tries": delivered.tries},
    )
