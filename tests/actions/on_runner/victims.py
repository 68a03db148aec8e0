"""Runners that are killed at a given moment, and those that come after: run as a process, told what to do line by line.

A process of its own forks them, so that a kill -9 is a real one and a round costs no start.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
#: Beside the runner's own moments: an INSERT of rows of a task that is being made has been executed.
INSERTED = "inserted"
_SECONDS = 60.0


class Victims:
    """The process that forks runners."""

    def __init__(self, environ: Mapping[str, str], **options: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(options)],
            env=dict(environ),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, moment: str = "", number: int = 0) -> bool:
        """Let a runner run until nothing is left to do, or be killed when it reaches a moment for the ``number``-th
        time (from 1); whether it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps([moment, number])}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        assert status in (0, signal.SIGKILL), f"the runner failed: {status}"
        return status == signal.SIGKILL

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


def _kills_at(moment: str, number: int) -> Callable[[object], None]:
    reached = 0

    def at(now: object) -> None:
        nonlocal reached
        if now == moment:
            reached += 1
            if reached == number:
                os.kill(os.getpid(), signal.SIGKILL)

    return at


def _run(moment: str, number: int) -> None:
    """The life of one runner, from its entry to its leave, or to its death."""
    from django.db import connection

    from tasks.models import Resolution, Runner, clock
    from tasks.runner import checkpoints, claims, resident

    reached = _kills_at(moment, number)
    checkpoints.at = reached
    now = clock.measure()
    for dead in Runner.objects.filter(ended__isnull=True):
        claims.take_over(dead, now)
    runner = resident.make()
    runner.share = type(runner.share)(most=100, most_cut_off=100, pause_between_cut_off=timedelta(0))

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("INSERT INTO") and connection.in_atomic_block:
            reached(INSERTED)
        return result

    until = time.monotonic() + _SECONDS
    with connection.execute_wrapper(look):
        while runner.work.held or Resolution.objects.filter(due_at__isnull=False).exists():
            runner.should_claim = runner.cut_off_are_due = True
            # What waits for another try need not be waited for.
            if not runner.run_once(clock.now() + timedelta(hours=1)):
                select.select([runner.work.hands], [], [], 0.01)
            assert time.monotonic() < until, "it does not come to an end"
    runner.work.hands.close()
    runner.retire()


def _fork(moment: str, number: int) -> int:
    """How the runner ended: 0, a signal, or an exit status above all signals."""
    pid = os.fork()
    if pid == 0:
        try:
            _run(moment, number)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return -code if code <= 0 else 1000 + code


def _main(slice_of_tasks: int) -> None:
    import django

    django.setup()
    from tasks.services import catalog, creation

    creation.SLICE = slice_of_tasks
    catalog.registry()
    for line in sys.stdin:
        print(_fork(*json.loads(line)), flush=True)  # noqa: T201 - it is how this process answers


if __name__ == "__main__":
    _main(**json.loads(sys.argv[1]))
