"""schemathesis against the running service: no fault of the server, no answer that the description does not know.

``SCHEMATHESIS_SECONDS`` makes the run longer than the suite's.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import Person
from tests.api.live import Service, running
from tests.api.world import PASSWORD
from tests.conftest import MigratedDatabase

HERE = Path(__file__).parent
SETTINGS = HERE / "schemathesis.toml"
#: A stream of events ends only with its task.
STREAMS = "/events$"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with migrated_database(folder) as database, running(folder, database, UTASK_WORKERS="1") as service:
        yield service


def what_exists(adm: Person) -> dict[str, list[str]]:
    """Values for parameters: of some of each, more than a run deletes, and one that is not there."""
    tasks = [adm.task("owned", tags={"a": "1"}, delay="1h") for _ in range(40)]
    resolutions = [adm.resolve(task)["id"] for task in tasks[:30]]
    for resolution in resolutions[:25]:
        adm.post(f"/resolution/{resolution}/pause")
    comments = [adm.post(f"/task/{task['id']}/comment", {"content": "hello"}).json()["id"] for task in tasks[:3]]
    nothing = "00000000-0000-4000-8000-000000000000"
    return {
        "task_id": [*(task["id"] for task in tasks), nothing],
        "resolution_id": [*resolutions, nothing],
        "comment_id": [*comments, nothing],
        "template_name": ["dummy", "owned", "hidden", "nope"],
        "function_name": ["greet", "nope"],
        "step_name": ["step", "other", "nope"],
    }


@pytest.mark.slow
def test_nothing_that_fits_or_breaks_the_description_surprises(service: Service, tmp_path: Path) -> None:
    adm = service.someone("adm")
    description = adm.read("/unsecured/spec.json")
    values = what_exists(adm)
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in values:
                    parameter["schema"] = {"type": "string", "enum": values[parameter["name"]]}
    description["components"]["schemas"]["ResolutionBody"]["properties"]["task_id"]["enum"] = values["task_id"]
    description["components"]["schemas"]["TaskBody"]["properties"]["template_name"]["enum"] = values["template_name"]
    (tmp_path / "spec.json").write_text(json.dumps(description))
    ended = run(service, tmp_path, os.environ.get("SCHEMATHESIS_SECONDS", "20"))
    sys.stdout.write(ended.stdout)
    assert ended.returncode == 0, ended.stdout[-6000:]


def run(service: Service, folder: Path, seconds: str) -> "subprocess.CompletedProcess[str]":
    command: list[Any] = [Path(sys.executable).parent / "schemathesis", "--config-file", SETTINGS, "run"]
    command += [folder / "spec.json", "--url", service.url, "--auth", f"adm:{PASSWORD}", "--max-time", seconds]
    command += ["--exclude-path-regex", STREAMS, "--request-timeout", "30", "--no-color"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)
