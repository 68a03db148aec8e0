"""Kills the programs of a process that was killed itself: nobody else would, and their step may begin anew elsewhere.

A small process of its own holds one end of a pipe. It is told which process groups have begun and ended, and when the
pipe breaks, because its maker is no more, it kills those that are left and ends. Who is killed in the instant between
the start of a program and its announcement leaves that one program.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

_PROGRAM = """
import os, signal, sys

groups = set()
for line in sys.stdin.buffer:
    (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""


class Undertaker:
    """This process's; it begins with the first program, and again when it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        os.register_at_fork(after_in_child=self._forget)

    def watch(self, group: int) -> None:
        """A process group has begun."""
        with self._lock:
            self._groups.add(group)
            self._tell(b"+%d\n" % group)

    def let_go(self, group: int) -> None:
        """A process group has ended. To be said before its leader is reaped, as long as the number is ours."""
        with self._lock:
            self._groups.discard(group)
            self._tell(b"-%d\n" % group)

    def _tell(self, line: bytes) -> None:
        try:
            if self._process is None or self._process.stdin is None:
                raise BrokenPipeError
            os.write(self._process.stdin.fileno(), line)
        except OSError:
            # Without one the programs run all the same.
            with contextlib.suppress(OSError):
                self._begin()

    def _begin(self) -> None:
        self._end()
        if not self._groups:
            return
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            bufsize=0,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # It must outlive whoever ends this process, and hold nothing of it.
            start_new_session=True,
            cwd="/",
            env={},
        )
        assert self._process.stdin is not None
        # A stopped one must not make its maker wait.
        os.set_blocking(self._process.stdin.fileno(), False)
        os.write(self._process.stdin.fileno(), b"".join(b"+%d\n" % group for group in self._groups))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            # Killed first: what it watches over goes on, and is the next one's.
            process.kill()
            process.wait()
            process.stdin.close()

    def _forget(self) -> None:
        """A forked child has another life than its parent, whose pipe it must not keep open."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        self._groups = set()
        if process is not None and process.stdin is not None:
            process.stdin.close()


#: The one of this process.
UNDERTAKER = Undertaker()
