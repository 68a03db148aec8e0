"""Notifications out: messages of the outbox, sent by the hands, at least once, in order for each task and backend.

A message that was taken is due again after a while, so one whose runner dies is sent by another; the receiver tells a
second copy by its delivery id. Source: docs/operating.md, "Notifications".
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from tasks.config.current import configuration
from tasks.engine.gotemplate import loads
from tasks.models import OutboxMessage
from tasks.notify import DeliveryFailed, Message, deliver
from tasks.runner.hands import Hands

log = logging.getLogger(__name__)

#: At work at the same time in one runner.
_MOST = 10
#: How long a message that was taken is left alone.
_LEASE = timedelta(minutes=2)
_LOOK_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
#: With pauses that double up to an hour, this is most of a day.
MOST_TRIES = 24


@dataclass(frozen=True)
class Delivered:
    """What a hand says of a message; ``error`` empty: it arrived."""

    message_id: int
    tries: int
    error: str = ""


class Outbox:
    """One runner's part of the sending."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._at_work = 0
        self._next_look = 0.0

    def look(self, now: datetime, *, at_once: bool = False) -> None:
        """Take what is due and have it sent."""
        moment = time.monotonic()
        if self._at_work >= _MOST or (moment < self._next_look and not at_once):
            return
        self._next_look = moment + _LOOK_SECONDS
        if not _due(now).exists():
            return
        for row in take_due(now, _MOST - self._at_work):
            self._send(row, now)

    def _send(self, row: OutboxMessage, now: datetime) -> None:
        backend = configuration().cfg.notify_config.get(row.backend)
        if backend is None:
            finish(Delivered(row.pk, MOST_TRIES, "no backend of that name is configured"), now)
            return
        payload = loads(row.payload)
        message = Message(str(row.key), row.kind, row.backend, payload["message"], payload["fields"])
        self._at_work += 1
        self._hands.give(lambda: _delivered(row, backend.type, message, dict(backend.config)))

    def take(self, delivered: Delivered, now: datetime) -> None:
        """Note what became of a message; to be called again when the database is away."""
        finish(delivered, now)
        self._at_work -= 1


def _delivered(row: OutboxMessage, type: str, message: Message, settings: dict[str, object]) -> Delivered:
    try:
        deliver(type, message, settings)
    except DeliveryFailed as error:
        return Delivered(row.pk, row.tries, str(error))
    except Exception as error:  # the edge of the outbox: a channel of an operator's own may raise anything
        log.exception("channel failed", extra={"backend": message.backend})
        # Its text may hold secrets.
        return Delivered(row.pk, row.tries, f"the channel failed: {error.__class__.__name__}")
    return Delivered(row.pk, row.tries)


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    earlier = OutboxMessage.objects.filter(
        task=OuterRef("task"), backend=OuterRef("backend"), due_at__isnull=False, pk__lt=OuterRef("pk")
    )
    return OutboxMessage.objects.filter(~Exists(earlier), due_at__lte=now)


@transaction.atomic
def take_due(now: datetime, most: int) -> list[OutboxMessage]:
    """Messages to be sent now, each the first of its task to its backend; nobody else takes them for a while."""
    due = _due(now).order_by("due_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    taken = list(due[:most])
    OutboxMessage.objects.filter(pk__in=[row.pk for row in taken]).update(tries=F("tries") + 1, due_at=now + _LEASE)
    for row in taken:
        row.tries += 1
    return taken


def finish(delivered: Delivered, now: datetime) -> None:
    """Sent; or to be tried again after a pause that doubles; or given up."""
    row = OutboxMessage.objects.filter(pk=delivered.message_id)
    if not delivered.error:
        row.update(sent=now, due_at=None, error="")
    elif delivered.tries >= MOST_TRIES:
        row.update(given_up=now, due_at=None, error=delivered.error)
    else:
        pause = min(_FIRST_PAUSE * 2 ** (delivered.tries - 1), _LONGEST_PAUSE)
        row.update(due_at=now + pause, error=delivered.error)
