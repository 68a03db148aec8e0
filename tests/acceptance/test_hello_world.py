"""The template that ships runs over HTTP on the service as people start it: one process tree, or two clusters."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.acceptance.conftest import PASSWORD, Live
from tests.cluster.processes import Command, until

GREETINGS = {"english": "Hello World!", "spanish": "Hola mundo!", "french": "Bonjour, tout le monde !"}


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Callable[[str], Command]]:
    """Starts a command of the installation, always with the same folder and database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    started: list[Command] = []

    def one(name: str) -> Command:
        command = Command(
            name,
            folder=tmp_path,
            database=database_url,
            settings="utask_project.settings",
            PORT=port,
            UTASK_ADMIN_PASSWORD=PASSWORD,
            UTASK_BASE_URL=f"http://127.0.0.1:{port}",
            UTASK_WORKERS="1",
        )
        command.output = tmp_path / f"output-{name}"
        started.append(command.start())
        return command

    yield one
    for command in started:
        command.end()


def service(command: Command) -> Live:
    """The service of an ``up``, as soon as it answers."""
    made = Live(command, int(command.environ["PORT"]))
    command.wait_for(made.answers, "an answer")
    return made


def finished(live: Live, task: str) -> dict[str, Any]:
    """The task, once it has ended."""

    def look() -> dict[str, Any] | None:
        found = requests.get(f"{live.url}/task/{task}", auth=("admin", PASSWORD), timeout=30)
        assert found.status_code == 200, found.text
        body: dict[str, Any] = found.json()
        return body if body["state"] in ("DONE", "BLOCKED", "CANCELLED", "WONTFIX") else None

    ended: dict[str, Any] = live.command.wait_for(look, "the end of the task")
    return ended


def stop(*commands: Command) -> None:
    """SIGTERM ends each well, and nobody of its family outlives it."""
    for command in commands:
        assert command.family()
        command.signal(signal.SIGTERM)
    for command in commands:
        assert command.wait_ended() == 0, command.output.read_text()[-3000:]
        until(lambda command=command: command.left_over() == [], "the end of all")


def runner_pids(command: Command) -> set[int]:
    return {process.pid for process in command.named("utask-runner")}


def test_one_command_says_hello_to_the_world_and_one_signal_stops_it(start: Callable[[str], Command]) -> None:
    up = start("up")
    live = service(up)
    unknown = requests.post(f"{live.url}/task", json={"template_name": "hello-world-now", "input": {}}, timeout=30)
    assert unknown.status_code == 401
    task = finished(live, live.make("hello-world-now", language="spanish"))
    assert task["state"] == "DONE", task
    assert task["title"] == "Say hello in spanish"
    assert task["result"]["echo_message"] == GREETINGS["spanish"]
    assert task["result"]["echo_when"].startswith("20")
    stop(up)
    assert not live.answers()


@pytest.mark.postgresql
def test_a_second_cluster_joins_at_the_same_database(start: Callable[[str], Command], database_url: str) -> None:
    up = start("up")
    live = service(up)
    cluster = start("qcluster")

    def alive() -> set[int]:
        with psycopg.connect(database_url) as connection:
            return {pid for (pid,) in connection.execute("SELECT pid FROM tasks_runner WHERE ended IS NULL")}

    def both() -> bool:
        ours, theirs = runner_pids(up), runner_pids(cluster)
        return bool(ours and theirs) and alive() == ours | theirs

    cluster.wait_for(both, "the runners of both in the table")
    languages = [*GREETINGS, *GREETINGS]
    tasks = [live.make("hello-world-now", language=language) for language in languages]
    found = [finished(live, task) for task in tasks]
    assert [task["state"] for task in found] == ["DONE"] * len(tasks)
    assert [task["result"]["echo_message"] for task in found] == [GREETINGS[language] for language in languages]
    stop(up, cluster)
    assert alive() == set()
