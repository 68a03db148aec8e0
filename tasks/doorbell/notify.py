"""The bell on PostgreSQL: LISTEN/NOTIFY, one channel a family, on a connection of its own."""

import logging
import socket
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from tasks.doorbell.readiness import readable
from tasks.doorbell.topics import family

log = logging.getLogger(__name__)

_PREFIX = "utask_"
#: Seconds between attempts to reach a server that is away.
_RETRY_SECONDS = 1.0


def send(connection: BaseDatabaseWrapper, topics: Iterable[str]) -> None:
    """Notify all listeners of these topics, in one statement."""
    channels = [_PREFIX + family(topic) for topic in topics]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_notify(channel, topic) FROM unnest(%s::text[], %s::text[]) AS bell(channel, topic)",
                [channels, list(topics)],
            )
    except (DatabaseError, InterfaceError):
        # The change itself is committed; the slow look finds it.
        log.warning("ring not sent", exc_info=True)


class NotifyBell:
    """Listens to families on its own autocommit connection, which is opened at first use and again when it is lost."""

    def __init__(self, parameters: dict[str, Any], families: Iterable[str]) -> None:
        self._parameters = {**parameters, "autocommit": True}
        self._families = sorted(families)
        self._connection: psycopg.Connection[Any] | None = None
        self._next_attempt = 0.0
        # What may have been rung while nobody listened is rung at the next wait.
        self._missed = True
        # What a selector is given while there is no connection, and while something was missed.
        self._silent, self._ringing = socket.socketpair(), socket.socketpair()
        self._ringing[1].send(b"!")

    def fileno(self) -> int:
        """Readable when it rings or the connection is lost; another number after a reconnection."""
        connection = self._connected()
        if connection is None:
            return self._silent[0].fileno()
        return self._ringing[0].fileno() if self._missed else connection.fileno()

    def wait(self, timeout: float) -> set[str]:
        """Topics rung within ``timeout`` seconds; all families after a (re)connection, for what was missed."""
        connection = self._connected()
        if connection is None:
            time.sleep(min(timeout, _RETRY_SECONDS))
            return set()
        if self._missed:
            self._missed = False
            return set(self._families) | self._drain(connection)
        return self._drain(connection) if readable(connection, timeout) else set()

    def close(self) -> None:
        """Give the connection back."""
        self._drop()
        for end in (*self._silent, *self._ringing):
            end.close()

    def _connected(self) -> psycopg.Connection[Any] | None:
        if self._connection is None and time.monotonic() >= self._next_attempt:
            try:
                connection = psycopg.connect(**self._parameters)
                for name in self._families:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(_PREFIX + name)))
            except psycopg.Error:
                log.warning("bell not connected, trying again", exc_info=True)
                self._next_attempt = time.monotonic() + _RETRY_SECONDS
            else:
                self._connection = connection
        return self._connection

    def _drain(self, connection: psycopg.Connection[Any]) -> set[str]:
        try:
            return {heard.payload for heard in connection.notifies(timeout=0)}
        except psycopg.Error:
            log.warning("bell lost its connection", exc_info=True)
            self._drop()
            return set()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._missed = None, True
