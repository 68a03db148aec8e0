"""What the processes of a cluster do when they are told to end, and when their parent is gone."""

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

from tasks.cluster import queues
from tasks.cluster.names import name_process
from tasks.cluster.stopping import stopping

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

#: Seconds after the grace time of running steps until a process that still runs is killed.
LAST_CALL_SECONDS = 5.0


def send_when_parent_dies(number: int, parent: int) -> None:
    """Have the kernel send us signal ``number`` when the process ``parent`` dies; at once where it is dead already."""
    if _libc.prctl(_PR_SET_PDEATHSIG, number) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def parent_pid() -> int:
    """The process that made this one with multiprocessing."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    assert parent.pid is not None
    return parent.pid


def become_worker(grace_seconds: float) -> None:
    """Set up a worker that has just been forked: SIGTERM, or the end of its parent, asks it to stop.

    An idle worker ends at once, a busy one looks at ``stopping``; one that does not end in time is killed.
    """
    name_process("utask-starting")
    stopping.clear()

    def on_term(*_: Any) -> None:
        if not stopping.is_set():
            # Whoever was to kill us in time may be dead, so we do it ourselves: SIGALRM ends a process.
            signal.setitimer(signal.ITIMER_REAL, grace_seconds + LAST_CALL_SECONDS)
        stopping.set()
        if queues.waiting():
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    send_when_parent_dies(signal.SIGTERM, parent_pid())


def dying_with_its_parent(run: Callable[..., None]) -> Callable[..., None]:
    """``run`` for a process that has nothing to finish: it is killed when its parent dies."""

    def process(*args: Any) -> None:
        name_process(f"utask-{run.__name__}")
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        send_when_parent_dies(signal.SIGKILL, parent_pid())
        run(*args)

    return process
