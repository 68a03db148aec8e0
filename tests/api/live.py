"""The whole service as it runs for people: ``manage.py up`` as a process, asked over real HTTP."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.api.clients import Answer, Person
from tests.api.world import PASSWORD, PEOPLE, write_folders
from tests.cluster.processes import Command
from tests.peers.ports import free_port

_PATIENCE_SECONDS = 60


class Service:
    """A running service."""

    def __init__(self, command: Command, port: int) -> None:
        self.command = command
        self.url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()

    def someone(self, name: str) -> Person:
        """A client for the person of this name; "" is nobody."""
        return Person(name, self._send)

    def _send(self, name: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return self._session.request(
            method,
            self.url + path,
            data=body,
            headers=given,
            auth=(name, PASSWORD) if name else None,
            allow_redirects=False,
            timeout=30,
        )

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return requests.get(f"{self.url}/unsecured/mon/ping", timeout=5).text == "pong"
        except requests.RequestException:
            return False


@contextmanager
def running(folder: Path, database: str, **environ: str) -> Iterator[Service]:
    """The service with the people and templates of ``world.py``; all of it has ended afterwards."""
    templates, functions, scripts = write_folders(folder)
    items = folder / "items.json"
    items.write_text(json.dumps([{"key": key, "value": json.dumps(value)} for key, value in _items().items()]))
    port = free_port()
    command = Command(
        "up",
        folder=folder,
        database=database,
        settings="utask_project.settings",
        **{
            "PORT": str(port),
            "CONFIGURATION_FROM": f"file:{items}",
            "UTASK_BASE_URL": f"http://127.0.0.1:{port}",
            "UTASK_TEMPLATES_PATH": str(templates),
            "UTASK_FUNCTIONS_PATH": str(functions),
            "UTASK_SCRIPTS_PATH": str(scripts),
            "UTASK_ADMIN_PASSWORD": PASSWORD,
            "UTASK_WORKERS": "1",
            "UTASK_OPEN_METRICS": "true",
            **environ,
        },
    ).start()
    service = Service(command, port)
    try:
        command.wait_for(service.answers, "an answer")
        yield service
    finally:
        command.end()


def _items() -> dict[str, Any]:
    groups: dict[str, list[str]] = {}
    for name, held in PEOPLE.items():
        for group in held:
            groups.setdefault(group, []).append(name)
    return {
        "utask-cfg": {"admin_usernames": ["adm"], "application_name": "conformance"},
        "basic-auth": dict.fromkeys(PEOPLE, PASSWORD),
        "groups-auth": groups,
    }


def eventually(look: Callable[[], Any], describe: str) -> Any:
    """The first true value of ``look``; fails after a minute."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < until, f"waited in vain: {describe}"
        time.sleep(0.02)
    return found
