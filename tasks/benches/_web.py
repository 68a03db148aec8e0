"""A web server of its own for a bench, over a database of its own, filled with as many tasks as are asked for.

SQLite in a temporary folder, or the empty database at ``BENCH_DATABASE_URL``; nothing of the installation that the
bench runs in is touched. Clients and server share the machine.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
#: Few enough that a page is full for each of them even where there are few tasks; and an administrator.
PEOPLE, CHIEF = 5, "chief"
PASSWORD = "bench"  # noqa: S105 - of people who live as long as the bench
_TEMPLATES = {
    "bench": """
name: bench
description: one echo, for the bench
title_format: bench {{.input.id}}
inputs: [{name: id, description: an id}]
allowed_resolver_usernames: [person1]
steps: {step: {description: say it, action: {type: echo, configuration: {output: {}}}}}
""",
    "graph": """
name: graph
description: a graph and a loop, for the bench of pages
title_format: graph
auto_runnable: true
allow_all_resolver_usernames: true
steps:
  first: {description: First, action: &say {type: echo, configuration: {output: {text: a word or two}}}}
  left: {description: Left, dependencies: [first], action: *say}
  right: {description: Right, dependencies: [first], action: *say}
  each: {description: Each, dependencies: [left, right], foreach: '{{until 100 | toJson}}', action: *say}
  last: {description: Last, dependencies: [each], action: *say}
""",
}


def fill(number: int, *, days: int = 0) -> None:
    """Bring the database up to so many tasks, over so many days: with a tag and a watcher, nine of ten resolved."""
    from django.utils import timezone

    from tasks.models import MemberKind, MemberRole, Resolution, Task, TaskMember, TaskTag, Template

    template = Template.objects.get(name="bench")
    assert template.current_id is not None
    have, now = Task.objects.count(), timezone.now()
    for start in range(have, number, 2000):
        made = Task.objects.bulk_create(
            Task(
                template=template,
                version_id=template.current_id,
                title=f"bench {index}",
                requester_username=f"person{index % PEOPLE}",
                state="DONE" if index % 10 else "TODO",
                input="{}",
                steps_total=1,
                steps_done=1 if index % 10 else 0,
                created=now - timedelta(days=days, minutes=5) * (1 - index / number),
                last_activity=now - timedelta(days=days) * (1 - index / number),
            )
            for index in range(start, min(number, start + 2000))
        )
        TaskTag.objects.bulk_create(TaskTag(task=task, key="n", value=str(task.pk // PEOPLE % 2)) for task in made)
        TaskMember.objects.bulk_create(
            TaskMember(task=task, role=MemberRole.WATCHER, kind=MemberKind.USER, name=f"person{task.pk % PEOPLE}")
            for task in made
        )
        Resolution.objects.bulk_create(
            Resolution(task=task, resolver_username="person1", resolver_input="{}", state="DONE", template_name="bench")
            for task in made
            if task.state != "TODO"
        )
    _take_statistics()


def _take_statistics() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address, and the environment in which commands see the same database."""
    (folder / "templates").mkdir()
    for name, text in _TEMPLATES.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)
    people = dict.fromkeys([CHIEF, *(f"person{index}" for index in range(PEOPLE))], PASSWORD)
    values = {"utask-cfg": {"admin_usernames": [CHIEF]}, "basic-auth": people}
    items = [{"key": key, "value": json.dumps(value)} for key, value in values.items()]
    (folder / "items.json").write_text(json.dumps(items))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("UTASK_")} | {
        "UTASK_VAR": str(folder),
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3"),
        "CONFIGURATION_FROM": f"file:{folder}/items.json",
        "UTASK_TEMPLATES_PATH": str(folder / "templates"),
        "UTASK_WEB_PROCESS": "true",
    }
    manage(environ, "migrate", "-v0")
    manage(environ, "load_templates")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "utask_project.wsgi:application", "--bind", address]
    command += ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "30", "--no-control-socket"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)  # noqa: S603 - our own words
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


def manage(environ: dict[str, str], *arguments: str) -> str:
    """Run one of our commands to its end; what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout
