"""The foreground process of ``manage.py qcluster``: keeps a sentinel running, and hears the signals."""

import logging
import multiprocessing
import signal
import time
import uuid
from typing import Any

from tasks.cluster.sentinel import keep_sentinel
from tasks.cluster.shared import SharedFlag

log = logging.getLogger(__name__)

_SHORT_LIFE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 30.0


class Cluster:
    """Runs until SIGTERM or SIGINT; a sentinel that dies is replaced, later each time it died young."""

    def __init__(self) -> None:
        self._id = uuid.uuid4()
        self._stop = SharedFlag()

    def run(self) -> None:
        """Work until asked to stop; returns when all processes have ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        short_lives = 0
        while not self._stop.is_set():
            began = time.monotonic()
            sentinel = multiprocessing.get_context("fork").Process(
                target=keep_sentinel, args=(self._stop, self._id), name="sentinel"
            )
            sentinel.start()
            log.info("cluster started", extra={"sentinel": sentinel.pid})
            sentinel.join()
            if self._stop.is_set():
                break
            short_lives = short_lives + 1 if time.monotonic() - began < _SHORT_LIFE_SECONDS else 0
            log.error("sentinel died, starting another", extra={"exit_code": sentinel.exitcode})
            if short_lives:
                self._stop.wait(min(0.5 * 2.0**short_lives, _LONGEST_PAUSE_SECONDS))
        log.info("cluster stopped")

    def _on_stop(self, *_: Any) -> None:
        self._stop.set()
