"""A request that is sent again, because its answer was lost, is done once and answered again with the same.

Only what succeeded is remembered: what was refused left nothing behind, and may be asked again.
Source: docs/api.md, "Idempotency".
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tasks.engine.gotemplate import dumps, loads
from tasks.models import IdempotentAnswer, clock
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest

#: How long an answer is remembered.
REMEMBERED = timedelta(hours=24)
LONGEST_KEY = 255
#: Old answers that one new request clears away.
_CLEARED_AT_ONCE = 20


def once(actor: Actor, operation: str, key: str, body: bytes, make: Callable[[], Any]) -> tuple[Any, bool]:
    """What ``make`` answers (any JSON value) the first time, and whether this was a repetition.

    Two at once take turns: the second waits for the first and gets its answer. Raises BadRequest for a key that is no
    key, or that came with another body before, and what ``make`` raises.
    """
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        raise BadRequest(f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters are expected")
    fingerprint = hashlib.sha256(body).hexdigest()
    now = clock.now()
    with transaction.atomic():
        _clear(now - REMEMBERED)
        remembered, is_new = IdempotentAnswer.objects.get_or_create(
            username=actor.username,
            operation=operation,
            key=key,
            defaults={"request_hash": fingerprint, "created": now},
        )
        if not is_new:
            if remembered.request_hash != fingerprint:
                raise BadRequest("Idempotency-Key: it was used for another request; take a new one")
            return loads(remembered.body or "null"), True
        value = make()
        remembered.body, remembered.status = dumps(value, sort_keys=False), 201
        remembered.save(update_fields=["body", "status"])
        return value, False


def _clear(before: datetime) -> None:
    old = IdempotentAnswer.objects.filter(created__lt=before).order_by("created").select_for_update(skip_locked=True)
    ids = list(old.values_list("pk", flat=True)[:_CLEARED_AT_ONCE])
    if ids:
        IdempotentAnswer.objects.filter(pk__in=ids).delete()
