"""From nothing to DONE: the real commands as processes, asked over HTTP, stopped by a signal."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from tests.acceptance.starting import PASSWORD, SETTINGS, Service, Started, started, stop
from tests.cluster.processes import ROOT, Command, is_running, until
from tests.peers.ports import free_port


def test_hello_world_is_done_and_one_signal_leaves_no_process_and_all_that_was_done(
    tmp_path: Path, database_url: str
) -> None:
    with started(tmp_path, database_url) as service:
        asked = {"template_name": "hello-world-now", "input": {}}
        assert requests.post(f"{service.url}/task", json=asked, timeout=30).status_code == 401
        task = service.done(service.hello("spanish"))
        assert task["title"] == "Say hello in spanish"
        assert task["result"]["echo_message"] == "Hola mundo!"
        assert task["result"]["echo_when"].startswith("20")
        assert len(service.command.family()) > 3
        stop(service)
        assert not service.answers()
    with started(tmp_path, database_url) as service:
        assert service.call("GET", f"/task/{task['id']}") == task


@pytest.mark.postgresql
def test_two_clusters_on_one_database_share_the_work(tmp_path: Path, database_url: str) -> None:
    def alive() -> set[int]:
        with psycopg.connect(database_url) as connection:
            return {pid for (pid,) in connection.execute("SELECT pid FROM tasks_runner WHERE ended IS NULL")}

    with started(tmp_path, database_url) as service:
        folder = tmp_path / "second"
        folder.mkdir()
        second = Command("qcluster", folder=folder, database=database_url, settings=SETTINGS, UTASK_WORKERS="1")
        # Machines of one service share its keys, and know its address.
        second.environ |= {name: service.command.environ[name] for name in ("UTASK_VAR", "UTASK_BASE_URL")}
        second.start()
        try:
            second.wait_for(lambda: second.named("utask-runner"), "a second runner")
            second.wait_for(lambda: alive() == runners(service.command) | runners(second), "both in the table")
            assert both_have_worked(service) == 2
        finally:
            second.signal(signal.SIGTERM)
            ended = second.wait_ended()
            second.end()
        assert ended == 0
        assert alive() == runners(service.command)
        service.done(service.hello())
        stop(service)
    assert alive() == set()


def runners(command: Command) -> set[int]:
    """Pids of the runners of a command."""
    return {process.pid for process in command.named("utask-runner")}


def both_have_worked(service: Started) -> int:
    """How many instances have finished tasks, once it is two or many rounds have been asked for."""
    instances: set[int] = set()
    for _ in range(10):
        for task_id in [service.hello() for _ in range(10)]:
            resolution = service.done(task_id)["resolution"]
            instances.add(service.call("GET", f"/resolution/{resolution}")["instance_id"])
        if len(instances) > 1:
            break
    return len(instances)


@pytest.mark.sqlite
def test_a_folder_that_does_not_exist_yet_becomes_a_whole_service_with_nothing_to_warn_of(tmp_path: Path) -> None:
    with started(tmp_path, "", UTASK_BASE_URL="") as service:
        var = Path(service.command.environ["UTASK_VAR"])
        service.done(service.hello())
        names = {template["name"] for template in service.call("GET", "/template")}
        assert {"hello-world-now", "foreach-parallel", "on-boarding", "antifraud", "tls-certificate"} <= names
        assert (var / "logs" / "utask.log").exists()
        assert [path.stat().st_mode & 0o077 for path in (var, *var.glob("*key*"))] == [0, 0, 0]
        stop(service)
        said = service.command.output.read_text()
        # Told no address, it has its own.
        assert "µTask is ready: http://localhost:" in said
        assert "warning" not in said.lower()


@pytest.mark.sqlite
@pytest.mark.slow
def test_make_run_on_a_fresh_clone_needs_nothing_else(tmp_path: Path) -> None:
    """``VENV`` names the environment that is here, so that nothing is downloaded."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--local", ROOT, clone], check=True, capture_output=True)
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("UTASK_", "DJANGO_SETTINGS"))}
    environ.pop("DATABASE_URL", None)
    environ |= {"PORT": str(port), "UTASK_ADMIN_PASSWORD": PASSWORD}
    command = [shutil.which("make") or "make", "run", f"VENV={Path(sys.prefix)}"]
    with (tmp_path / "output").open("wb") as output:
        make = subprocess.Popen(command, cwd=clone, env=environ, stdout=output, stderr=output, start_new_session=True)
    family = [psutil.Process(make.pid)]
    try:
        service = Service(port)
        until(lambda: make.poll() is not None or service.answers(), "an answer")
        assert make.poll() is None, (tmp_path / "output").read_text()
        service.done(service.hello())
        family += family[0].children(recursive=True)
        # A terminal sends Ctrl-C to the whole group; make itself hears it too.
        os.killpg(make.pid, signal.SIGINT)
        make.wait(60)
        until(lambda: not any(is_running(process) for process in family), "the end of all")
    finally:
        for process in family:
            if is_running(process):
                process.kill()
        make.wait()
