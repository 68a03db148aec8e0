"""Messages that could not be sent: how many there are, and sending them again.

Source: docs/operating.md, "Delivery".
"""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Min, Q

from tasks.models import OutboxMessage, clock
from tasks.services.actors import Actor
from tasks.services.permissions import Operation, require_admin

log = logging.getLogger(__name__)


def send_again(actor: Actor, ids: Collection[int] | None = None) -> int:
    """Have messages that were given up, or that wait for their next try, sent now; ``None``: all that were given up.

    Answers how many. Raises AdministratorsOnly.
    """
    require_admin(actor, Operation.OPERATE)
    rows = OutboxMessage.objects.filter(sent__isnull=True)
    rows = rows.filter(given_up__isnull=False) if ids is None else rows.filter(pk__in=ids)
    count = rows.update(due_at=clock.now(), given_up=None, tries=0, error="")
    log.info("messages are sent again", extra={"count": count, "user": actor.username})
    return count


def waiting() -> tuple[dict[str, int], dict[str, int], datetime | None]:
    """By backend the number of messages that wait, and of those given up; and since when the oldest one waits."""
    unsent = Q(due_at__isnull=False)
    rows = OutboxMessage.objects.filter(unsent | Q(given_up__isnull=False)).order_by().values("backend")
    counted = list(
        rows.annotate(waiting=Count("pk", filter=unsent), oldest=Min("created", filter=unsent), all=Count("pk"))
    )
    oldest = min((row["oldest"] for row in counted if row["oldest"] is not None), default=None)
    return (
        {row["backend"]: row["waiting"] for row in counted},
        {row["backend"]: row["all"] - row["waiting"] for row in counted},
        oldest,
    )
