"""News of tasks to the streams of one process: one listener, however many streams.

The bell only says that there may be something new; each stream then reads what it has not told yet.
Source: docs/api.md, "Events".
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.doorbell import NEWS, Bell

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5


class Hub:
    """Listens while somebody is subscribed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribed: dict[str, set[threading.Event]] = {}
        self._count = 0
        self._listener: threading.Thread | None = None

    @contextmanager
    def subscribed(self, topic: str, *, most: int) -> Iterator[threading.Event | None]:
        """An event that is set when there may be news of the topic; None where ``most`` are subscribed already."""
        rung = threading.Event()
        with self._lock:
            if self._count >= most:
                taken = False
            else:
                taken = True
                self._count += 1
                self._subscribed.setdefault(topic, set()).add(rung)
                if self._listener is None:
                    self._listener = threading.Thread(target=self._listen, name="news", daemon=True)
                    self._listener.start()
        try:
            yield rung if taken else None
        finally:
            if taken:
                self._leave(topic, rung)

    def _leave(self, topic: str, rung: threading.Event) -> None:
        with self._lock:
            self._count -= 1
            self._subscribed[topic].discard(rung)
            if not self._subscribed[topic]:
                del self._subscribed[topic]

    def _listen(self) -> None:
        with Bell(NEWS) as bell:
            while self._is_wanted():
                if bell.wait(_LOOK_SECONDS):
                    self._pass_on(bell.heard)

    def _is_wanted(self) -> bool:
        with self._lock:
            if not self._count:
                self._listener = None
            return self._count > 0

    def _pass_on(self, heard: frozenset[str]) -> None:
        with self._lock:
            for topic, events in self._subscribed.items():
                if NEWS in heard or topic in heard:
                    for rung in events:
                        rung.set()


hub = Hub()
