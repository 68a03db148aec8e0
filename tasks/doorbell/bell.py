"""Hears: one object for both ways a ring travels."""

from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connections

from tasks.doorbell.datagram import DatagramBell
from tasks.doorbell.notify import NotifyBell
from tasks.doorbell.topics import families


class Bell:
    """Listens to families of topics; made and used in one process, by one thread.

    ``fileno()`` lets a selector wait for it together with other things: ask for the number before each wait, it changes
    when the connection was lost; then call ``wait(0)``. A bell that is new or was cut off rings once by itself,
    because something may have changed before it listened.
    """

    def __init__(self, *topics: str, using: str = "default") -> None:
        """Raises ValueError for what is no topic, or without any."""
        wanted = families(topics)
        if not wanted:
            raise ValueError("a bell listens to something")
        connection = connections[using]
        self._way: NotifyBell | DatagramBell
        if connection.vendor == "postgresql":
            self._way = NotifyBell(connection.get_connection_params(), wanted)
        else:
            self._way = DatagramBell(settings.UTASK_BELLS, wanted)
        self._heard: set[str] = set()

    def wait(self, timeout: float) -> bool:
        """Whether it rang within ``timeout`` seconds."""
        self._heard = self._way.wait(timeout)
        return bool(self._heard)

    @property
    def heard(self) -> frozenset[str]:
        """What the last ``wait`` heard: topics, or a bare family where any topic of it may have been rung."""
        return frozenset(self._heard)

    def fileno(self) -> int:
        """Readable when it rings."""
        return self._way.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
