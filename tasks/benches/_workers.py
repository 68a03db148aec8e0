"""Runners in processes of their own, for benches: started, watched and stopped."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.db import connection, connections

from tasks.cluster.stopping import StopFlag
from tasks.models import Runner
from tasks.runner import ahead

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _live(workers: int) -> None:
    stop = StopFlag()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    from tasks.runner.resident import live

    live(stop, workers=workers, grace=timedelta(seconds=1))


@contextmanager
def workers(count: int) -> Iterator[list[BaseProcess]]:
    """So many runners, all of them registered."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    processes: list[BaseProcess] = [fork.Process(target=_live, args=(count,), daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        pids = [process.pid or 0 for process in processes]
        while Runner.objects.filter(pid__in=pids, ended__isnull=True).count() < count:
            time.sleep(0.01)
        # Imports, first connections, first sweeps, and the caution of beginners.
        time.sleep(ahead.CAUTIOUS_SECONDS + 0.5)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(10)


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes so far; one that is gone counts nothing."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def server_pids() -> list[int]:
    """Processes of the database server, where it is on this machine."""
    if connection.vendor != "postgresql":
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if (entry / "comm").read_text().strip() == "postgres":
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def resident_bytes(pid: int) -> int:
    """Memory that the process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
