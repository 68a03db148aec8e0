"""Keeps a few commands running in the foreground until asked to stop: what ``manage.py up`` is made of.

One loop in one thread waits for signals; children tell of their end by SIGCHLD. Each child has a session of its own, so
that Ctrl-C reaches us alone, and is asked to stop by the kernel when we die.
"""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tasks.cluster.signals import send_when_parent_dies

log = logging.getLogger(__name__)

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
#: A child that ends sooner is not well; one that never lived longer cannot work as it is configured.
_SHORT_LIFE_SECONDS = 3.0
_LONGEST_PAUSE_SECONDS = 30.0


class CannotRun(Exception):
    """A child ends each time it is started; the message names it."""


@dataclass
class Child:
    """One command that is to run all the time."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    start_at: float = 0.0
    has_been_well: bool = False
    short_lives: int = 0

    def start(self) -> None:
        """Start it."""
        self.began = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own commands, by full path
            self.command, env=self.environ, stdin=subprocess.DEVNULL, preexec_fn=_prepare_for(os.getpid())
        )
        log.info("started", extra={"child": self.name, "pid": self.process.pid})

    def noticed_dead(self) -> bool:
        """Whether it has ended since it was started; what is left of its family is asked to end."""
        if self.process is None or self.process.poll() is None:
            return False
        self.signal_family(signal.SIGTERM)
        lived = time.monotonic() - self.began
        # One that was killed by a signal says nothing of its configuration.
        self.has_been_well = self.has_been_well or lived >= _SHORT_LIFE_SECONDS or self.process.returncode < 0
        self.short_lives = self.short_lives + 1 if lived < _SHORT_LIFE_SECONDS else 0
        pause = min(0.5 * 2.0**self.short_lives, _LONGEST_PAUSE_SECONDS) if self.short_lives else 0.0
        self.start_at = time.monotonic() + pause
        log.error(
            "ended", extra={"child": self.name, "exit_code": self.process.returncode, "lived_seconds": round(lived, 1)}
        )
        self.process = None
        return True

    def signal_family(self, number: signal.Signals) -> None:
        """Send a signal to it and all that it has started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def _prepare_for(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec."""

    def prepare() -> None:
        os.setsid()
        send_when_parent_dies(signal.SIGTERM, parent)
        # We hear our signals one by one and have them blocked; a child that inherits that would never hear any.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    return prepare


@dataclass
class Supervisor:
    """Starts its children, restarts those that die, and stops them all."""

    children: list[Child]
    grace_seconds: float
    #: Called now and then; answers in how many seconds it wants to be called again.
    tick: Callable[[], float] = lambda: 5.0
    _stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; then stop all. Raises CannotRun where a child never came up."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            while not self._stopping:
                self._look_after_children()
                self._wait(min(self.tick(), self._next_start()))
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _look_after_children(self) -> None:
        for child in self.children:
            if child.noticed_dead() and not child.has_been_well:
                raise CannotRun(f"{child.name} ends as soon as it is started; its own lines above say why")
            if child.process is None and time.monotonic() >= child.start_at:
                child.start()

    def _next_start(self) -> float:
        """Seconds until the next child is to be started."""
        now = time.monotonic()
        return max(0.0, min((child.start_at - now for child in self.children if child.process is None), default=60.0))

    def _wait(self, seconds: float) -> None:
        heard = signal.sigtimedwait(_SIGNALS, seconds)
        if heard is not None and heard.si_signo != signal.SIGCHLD:
            log.info("stopping", extra={"signal": signal.Signals(heard.si_signo).name})
            self._stopping = True

    def _stop(self) -> None:
        """Ask all to end, wait the grace time for them, kill what is left."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        until = time.monotonic() + self.grace_seconds
        for child in self.children:
            if child.process is not None:
                try:
                    child.process.wait(max(0.0, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    log.error("killed, it did not end in time", extra={"child": child.name})
                child.signal_family(signal.SIGKILL)
                child.process.wait()
