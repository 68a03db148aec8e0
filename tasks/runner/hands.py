"""The hands: threads that render and run actions, and bring back what came of it. They never touch the database.

A hand takes a piece of work and puts a result into the coordinator's basket; a byte in a pipe tells that something is
there. A hand whose action does not come back after it was told to stop is given up: another takes its place, and what
it brings later is thrown away.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

#: What a hand is given: a function without arguments whose answer goes into the basket.
Work = Callable[[], Any]


class Hands:
    """A bounded pool of threads, grown as it is needed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads = 0
        self._idle = 0
        self._given_up = 0
        self._lock = threading.Lock()
        self._work: deque[Work] = deque()
        self._there_is_work = threading.Condition(self._lock)
        self._basket: deque[Any] = deque()
        self._closed = False
        self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Readable when results are there."""
        return self._read_end

    @property
    def free(self) -> int:
        """How many more pieces of work would be begun at once."""
        with self._lock:
            return self._most - (self._threads - self._given_up - self._idle) - len(self._work)

    def give(self, work: Work) -> None:
        """Have this done; its answer (never an exception, which would be a mistake of ours) is collected later."""
        with self._lock:
            self._work.append(work)
            if self._idle >= len(self._work):
                self._there_is_work.notify()
                return
            if self._threads - self._given_up >= self._most:
                return
            self._threads += 1
            number = self._threads
        threading.Thread(target=self._live, name=f"hand-{number}", daemon=True).start()

    def give_up_one(self) -> None:
        """Count one hand as lost: its action does not end."""
        with self._lock:
            self._given_up += 1

    def take_back_one(self) -> None:
        """A hand that had been given up has come back after all."""
        with self._lock:
            self._given_up -= 1

    def collect(self) -> list[Any]:
        """All results that are there."""
        try:
            os.read(self._read_end, 65536)
        except BlockingIOError:
            return []
        results = []
        while self._basket:
            results.append(self._basket.popleft())
        return results

    def close(self) -> None:
        """Let idle hands go; those at work end by themselves."""
        with self._lock:
            self._closed = True
            self._there_is_work.notify_all()

    def _live(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while not self._work and not self._closed:
                    self._there_is_work.wait()
                self._idle -= 1
                if not self._work:
                    self._threads -= 1
                    return
                work = self._work.popleft()
            try:
                result = work()
            except BaseException:  # the edge of a hand: nothing may be lost without a trace
                log.exception("a hand failed")
                continue
            self._basket.append(result)
            try:
                os.write(self._write_end, b"!")
            except BlockingIOError:
                continue  # the pipe is full of tellings already
