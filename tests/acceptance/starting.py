"""The product as an operator starts it: nothing of it is a stand-in, and nothing of it was prepared."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.cluster.processes import Command, until
from tests.peers.ports import free_port

PASSWORD = "correct horse battery"
SETTINGS = "utask_project.settings"


class Service:
    """The product at an address, as its administrator asks it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the administrator is answered."""
        answer = requests.request(method, self.url + path, json=body, auth=("admin", PASSWORD), timeout=30)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/unsecured/mon/ping", timeout=5).text == "pong"
        except requests.RequestException:
            return False

    def hello(self, language: str = "english") -> str:
        """A new hello-world-now; its id."""
        body = {"template_name": "hello-world-now", "input": {"language": language}}
        return str(self.call("POST", "/task", body)["id"])

    def done(self, task_id: str) -> Any:
        """The task, once it is DONE."""
        return until(lambda: (task := self.call("GET", f"/task/{task_id}"))["state"] == "DONE" and task, "DONE")


class Started(Service):
    """``manage.py up`` and its address."""

    def __init__(self, command: Command, port: int) -> None:
        super().__init__(port)
        self.command = command


@contextmanager
def started(folder: Path, database: str, **environ: str) -> Iterator[Started]:
    """The product, answering; whatever happens, nothing of it is left afterwards."""
    port = free_port()
    command = Command(
        "up",
        folder=folder,
        database=database,
        settings=SETTINGS,
        PORT=str(port),
        UTASK_ADMIN_PASSWORD=PASSWORD,
        **{"UTASK_WORKERS": "1", "UTASK_BASE_URL": f"http://127.0.0.1:{port}", **environ},
    )
    if not database:
        del command.environ["DATABASE_URL"]
    service = Started(command.start(), port)
    try:
        command.wait_for(service.answers, "an answer")
        yield service
    finally:
        command.end()


def stop(service: Started) -> float:
    """Ask it to stop by SIGTERM; seconds until nothing of it was left. Fails unless it ends well."""
    service.command.family()
    begun = time.monotonic()
    service.command.process.terminate()
    assert service.command.wait_ended() == 0, service.command.output.read_text()[-3000:]
    until(lambda: service.command.left_over() == [], "the end of all")
    return time.monotonic() - begun
