"""Waiting for one file descriptor."""

import select
from typing import Protocol


class HasDescriptor(Protocol):
    """Anything a selector takes."""

    def fileno(self) -> int:
        """The file descriptor."""
        ...


def readable(what: HasDescriptor, seconds: float) -> bool:
    """Whether there is something to read, or an end, within so many seconds. Any descriptor number will do."""
    poller = select.poll()
    poller.register(what, select.POLLIN)
    return bool(poller.poll(max(seconds, 0) * 1000))
