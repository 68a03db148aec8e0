"""The child processes that interpret expressions: started when wanted, at most ``SIZE`` for a process of ours.

Each serves one caller at a time, so that nobody's time is spent by another's expression.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import py_mini_racer

from .errors import JavaScriptError, Reason

#: Interpreters of one process; further callers wait. Each takes some 60 MB.
SIZE: Final = 2

_SCRIPT: Final = Path(__file__).with_name("interpreter.py")
_LIBRARIES: Final = Path(py_mini_racer.__file__).parents[1]
#: Runs the script where Python's own search would not find our libraries.
_BOOTSTRAP: Final = (
    f"import runpy, sys; sys.path.append({str(_LIBRARIES)!r}); runpy.run_path({str(_SCRIPT)!r}, run_name='__main__')"
)

#: More than a year makes no difference, and too much does not fit a C timeval.
_LONGEST_SECONDS: Final = 365 * 86_400.0

#: Until a child must be ready; a busy machine takes long to start one.
_START_SECONDS: Final = 60.0
#: Beyond the expression's own time, for a child that does not hear of its timeout.
_GRACE_SECONDS: Final = 0.5
_CHECK_SECONDS: Final = 10.0

_REASONS: Final = {"s": Reason.SYNTAX, "x": Reason.EXCEPTION, "t": Reason.TIMEOUT, "m": Reason.MEMORY}


def run(source: str, seconds: float, names: Mapping[str, str]) -> str:
    """The expression's value; ``names`` are JSON texts. Raises JavaScriptError."""
    seconds = min(seconds, _LONGEST_SECONDS)
    return _ask({"source": source, "seconds": seconds, "names": names, "check": False}, seconds)


def run_check(source: str) -> None:
    """Raises JavaScriptError for a syntax error."""
    _ask({"source": source, "seconds": 0, "names": {}, "check": True}, _CHECK_SECONDS)


def _ask(request: Mapping[str, object], seconds: float) -> str:
    with _pool.interpreter() as interpreter:
        answer = interpreter.ask(json.dumps(request), seconds)
        kind, text = answer[0], str(json.loads(answer[1:]))
        if kind in "tm":
            interpreter.end()
    # Between processes a half character is legal JSON; a text of ours has none.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if kind == "v":
        return text
    raise JavaScriptError(_REASONS[kind], text)


class _Interpreter:
    """One child process, and our end of the socket to it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-c", _BOOTSTRAP, str(theirs.fileno())]
        try:
            # Without an environment: what a process was told in secret is not for expressions.
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                command,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        except OSError as error:
            self._channel.close()
            raise JavaScriptError(Reason.UNAVAILABLE, f"no interpreter could be started ({error})") from error
        finally:
            theirs.close()
        try:
            self._receive(_START_SECONDS)
        except OSError as error:
            self.end()
            raise JavaScriptError(Reason.UNAVAILABLE, "its interpreter did not start") from error

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: str, seconds: float) -> str:
        """The answer to a request. Raises JavaScriptError when the child hangs or ends over it."""
        try:
            data = request.encode()
            self._channel.settimeout(seconds + _GRACE_SECONDS)
            self._channel.sendall(struct.pack(">I", len(data)) + data)
            return self._receive(seconds + _GRACE_SECONDS)
        except TimeoutError:
            raise JavaScriptError(Reason.TIMEOUT, "it took longer than it may") from None
        except OSError:
            # V8 ends its process when there is no memory left.
            raise JavaScriptError(Reason.MEMORY, "it used more memory than it may") from None

    def end(self) -> None:
        """Kill the child, whatever it is doing."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Close our copy of the socket, in a fork of the process that the child belongs to."""
        self._channel.close()
        # The child is not ours to wait for.
        self._process.returncode = 0

    def _receive(self, seconds: float) -> str:
        self._channel.settimeout(seconds)
        (length,) = struct.unpack(">I", self._exactly(4))
        return self._exactly(length).decode()

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            part = self._channel.recv(min(length - len(data), 1 << 20))
            if not part:
                raise ConnectionResetError
            data += part
        return bytes(data)


class _Pool:
    """The interpreters of this process; a fork begins with none."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._free_slots = threading.Semaphore(SIZE)
        self._lock = threading.Lock()
        self._idle: list[_Interpreter] = []
        self._all: set[_Interpreter] = set()

    @contextmanager
    def interpreter(self) -> Iterator[_Interpreter]:
        """An interpreter for one caller, who waits while all are taken; it is ended when the block raises."""
        with self._free_slots:
            interpreter = self._take()
            try:
                yield interpreter
            except BaseException:
                interpreter.end()
                raise
            finally:
                self._give_back(interpreter)

    def _take(self) -> _Interpreter:
        with self._lock:
            while self._idle:
                interpreter = self._idle.pop()
                if interpreter.is_alive:
                    return interpreter
                self._drop(interpreter)
        interpreter = _Interpreter()
        with self._lock:
            self._all.add(interpreter)
        return interpreter

    def _give_back(self, interpreter: _Interpreter) -> None:
        with self._lock:
            if interpreter.is_alive:
                self._idle.append(interpreter)
            else:
                self._drop(interpreter)

    def _drop(self, interpreter: _Interpreter) -> None:
        self._all.discard(interpreter)
        interpreter.end()

    def forget(self) -> None:
        """In a fork: the interpreters belong to the parent, and its locks may have been held."""
        for interpreter in self._all:
            interpreter.forget()
        self._begin()


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.forget)
