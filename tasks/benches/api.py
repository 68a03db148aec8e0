"""The API under load: requests a second and the slowest of a hundred, with few tasks and with many."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from tasks.benches._web import PASSWORD, manage, server

_SIZES = (100, 100_000)
_CLIENTS, _SECONDS = 4, 4.0
_USER = "person0"


@dataclass(frozen=True, slots=True)
class Load:
    """What one kind of request gave: requests a second, median and 99th percentile in milliseconds."""

    per_second: float
    median: float
    p99: float


def run() -> str:
    """The report: a line a kind of request and a number of tasks, and how much slower many are than few."""
    with tempfile.TemporaryDirectory(prefix="utask-bench-") as folder, server(Path(folder)) as (url, environ):
        measured: dict[str, list[Load]] = {}
        for number in _SIZES:
            manage(environ, "shell", "--no-imports", "-c", f"from tasks.benches._web import fill; fill({number})")
            for name, ask in _kinds(url):
                measured.setdefault(name, []).append(_loaded(ask))
    lines = [f"{'':16}" + "".join(f"{number:>12,} tasks: req/s, p50, p99 ms" for number in _SIZES) + "   p99 ratio"]
    for name, loads in measured.items():
        cells = "".join(f"{load.per_second:22.0f} {load.median:8.1f} {load.p99:8.1f}" for load in loads)
        lines.append(f"{name:16}{cells}   {loads[1].p99 / loads[0].p99:8.2f}")
    return "\n".join(lines)


def _kinds(url: str) -> Iterator[tuple[str, Callable[[requests.Session], requests.Response]]]:
    with requests.Session() as session:
        listed = session.get(f"{url}/task?type=all&page_size=1000", auth=(_USER, PASSWORD), timeout=60).json()
    ids = [task["id"] for task in listed]
    yield "list own", lambda session: session.get(f"{url}/task?page_size=20")
    yield "list all", lambda session: session.get(f"{url}/task?type=all&page_size=20")
    yield "list by tag", lambda session: session.get(f"{url}/task?type=all&tag=n=1&page_size=10")
    yield "get", lambda session: session.get(f"{url}/task/{random.choice(ids)}")  # noqa: S311 - no secret
    body = {"template_name": "bench", "input": {"id": "x"}}
    yield "create", lambda session: session.post(f"{url}/task", json=body)


def _loaded(ask: Callable[[requests.Session], requests.Response]) -> Load:
    until = time.monotonic() + _SECONDS

    def client() -> list[float]:
        taken = []
        with requests.Session() as session:
            session.auth = (_USER, PASSWORD)
            ask(session).raise_for_status()
            while time.monotonic() < until:
                begun = time.perf_counter()
                ask(session).raise_for_status()
                taken.append(time.perf_counter() - begun)
        return taken

    with ThreadPoolExecutor(_CLIENTS) as pool:
        times = sorted(taken for future in [pool.submit(client) for _ in range(_CLIENTS)] for taken in future.result())
    return Load(len(times) / _SECONDS, times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000)
