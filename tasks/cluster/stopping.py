"""Whether this process has been asked to end: like threading.Event, but safe to set inside a signal handler."""

import contextlib
import os
import select


class StopFlag:
    """Set once by a signal; waited for by any thread, alone (``wait``) or together with other things (``fileno``).

    threading.Event takes a lock to set it, which the interrupted thread may hold: it would wait for itself.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._pid = 0
        self._read_end = self._write_end = -1

    def is_set(self) -> bool:
        """Whether this process is to end."""
        return self._is_set

    def set(self) -> None:
        """Ask this process to end."""
        self._is_set = True
        self._open()
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_end, b"!")

    def clear(self) -> None:
        """Forget it: a new process begins."""
        self._is_set = False
        self._pid = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Whether this process is to end, waiting so many seconds for it; None: without limit."""
        if not self._is_set:
            poller = select.poll()
            poller.register(self.fileno(), select.POLLIN)
            poller.poll(None if timeout is None else max(timeout, 0) * 1000)
        return self._is_set

    def fileno(self) -> int:
        """Readable once it is set; stays so."""
        self._open()
        return self._read_end

    def _open(self) -> None:
        """A pipe of this process's own: one that is shared through a fork would wake the parent too."""
        if self._pid != os.getpid():
            self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._pid = os.getpid()


stopping = StopFlag()
