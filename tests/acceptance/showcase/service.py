"""The service of the pictures: started with an empty database and filled; its people log in by the form."""

import json
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Browser, StorageState

from tests.acceptance.conftest import PASSWORD, Live
from tests.acceptance.showcase import templates
from tests.cluster.processes import Command, until
from tests.peers.ports import free_port

#: Something that fails in the server, at an address of its own.
_FAILING = '''
"""Fails at one address."""


def fails(get_response):
    def answer(request):
        if request.path_info == "/admin/fails/":
            raise RuntimeError("as it was told to")
        return get_response(request)

    return answer


def init(service):
    service.http.add_middleware("utask_init_failing.fails")
'''


@dataclass(frozen=True)
class Showcase:
    """The service, and where its things are: the values that the list of pages names in braces."""

    live: Live
    places: dict[str, str]

    def maintain(self) -> None:
        """Switch maintenance on."""
        self.live.command.manage("shell", "-c", _MAINTAIN)


_MAINTAIN = 'from tasks.models import Setting; Setting.objects.update_or_create(name="maintenance", value=True)'


@contextmanager
def showcase() -> Iterator[Showcase]:
    """Started, filled and quiet; whatever happens, nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory() as name:
        command, port = _command(Path(name))
        live = Live(command.start(), port)
        try:
            command.wait_for(live.answers, "an answer")
            yield Showcase(live, _fill(live, Path(name)))
        finally:
            command.end()


def log_in(browser: Browser, live: Live, name: str) -> StorageState:
    """The cookies of this person; "": of nobody."""
    context = browser.new_context(base_url=live.url)
    if name:
        page = context.new_page()
        page.goto("/admin/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/")
    cookies = context.storage_state()
    context.close()
    return cookies


def _command(folder: Path) -> tuple[Command, int]:
    folders = {name: folder / name for name in ("templates", "functions", "scripts", "init")}
    for path in folders.values():
        path.mkdir()
    for each, text in templates.ALL.items():
        (folders["templates"] / f"{each}.yaml").write_text(textwrap.dedent(text).lstrip())
    (folders["functions"] / "announce.yaml").write_text(textwrap.dedent(templates.FUNCTION).lstrip())
    (folders["init"] / "failing.py").write_text(_FAILING)
    script = folders["scripts"] / "copy.sh"
    script.write_text("#!/bin/sh\nexec sleep 900\n")
    script.chmod(0o755)
    port = free_port()
    command = Command(
        "up",
        folder=folder,
        database=f"sqlite:///{folder}/utask.sqlite3",
        settings="utask_project.settings",
        PORT=str(port),
        UTASK_ADMIN_PASSWORD=PASSWORD,
        UTASK_BASE_URL=f"http://127.0.0.1:{port}",
        UTASK_WORKERS="2",
        UTASK_EDITOR_SAVES="1",
        **{f"UTASK_{name.upper()}_PATH": str(path) for name, path in folders.items()},
    )
    return command, port


def _fill(live: Live, folder: Path) -> dict[str, str]:
    """Tasks in every interesting state, two versions of a template, a file that is refused; where they are."""
    places: dict[str, Any] = {}
    for number, service in enumerate(("billing", "search", "mail", "search")):
        places["release"] = live.make("release", service=service, version=f"v1.{number}")
    for client in ("Eve", "Mallory"):
        order = {"template_name": "order", "input": {"client": client}, "resolver_usernames": ["rita"]}
        places["order"] = _ask(live, "POST", "/task", order)["id"]
    places["fleet"] = live.make("fleet", fleet="north and south")
    places["migrate"] = live.make("migrate", database="orders", cluster="green")
    places["mirror"] = live.make("mirror", repository="debian-security")
    places["confirm"] = live.make("confirm")
    broken = {"template_name": "broken", "input": {}, "watcher_usernames": ["rita"], "tags": {"city": "Ghent"}}
    places["broken"] = _ask(live, "POST", "/task", broken)["id"]
    live.make("manual", id="42")
    for text in ("The street has been renamed: see the city's list of this spring.", "I shall ask the client."):
        _ask(live, "POST", f"/task/{places['broken']}/comment", {"content": text})
    for name, state in {"release": "DONE", "broken": "BLOCKED", "migrate": "RUNNING", "confirm": "WAITING"}.items():
        until(lambda name=name, state=state: _ask(live, "GET", f"/task/{places[name]}")["state"] == state, state)
    run = _ask(live, "GET", f"/resolution/{_ask(live, 'GET', '/task/' + places['confirm'])['resolution']}")
    answer = run["steps"]["ask"]["output"]
    places |= {"callback": answer["id"], "answer_at": urlsplit(answer["url"])._replace(scheme="", netloc="").geturl()}
    places["batch"] = until(lambda: _batch_of(live), "the batch")
    release = folder / "templates" / "release.yaml"
    release.write_text(release.read_text().replace("A tenth of the traffic", "A twentieth of the traffic"))
    (folder / "templates" / "refused.yaml").write_text(textwrap.dedent(templates.REFUSED).lstrip())
    places |= json.loads(live.command.manage("shell", "--no-imports", "-c", _HISTORY).splitlines()[-1])
    return {name: str(place) for name, place in places.items()}


_HISTORY = f"from tests.acceptance.showcase.history import write; write({PASSWORD!r})"


def _batch_of(live: Live) -> Any:
    found = _ask(live, "GET", "/task?type=all&template=upgrade")
    return len(found) == 5 and found[0].get("batch")


def _ask(live: Live, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, live.url + path, json=body, auth=("admin", PASSWORD), timeout=30)
    assert answer.ok, answer.text
    return answer.json()
