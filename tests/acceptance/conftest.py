"""A running service, a browser that watches its console, and axe-core from npm (fetched once, into node_modules)."""

import json
import os
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.acceptance.templates import MORE, TEMPLATES
from tests.cluster.processes import ROOT, Command
from tests.conftest import MigratedDatabase
from tests.peers.ports import free_port
from tests.peers.web import Reply, WebPeer

PASSWORD = "correct horse battery"
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class Live:
    """The service as it runs for people."""

    def __init__(self, command: Command, port: int) -> None:
        self.command = command
        self.url = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/unsecured/mon/ping", timeout=5).text == "pong"
        except requests.RequestException:
            return False

    def make(self, template: str, **inputs: object) -> str:
        """A new task of the administrator; its id."""
        body = {"template_name": template, "input": inputs}
        answer = requests.post(f"{self.url}/task", json=body, auth=("admin", PASSWORD), timeout=30)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, path: str) -> Any:
        """What the administrator reads there."""
        answer = requests.get(f"{self.url}{path}", auth=("admin", PASSWORD), timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, **body: object) -> Any:
        """Something that the administrator does from elsewhere; what is answered."""
        answer = requests.post(f"{self.url}{path}", json=body, auth=("admin", PASSWORD), timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def receiver() -> Iterator[WebPeer]:
    """Whom the service tells what a ``notify`` step says, at ``/hook``."""
    with WebPeer().serving() as peer:
        peer.on("/hook", Reply())
        yield peer


def _configuration(receiver: WebPeer) -> str:
    silent = dict.fromkeys(("task_state_update", "task_validation", "task_step_update"), "silent")
    backend = {
        "type": "webhook",
        "config": {"webhook_url": f"{receiver.url}/hook"},
        "default_notification_strategy": silent,
    }
    return json.dumps({"admin_usernames": ["admin"], "notify_config": {"receiver": backend}})


@pytest.fixture(scope="session")
def live(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase, receiver: WebPeer
) -> Iterator[Live]:
    """One service for all tests of the browser."""
    folder = tmp_path_factory.mktemp("live")
    templates = folder / "templates"
    templates.mkdir()
    for name, text in {**TEMPLATES, **MORE}.items():
        (templates / f"{name}.yaml").write_text(textwrap.dedent(text))
    port = free_port()
    with migrated_database(folder) as database:
        command = Command(
            "up",
            folder=folder,
            database=database,
            settings="utask_project.settings",
            PORT=str(port),
            UTASK_ADMIN_PASSWORD=PASSWORD,
            UTASK_TEMPLATES_PATH=str(templates),
            UTASK_BASE_URL=f"http://127.0.0.1:{port}",
            UTASK_WORKERS="1",
            CONFIGURATION_FROM="env:LIVE",
            LIVE_UTASK_CFG=_configuration(receiver),
        ).start()
        service = Live(command, port)
        try:
            command.wait_for(service.answers, "an answer")
            yield service
        finally:
            command.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    # Playwright's loop stays in this thread until the session ends; Django would take every later test for a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def logged_in(browser: Browser, live: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of the administrator, who logged in by the form."""
    context = browser.new_context(base_url=live.url)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    file = tmp_path_factory.mktemp("cookies") / "admin.json"
    context.storage_state(path=file)
    context.close()
    return file


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said: errors, warnings, and violations of the policy among them."""
    return []


@pytest.fixture
def open_page(browser: Browser, live: Live, logged_in: Path, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a page of the administrator; at the end nothing may have been complained of."""
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.text} ({message.location.get('url')})")

    def open_one(path: str, *, theme: str = "light", width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=live.url,
            storage_state=logged_in,
            color_scheme=theme,
            viewport={"width": width, "height": 860},
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core."""
    script = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        command = ["npm", "install", "--no-save", "--no-package-lock", "--silent", "--prefix", str(ROOT), "axe-core@4"]
        subprocess.run(command, check=True, cwd=ROOT, timeout=120)
    return script.read_text()
