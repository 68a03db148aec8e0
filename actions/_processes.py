"""Runs a program in a process group of its own, with limits on its time and on what it may write.

All of the group is killed when ``run_program`` comes back: what a program started and did not set free (``setsid``)
ends with it. The same happens when this process is killed: see ``_undertaker``.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from actions._cancellation import Cancellation
from actions._undertaker import UNDERTAKER

#: How often to look whether a program has ended although something it started still holds its output open, in seconds.
_GLANCE = 0.05


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``code`` is negative for a signal."""

    code: int
    output: bytes  # standard output and error, as they came
    nanoseconds: int
    timed_out: bool = False
    too_long: bool = False


def run_program(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: bytes,
    seconds: float | None,
    max_output_bytes: int,
    cancelled: Cancellation,
) -> Ended:
    """Run a program to its end. Raises OSError or ValueError when it cannot be started.

    It is killed, with all that it started, after ``seconds``, when it writes more than ``max_output_bytes``, and when
    ``cancelled`` is set.
    """
    started = time.monotonic_ns()
    deadline = None if seconds is None else time.monotonic() + seconds
    process = subprocess.Popen(  # noqa: S603  # a program of the operator's scripts folder, no shell in between
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
    )
    UNDERTAKER.watch(process.pid)
    try:
        with cancelled.calling(lambda: _kill_group(process.pid)):
            output, timed_out, too_long = _exchange(process, stdin, deadline, max_output_bytes)
    finally:
        _kill_group(process.pid)
        UNDERTAKER.let_go(process.pid)
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
    return Ended(code, output, time.monotonic_ns() - started, timed_out, too_long)


def _kill_group(pid: int) -> None:
    """Kill what is left of a process group; its leader is not reaped yet, so that the number is still ours."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _has_ended(pid: int) -> bool:
    """Has a child ended? It is left unreaped, which keeps its number from being given to another."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


@contextlib.contextmanager
def _told_of_its_end(pid: int) -> Iterator[int | None]:
    """A descriptor that is readable once the process has ended; None where the kernel has none: it is glanced at."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _exchange(
    process: subprocess.Popen[bytes], stdin: bytes, deadline: float | None, most: int
) -> tuple[bytes, bool, bool]:
    """Feed and read a program until it has ended: its output, was it too slow, did it write too much."""
    output = bytearray()
    with selectors.DefaultSelector() as selector, _told_of_its_end(process.pid) as told:
        unsent = _prepare(selector, process, stdin)
        if told is not None:
            selector.register(told, selectors.EVENT_READ)
        while True:
            if deadline is not None and time.monotonic() >= deadline:
                return bytes(output), True, False
            ended = _has_ended(process.pid)
            if ended and told is not None and told in selector.get_map():
                selector.unregister(told)
            # After the end what was written is still in the pipe: read until it is empty.
            ready = selector.select(0 if ended else _span(deadline))
            if ended and not ready:
                return bytes(output), False, False
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    unsent = _feed(selector, process.stdin, unsent)
                elif key.fileobj == told:
                    continue  # looked at above
                elif chunk := os.read(key.fd, 65_536):
                    output += chunk
                else:
                    selector.unregister(key.fileobj)
            if len(output) > most:
                return bytes(output[:most]), False, True
            if ended and not any(key.fileobj is process.stdout for key in selector.get_map().values()):
                return bytes(output), False, False


def _prepare(selector: selectors.BaseSelector, process: subprocess.Popen[bytes], stdin: bytes) -> memoryview:
    assert process.stdin is not None
    assert process.stdout is not None
    selector.register(process.stdout, selectors.EVENT_READ)
    if stdin:
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE)
    else:
        process.stdin.close()
    return memoryview(stdin)


def _span(deadline: float | None) -> float:
    return _GLANCE if deadline is None else max(0.0, min(_GLANCE, deadline - time.monotonic()))


def _feed(selector: selectors.BaseSelector, pipe: IO[bytes] | None, unsent: memoryview) -> memoryview:
    """Write what the program takes just now; the rest. A program that does not read its input is no error."""
    assert pipe is not None
    try:
        unsent = unsent[os.write(pipe.fileno(), unsent[:65_536]) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        unsent = unsent[:0]
    if not unsent:
        selector.unregister(pipe)
        with contextlib.suppress(OSError):
            pipe.close()
    return unsent
