"""django-q2's queue in the database, with a bell instead of a poll."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, transaction
from django.db.models.functions import Now
from django_q.brokers import orm
from django_q.conf import Conf, logger
from django_q.models import OrmQ

from tasks.doorbell.bell import Bell
from tasks.doorbell.ringing import ring
from tasks.doorbell.topics import JOB

#: Seconds a look at the queue takes when nobody rings: the pusher hears of its stop only between looks.
_LOOK_SECONDS = 0.5
#: Seconds between looks whether the workers have taken what is before them.
_BUSY_SECONDS = 0.05
#: Largest message in bytes: it travels to a worker in one piece through a socket.
LARGEST_BYTES = 128 * 1024


class Broker(orm.ORM):  # type: ignore[misc]  # django-q2 has no types
    """Takes messages the moment they are committed, one at a time and never more than the workers can take.

    Times are the database's, so that machines with other clocks agree on what is taken.
    """

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._bell: Bell | None = None
        #: Whether a message already waits for a worker; the cluster's pusher sets it.
        self.backlog: Callable[[], bool] = lambda: False

    def enqueue(self, task: str) -> int:
        """Store a signed message and ring. Raises ValueError for one that is too large to travel."""
        if len(task) > LARGEST_BYTES:
            raise ValueError(f"a message of {len(task)} bytes is too large: store the data and send its id")
        stored = self.get_connection().create(key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=Now())
        ring(JOB, using=Conf.ORM)
        return int(stored.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The next messages, or None after a short wait without any."""
        try:
            if self.backlog():
                self._listen().wait(_BUSY_SECONDS)
                return None
            taken = self._take()
            if not taken and self._listen().wait(_LOOK_SECONDS):
                taken = self._take()
        except (DatabaseError, InterfaceError):
            # An exception from here would cost django-q2 ten seconds and a new pusher.
            logger.warning("queue not reachable, trying again", exc_info=True)
            close_old_connections()
            self._listen().wait(_LOOK_SECONDS)
            return None
        return taken or None

    def queue_size(self) -> int:
        """Messages that wait."""
        return self.get_connection().filter(key=self.list_key, lock__lte=Now()).count()  # type: ignore[no-any-return]

    def lock_size(self) -> int:
        """Messages that were taken and not yet answered."""
        return self.get_connection().filter(key=self.list_key, lock__gt=Now()).count()  # type: ignore[no-any-return]

    def _listen(self) -> Bell:
        if self._bell is None:
            self._bell = Bell(JOB, using=Conf.ORM)
        return self._bell

    def _take(self) -> list[tuple[int, str]]:
        waiting: Any = self.get_connection().filter(key=self.list_key, lock__lte=Now())
        # A look without a lock first: an idle cluster must not keep writers waiting.
        if not waiting.exists():
            return []
        with transaction.atomic(using=Conf.ORM):
            taken = list(
                waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", "payload")[: Conf.BULK]
            )
            locked_until = Now() + timedelta(seconds=Conf.RETRY)
            OrmQ.objects.using(Conf.ORM).filter(pk__in=[pk for pk, _ in taken]).update(lock=locked_until)
        return taken
