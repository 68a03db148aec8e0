"""The pages of the admin at 100,000 tasks: time to first byte, and what travels.

One visitor at a time, whose connection stays open, as a browser's does. Weights are those of the page itself and of a
first visit, with all its style sheets and scripts; later ones stand in the browser's cache.
"""

import gzip
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests

from tasks.benches._web import CHIEF, PASSWORD, ROOT, manage, server

_NUMBER, _DAYS = 100_000, 30
_WARM, _TIMES = 3, 15
_SOMEBODY = "person1"
#: Who, what he looks at, where: an administrator, and who may resolve all tasks that there are by their template.
#: ``{task}`` is one that ran, ``{place}`` one in the middle of the list.
_PAGES = (
    (CHIEF, "home", "/admin/"),
    (_SOMEBODY, "home", "/admin/"),
    (CHIEF, "list, all", "/admin/tasks/"),
    (CHIEF, "list, half way down", "/admin/tasks/?last={place}"),
    (_SOMEBODY, "list, own", "/admin/tasks/?type=own"),
    (_SOMEBODY, "list, to resolve", "/admin/tasks/?type=resolvable"),
    (_SOMEBODY, "list, all of his", "/admin/tasks/"),
    (_SOMEBODY, "list, waiting for him", "/admin/tasks/?waiting=me"),
    (CHIEF, "list, by state", "/admin/tasks/?state=TODO"),
    (CHIEF, "list, by state and template", "/admin/tasks/?state=TODO&template=bench"),
    (CHIEF, "list, by tag", "/admin/tasks/?tag=n%3D1"),
    (CHIEF, "list, by requester", "/admin/tasks/?requester=person2"),
    (CHIEF, "list, by days", "/admin/tasks/?after=2020-01-01&before=2100-01-01"),
    (CHIEF, "list, by words that are rare", "/admin/tasks/?search=bench+77777"),
    (CHIEF, "list, by words that nothing has", "/admin/tasks/?search=nowhere"),
    (CHIEF, "list, 200 rows", "/admin/tasks/?size=200"),
    (CHIEF, "task of 105 steps", "/admin/tasks/{task}/"),
    (CHIEF, "task, with a step open", "/admin/tasks/{task}/?step=each"),
    (_SOMEBODY, "new task", "/admin/new/"),
    (_SOMEBODY, "form of a template", "/admin/new/bench/"),
    (CHIEF, "templates", "/admin/templates/"),
    (_SOMEBODY, "templates", "/admin/templates/"),
    (CHIEF, "template", "/admin/templates/bench/"),
    (CHIEF, "editor", "/admin/editor/?template=graph"),
    (CHIEF, "operations", "/admin/operations/"),
)


#: Those who come by basic authentication have no account to log in with.
_ACCOUNTS = f"""
from django.contrib.auth.models import User
for name in {(CHIEF, _SOMEBODY)!r}:
    user, _ = User.objects.get_or_create(username=name)
    user.set_password({PASSWORD!r})
    user.save()
"""


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes as they are and as they travel."""

    whole: int
    sent: int

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(self.whole + other.whole, self.sent + other.sent)

    def __str__(self) -> str:
        return f"{self.sent / 1000:8.1f} {self.whole / 1000:8.1f}"


def run() -> str:
    """The report: a line a page."""
    with tempfile.TemporaryDirectory(prefix="utask-bench-") as folder, server(Path(folder)) as (url, environ):
        fill = f"from tasks.benches._web import fill; fill({_NUMBER}, days={_DAYS})"
        manage(environ, "shell", "--no-imports", "-c", fill)
        manage(environ, "shell", "--no-imports", "-c", _ACCOUNTS)
        places = {"task": _one_that_ran(url, environ), "place": _half_way(environ)}
        visitors = {who: _logged_in(url, who) for who in (CHIEF, _SOMEBODY)}
        lines = [f"{'who':8} {'page':34}  least    p50  worst ms   kB sent    whole  first visit, and its files"]
        for who, called, path in _PAGES:
            lines.append(_line(visitors[who], url, who, called, path.format(**places)))
    return "\n".join(lines)


def _line(visitor: requests.Session, url: str, who: str, called: str, path: str) -> str:
    waits, weight, text = [], Weight(0, 0), ""
    for number in range(_WARM + _TIMES):
        answer = visitor.get(url + path, stream=True, timeout=120)
        answer.raise_for_status()
        weight, text = _read(answer)
        if number >= _WARM:
            # Until the status line and the headers were there; the page comes with them.
            waits.append(answer.elapsed.total_seconds() * 1000)
    files = _files_of(visitor, url + path, text)
    first = sum(files.values(), weight)
    told = "".join(f" {wait:6.0f}" for wait in (min(waits), statistics.median(waits), max(waits)))
    return f"{who:8} {called:34}{told}    {weight}  {first} {len(files):4}"


def _read(answer: requests.Response) -> tuple[Weight, str]:
    sent = answer.raw.read(decode_content=False)
    whole = gzip.decompress(sent) if answer.headers.get("Content-Encoding") == "gzip" else sent
    return Weight(len(whole), len(sent)), whole.decode(errors="replace")


def _files_of(visitor: requests.Session, page: str, text: str) -> dict[str, Weight]:
    """Everything that a browser fetches with a page, by address: modules bring others."""
    wanted = {urljoin(page, found) for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', text)}
    files: dict[str, Weight] = {}
    while wanted:
        address = wanted.pop()
        answer = visitor.get(address, stream=True, timeout=30)
        answer.raise_for_status()
        files[address], inside = _read(answer)
        if address.endswith(".js"):
            wanted |= {urljoin(address, name) for name in re.findall(r'from "(\.[^"]+)"', inside)} - files.keys()
    return files


def _logged_in(url: str, who: str) -> requests.Session:
    visitor = requests.Session()
    visitor.headers["Accept-Encoding"] = "gzip"
    form = visitor.get(f"{url}/admin/login/", timeout=30).text
    mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert mark is not None
    fields = {"username": who, "password": PASSWORD, "next": "/admin/", "csrfmiddlewaretoken": mark.group(1)}
    answer = visitor.post(f"{url}/admin/login/", data=fields, timeout=30)
    assert answer.url == f"{url}/admin/", answer.url
    return visitor


def _one_that_ran(url: str, environ: dict[str, str]) -> str:
    """A task of the template ``graph``, run to its end by a worker that is started for it."""
    with _worker(environ), requests.Session() as client:
        client.auth = (CHIEF, PASSWORD)
        made = client.post(f"{url}/task", json={"template_name": "graph", "input": {}}, timeout=30)
        made.raise_for_status()
        found: str = made.json()["id"]
        for _ in range(600):
            if client.get(f"{url}/task/{found}", timeout=30).json()["state"] == "DONE":
                return found
            time.sleep(0.1)
    raise RuntimeError("the task did not end")


@contextmanager
def _worker(environ: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "manage.py", "qcluster"]
    environ = {**environ, "UTASK_WORKERS": "1", "UTASK_WEB_PROCESS": ""}
    worker = subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def _half_way(environ: dict[str, str]) -> str:
    """The id of a task in the middle of the list."""
    ask = "from tasks.models import Task; print(Task.objects.order_by('-last_activity')[50_000].public_id)"
    return manage(environ, "shell", "--no-imports", "-c", ask).split()[-1]
