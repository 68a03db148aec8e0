"""The API under load: requests a second and the slowest of a hundred, with few tasks and with many.

Starts a web server of its own over a database of its own (SQLite in a temporary folder, or the empty database at
``BENCH_DATABASE_URL``); nothing of the installation it runs in is touched. Clients and server share the machine.
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

_ROOT = Path(__file__).resolve().parents[2]
_SIZES = (100, 100_000)
_CLIENTS, _SECONDS = 4, 4.0
#: Few enough that a page is full for each of them even where there are few tasks.
_PEOPLE = 5
_USER, _PASSWORD = "person0", "bench"
_TEMPLATE = """
name: bench
description: one echo, for the bench
title_format: bench {{.input.id}}
inputs: [{name: id, description: an id}]
allowed_resolver_usernames: [person1]
steps: {step: {description: say it, action: {type: echo, configuration: {output: {}}}}}
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one kind of request gave: requests a second, median and 99th percentile in milliseconds."""

    per_second: float
    median: float
    p99: float


def run() -> str:
    """The report: a line a kind of request and a number of tasks, and how much slower many are than few."""
    with tempfile.TemporaryDirectory(prefix="utask-bench-") as folder, _server(Path(folder)) as (url, environ):
        measured: dict[str, list[Load]] = {}
        for number in _SIZES:
            _manage(environ, "shell", "--no-imports", "-c", f"from tasks.benches.api import fill; fill({number})")
            for name, ask in _kinds(url):
                measured.setdefault(name, []).append(_loaded(ask))
    lines = [f"{'':16}" + "".join(f"{number:>12,} tasks: req/s, p50, p99 ms" for number in _SIZES) + "   p99 ratio"]
    for name, loads in measured.items():
        cells = "".join(f"{load.per_second:22.0f} {load.median:8.1f} {load.p99:8.1f}" for load in loads)
        lines.append(f"{name:16}{cells}   {loads[1].p99 / loads[0].p99:8.2f}")
    return "\n".join(lines)


def fill(number: int) -> None:
    """Bring the database up to so many tasks, each with a tag, a watcher and a resolution."""
    from tasks.models import MemberKind, MemberRole, Resolution, Task, TaskMember, TaskTag, Template

    template = Template.objects.get(name="bench")
    assert template.current_id is not None
    have = Task.objects.count()
    for start in range(have, number, 2000):
        made = Task.objects.bulk_create(
            Task(
                template=template,
                version_id=template.current_id,
                title=f"bench {index}",
                requester_username=f"person{index % _PEOPLE}",
                state="DONE" if index % 10 else "TODO",
                input="{}",
            )
            for index in range(start, min(number, start + 2000))
        )
        TaskTag.objects.bulk_create(TaskTag(task=task, key="n", value=str(task.pk // _PEOPLE % 2)) for task in made)
        TaskMember.objects.bulk_create(
            TaskMember(task=task, role=MemberRole.WATCHER, kind=MemberKind.USER, name=f"person{task.pk % _PEOPLE}")
            for task in made
        )
        Resolution.objects.bulk_create(
            Resolution(task=task, resolver_username="person1", resolver_input="{}", state="DONE", template_name="bench")
            for task in made
        )
    _take_statistics()


def _take_statistics() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _kinds(url: str) -> Iterator[tuple[str, Callable[[requests.Session], requests.Response]]]:
    with requests.Session() as session:
        listed = session.get(f"{url}/task?type=all&page_size=1000", auth=(_USER, _PASSWORD), timeout=60).json()
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
            session.auth = (_USER, _PASSWORD)
            ask(session).raise_for_status()
            while time.monotonic() < until:
                begun = time.perf_counter()
                ask(session).raise_for_status()
                taken.append(time.perf_counter() - begun)
        return taken

    with ThreadPoolExecutor(_CLIENTS) as pool:
        times = sorted(taken for future in [pool.submit(client) for _ in range(_CLIENTS)] for taken in future.result())
    return Load(len(times) / _SECONDS, times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    (folder / "templates").mkdir()
    (folder / "templates" / "bench.yaml").write_text(_TEMPLATE)
    people = {f"person{index}": _PASSWORD for index in range(_PEOPLE)}
    values = {"utask-cfg": {"admin_usernames": ["nobody"]}, "basic-auth": people}
    items = [{"key": key, "value": json.dumps(value)} for key, value in values.items()]
    (folder / "items.json").write_text(json.dumps(items))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("UTASK_")} | {
        "UTASK_VAR": str(folder),
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3"),
        "CONFIGURATION_FROM": f"file:{folder}/items.json",
        "UTASK_TEMPLATES_PATH": str(folder / "templates"),
        "UTASK_WEB_PROCESS": "true",
    }
    _manage(environ, "migrate", "-v0")
    _manage(environ, "load_templates")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "utask_project.wsgi:application", "--bind", address]
    command += ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "30", "--no-control-socket"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, cwd=_ROOT, env=environ, stdout=log, stderr=log)  # noqa: S603 - our own words
    try:
        _wait_until_up(f"http://{address}", server)
        yield f"http://{address}", environ
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_up(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            if requests.get(f"{url}/unsecured/mon/ping", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise RuntimeError("the web server did not start")


def _manage(environ: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=_ROOT, env=environ, check=True, capture_output=True)  # noqa: S603 - our own words
