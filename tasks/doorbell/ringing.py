"""Rings: after the commit of what it is about, never inside it."""

from functools import partial

from django.conf import settings
from django.db import connections, transaction

from tasks.doorbell import datagram, notify
from tasks.doorbell.topics import families


def ring(*topics: str, using: str = "default") -> None:
    """Tell those who listen to these topics that something has changed.

    Inside a transaction the bell rings after its commit, and not at all when it is rolled back. Ring once for all that
    a transaction changed: on PostgreSQL a ring costs a statement. A ring that cannot be sent is passed over: the slow
    look behind each bell makes up for it. Raises ValueError for what is no topic.
    """
    families(topics)
    if topics:
        transaction.on_commit(partial(_send, topics, using), using=using)


def _send(topics: tuple[str, ...], using: str) -> None:
    connection = connections[using]
    if connection.vendor == "postgresql":
        notify.send(connection, topics)
    else:
        datagram.send(settings.UTASK_BELLS, topics)
