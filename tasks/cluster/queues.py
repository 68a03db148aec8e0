"""How messages reach the workers, and results the monitor: whole packets through sockets, without a lock.

A stock queue is guarded by a semaphore: a worker that is killed while it holds it leaves the others deaf for ever.
The kernel hands each packet of a SEQPACKET socket to exactly one reader, and lets go of whatever a dead one held.
"""

import pickle
import re
import select
import socket
import time
import uuid
from typing import Any, Final

from django.utils import timezone

from tasks.cluster.names import name_process
from tasks.cluster.stopping import stopping

#: What ends a reader, as django-q2 has it.
STOP: Final = "STOP"
_LARGEST = 1 << 20

_idle = False


def waiting() -> bool:
    """Whether this process waits for a message, so that a signal may end it on the spot."""
    return _idle


class PacketQueue:
    """Any number of writers and readers; what does not fit into the socket's buffer makes the writer wait."""

    def __init__(self, reader_name: str) -> None:
        """``reader_name`` is what a process is called that reads here."""
        self._reader_name = reader_name
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, message: Any) -> None:
        """Add a message of less than 200 kB; waits where the buffer is full."""
        self._writer.send(pickle.dumps(message))

    def get(self) -> Any:
        """The next message, waiting for it; STOP in a process that is to end."""
        global _idle
        name_process(self._reader_name)
        _idle = True
        try:
            # Looked at after we count as idle: a signal from here on ends the wait, one before is seen here.
            if stopping.is_set():
                return STOP
            # Only our own processes hold the other end.
            return pickle.loads(self._reader.recv(_LARGEST))  # noqa: S301  # nosec B301
        finally:
            _idle = False

    def empty(self) -> bool:
        """Whether no message waits."""
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        return not poller.poll(0)

    def qsize(self) -> int:
        """Whether a message waits, as a number: django-q2 shows it."""
        return int(not self.empty())

    def close(self) -> None:
        """Nothing to flush: what was put is with the kernel."""

    join_thread = close


class ResultQueue(PacketQueue):
    """Results on their way to the monitor, without the values in them.

    Jobs write what they find into rows of their own. What is left here says whether a job succeeded and, if not, where
    it failed: the exception's type and places. Its message could quote a secret and would be stored in clear.
    """

    def put(self, message: Any) -> None:
        """Add the outcome of a job."""
        if isinstance(message, dict) and "result" in message:
            result = message["result"]
            message = {**message, "result": None if message.get("success") else places(str(result))}
        super().put(message)


_PLACE = re.compile(r'^ +File ".*?([^/"]+/[^/"]+)", line (\d+), in (.+)$')
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def places(trace: str) -> str:
    """A printed traceback without its messages and source lines: each place it passed, each exception's type."""
    lines: list[str] = []
    for line in trace.splitlines()[-400:]:
        if place := _PLACE.match(line):
            lines.append(f"{place[1]}:{place[2]} in {place[3]}")
        elif lines and (raised := _RAISED.match(line)) and ":" in lines[-1]:
            lines.append(raised[1])
    return "\n".join(lines[-60:])


class Residence:
    """The queue of a worker that only ever runs one thing: the resident runner.

    Gives the runner's message again each time the runner has ended, later each time it ended soon.
    """

    _SHORT_RUN_SECONDS = 5.0
    _LONGEST_PAUSE_SECONDS = 30.0

    def __init__(self, function: str) -> None:
        self._function = function
        self._given_at = float("-inf")
        self._short_runs = 0

    def get(self) -> Any:
        """The message that starts the runner; STOP in a process that is to end."""
        name_process("utask-runner")
        ran_for = time.monotonic() - self._given_at
        self._short_runs = self._short_runs + 1 if ran_for < self._SHORT_RUN_SECONDS else 0
        if self._short_runs:
            stopping.wait(min(0.25 * 2.0**self._short_runs, self._LONGEST_PAUSE_SECONDS))
        if stopping.is_set():
            return STOP
        self._given_at = time.monotonic()
        return {
            "id": uuid.uuid4().hex,
            "name": "runner",
            "func": self._function,
            "args": (),
            "kwargs": {},
            "started": timezone.now(),
            # It has no end of its own, and its end is no result.
            "timeout": -1,
            "save": False,
        }
