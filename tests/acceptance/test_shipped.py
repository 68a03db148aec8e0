"""The templates that ship run to their end in the service as it ships: `manage.py up`, its API, its workers."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance.conftest import PASSWORD, Live
from tests.cluster.processes import Command, until


def command(arguments: str, folder: Path, database: str, port: int, **environ: str) -> Command:
    folder.mkdir(exist_ok=True)
    return Command(
        arguments,
        folder=folder,
        database=database,
        settings="utask_project.settings",
        PORT=str(port),
        UTASK_ADMIN_PASSWORD=PASSWORD,
        UTASK_BASE_URL=f"http://127.0.0.1:{port}",
        UTASK_WORKERS="1",
        **environ,
    ).start()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, shared_database_url: str) -> Iterator[Live]:
    """A service that nobody has configured."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = tmp_path_factory.mktemp("shipped") / "first"
    service = Live(command("up", folder, shared_database_url, port), port)
    try:
        service.command.wait_for(service.answers, "an answer")
        yield service
    finally:
        service.command.end()


def ended(service: Live, task: str) -> dict[str, Any]:
    """The task, once it is over or blocked."""

    def look() -> dict[str, Any] | None:
        answer = requests.get(f"{service.url}/task/{task}", auth=("admin", PASSWORD), timeout=10).json()
        return answer if answer["state"] in ("DONE", "BLOCKED", "CANCELLED") else None

    found: dict[str, Any] = until(look, "the end of the task")
    assert found["state"] == "DONE", found
    return found


@pytest.mark.parametrize(
    ("language", "greeting"),
    [("english", "Hello World!"), ("spanish", "Hola mundo!"), ("french", "Bonjour, tout le monde !")],
)
def test_hello_world_greets_in_the_language_asked_for(
    shipped: Live, shared_database_url: str, language: str, greeting: str
) -> None:
    task = ended(shipped, shipped.make("hello-world-now", language=language))
    assert task["title"] == f"Say hello in {language}"
    assert task["result"]["echo_message"] == greeting
    assert task["steps_done"] == task["steps_total"] == 2


def test_a_parallel_loop_asks_every_page_and_counts_those_it_found(shipped: Live, shared_database_url: str) -> None:
    task = ended(shipped, shipped.make("foreach-parallel", paths=["/unsecured/time", "/nowhere"]))
    assert task["result"] == {"asked": "2", "found": "1", "statuses": "200 404"}


def test_a_loop_in_sequence_works_through_its_list_in_order(shipped: Live, shared_database_url: str) -> None:
    task = ended(shipped, shipped.make("foreach-sequence", names=["Zoë Müller", "Bob Stone"]))
    assert task["result"]["logins"] == "zmuller bstone"


@pytest.mark.postgresql
def test_a_second_cluster_on_the_same_database_shares_the_work(
    shipped: Live, shared_database_url: str, tmp_path: Path
) -> None:
    port, keys = int(shipped.url.rpartition(":")[2]), str(shipped.command.folder / "var")
    second = command("qcluster", tmp_path / "second", shared_database_url, port, UTASK_VAR=keys)
    try:

        def runners() -> set[Any]:
            tasks = [shipped.make("hello-world-now", language="english") for _ in range(10)]
            resolutions = [ended(shipped, task)["resolution"] for task in tasks]
            return {
                requests.get(f"{shipped.url}/resolution/{key}", auth=("admin", PASSWORD), timeout=10).json()[
                    "instance_id"
                ]
                for key in resolutions
            }

        assert until(lambda: len(runners()) == 2, "tasks on both clusters")
    finally:
        second.end()
