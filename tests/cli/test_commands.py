"""The command-line client against a running service."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.live import Service, running
from tests.api.world import PASSWORD
from tests.cluster.processes import ROOT
from tests.conftest import MigratedDatabase

#: It speaks HTTP; which database is behind it cannot matter.
pytestmark = pytest.mark.sqlite

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with migrated_database(folder) as database, running(folder, database) as service:
        yield service


@pytest.fixture
def cli(service: Service, tmp_path: Path) -> Cli:
    """Runs a command as a user would, as ``adm`` unless said otherwise."""

    def run(*arguments: str, user: str = "adm", typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        given = {
            name: value for name, value in os.environ.items() if not name.startswith(("UTASK_", "DJANGO_SETTINGS"))
        }
        given |= {"UTASK_URL": service.url, "UTASK_USER": user, "UTASK_PASSWORD": PASSWORD}
        given |= {"UTASK_CLI_CONFIG": str(tmp_path / "none"), "COLUMNS": "200"} | environ
        return subprocess.run(
            [sys.executable, "-m", "utask_cli", *arguments],
            cwd=ROOT,
            env=given,
            input=typed,
            text=True,
            capture_output=True,
            timeout=60,
        )

    return run


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_templates_are_listed(cli: Cli) -> None:
    lines = cli("templates").stdout.splitlines()
    assert lines[0].split() == ["NAME", "DESCRIPTION"]
    assert any(line.startswith("dummy") and "one echo" in line for line in lines)
    assert any(line.startswith("blocked") and line.endswith("blocked") for line in lines)
    assert "dummy" in [template["name"] for template in told(cli("templates", "--json"))]


def test_a_task_is_made_resolved_followed_and_shown(cli: Cli) -> None:
    task = told(cli("new", "dummy", "-i", "id=seven", "--tag", "a=b", "--comment", "hello", "--json"))
    assert (task["title"], task["tags"]) == ("dummy seven", {"a": "b"})
    assert cli("resolve", task["id"]).returncode == 0
    watched = cli("watch", task["id"])
    assert watched.returncode == 0
    lines = watched.stdout.splitlines()
    assert "task: DONE" in lines
    assert "step step: DONE" in lines
    shown = cli("show", task["id"]).stdout
    assert "1/1" in shown
    assert '"said": "seven"' in shown
    assert told(cli("show", task["id"], "--json"))["result"] == {"said": "seven"}


def test_inputs_that_are_not_given_are_asked_for(cli: Cli) -> None:
    made = cli("new", "dummy", "--json", typed="\nasked\n")
    assert told(made)["title"] == "dummy asked"
    assert "id - an id" in made.stderr
    assert "a value is required" in made.stderr


def test_a_task_that_starts_by_itself_is_followed_from_its_creation(cli: Cli) -> None:
    done = cli("new", "auto", "--watch", "--json")
    assert told(done)["state"] == "DONE"
    assert "task: DONE" in done.stderr


def test_a_blocked_task_is_a_failure_that_says_why(cli: Cli) -> None:
    task = told(cli("new", "chosen", "-i", "id=x", "--json"))
    assert cli("resolve", task["id"], "-i", "ri1=foo").returncode == 0
    done = cli("watch", task["id"])
    assert done.returncode == 1
    assert "foo is not wanted" in done.stdout


def test_what_takes_too_long_is_left(cli: Cli) -> None:
    task = told(cli("new", "dummy", "-i", "id=x", "--json"))
    done = cli("watch", task["id"], "--timeout", "0.5", "--json")
    assert (done.returncode, json.loads(done.stdout)["state"]) == (1, "TODO")


def test_acts(cli: Cli) -> None:
    task = told(cli("new", "dummy", "-i", "id=x", "--delay", "1h", "--json"))["id"]
    early = cli("pause", task)
    assert early.returncode == 1
    assert "no resolution yet" in early.stderr
    assert cli("resolve", task).returncode == 0
    assert cli("pause", task).returncode == 0
    assert told(cli("comment", task, "wait for me", "--json"))["content"] == "wait for me"
    assert cli("run", task).returncode == 0
    assert cli("watch", task).returncode == 0
    refused = cli("cancel", task)
    assert refused.returncode == 1
    assert refused.stderr.startswith("utask: 400: ")


def test_rejecting(cli: Cli) -> None:
    task = told(cli("new", "dummy", "-i", "id=x", "--json"))["id"]
    assert cli("reject", task).returncode == 0
    assert told(cli("show", task, "--json"))["state"] == "WONTFIX"


def test_lists(cli: Cli) -> None:
    made = [told(cli("new", "dummy", "-i", f"id={number}", "--tag", "list=yes", "--json"))["id"] for number in range(3)]
    listed = told(cli("list", "--tag", "list=yes", "--json"))
    assert [task["id"] for task in listed] == made[::-1]
    assert len(told(cli("list", "-n", "2", "--json"))) == 2
    lines = cli("list", "--state", "TODO", "--template", "dummy").stdout.splitlines()
    assert lines[0].split()[:3] == ["ID", "STATE", "STEPS"]
    assert told(cli("list", "--type", "resolvable", "--json", user="str")) == []


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (("templates",), {"UTASK_PASSWORD": "wrong"}, "not authenticated"),
        (("templates",), {"UTASK_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        (("show", "not-an-id"), {}, "400"),
        (("show", "00000000-0000-4000-8000-000000000000"), {}, "404"),
        (("watch", "00000000-0000-4000-8000-000000000000"), {}, "404"),
        (("new", "nope"), {}, "no such template"),
        (("new", "dummy", "-i", "nmae=x"), {}, "no input 'nmae'"),
        (("new", "blocked"), {}, "blocked"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence(cli: Cli, arguments: tuple, environ: dict, says: str) -> None:
    done = cli(*arguments, **environ)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("utask: ")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage(cli: Cli) -> None:
    assert cli().returncode == 2
    assert cli("new", "dummy", "-i", "novalue").returncode == 2


def test_a_token(cli: Cli, service: Service) -> None:
    made = service.command.manage("drf_create_token", "admin")
    token = made.split()[2]
    assert told(cli("list", "--json", user="", UTASK_TOKEN=token)) == []
    assert cli("list", user="", UTASK_TOKEN=token[:-1]).returncode == 1


def test_an_input_that_ends_too_early_is_said(cli: Cli) -> None:
    done = cli("new", "dummy", typed="")
    assert done.returncode == 1
    assert "ended before everything was answered" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_password_is_said(cli: Cli) -> None:
    done = cli("list", UTASK_PASSWORD="wrong")
    assert done.returncode == 1
    assert "check UTASK_TOKEN, or UTASK_USER and UTASK_PASSWORD" in done.stderr
