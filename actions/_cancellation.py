"""How a running action is told to give up."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Cancellation:
    """Tells a running action to give up: an event with callbacks, safe to use from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[object, Callable[[], object]] = {}

    def set(self) -> None:
        """Ask to stop. Callbacks run once, in the calling thread; what they raise is dropped."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = list(self._callbacks.values()), {}
        for callback in callbacks:
            with contextlib.suppress(Exception):
                callback()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the request to stop; True when it came within ``seconds``."""
        return self._event.wait(seconds)

    @contextlib.contextmanager
    def calling(self, callback: Callable[[], object]) -> Iterator[None]:
        """While inside, a request to stop calls ``callback``, at once when it came before: close a socket, kill…"""
        mark = object()
        with self._lock:
            too_late = self._event.is_set()
            if not too_late:
                self._callbacks[mark] = callback
        if too_late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.pop(mark, None)
