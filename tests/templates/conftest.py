"""The original's files, loaded and run through the real services and a runner in this process."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from tasks.config import current
from tasks.engine.gotemplate import dumps, loads
from tasks.models import Resolution, Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.services import catalog, resolutions, steps
from tasks.services.identity import actor_named
from tasks.services.tasks import create_task
from tasks.services.templates import LoadReport, load_templates
from tests.runner.conftest import runner, runners, test_actions
from tests.runner.turns import settle

__all__ = ["runner", "runners", "test_actions"]

ADMIN = actor_named("resolver", superuser=True)


def plain(value: Any) -> Any:
    """A value of the engine as plain JSON: numbers as Python's."""
    return json.loads(dumps(value))


@dataclass
class Played:
    """One task of one of the original's templates."""

    task: Task
    runner: Coordinator

    @property
    def resolution(self) -> Resolution:
        return Resolution.objects.get(task=self.task)

    @property
    def state(self) -> str:
        """The resolution's state."""
        return self.resolution.state

    @property
    def task_state(self) -> str:
        return Task.objects.get(pk=self.task.pk).state

    @property
    def result(self) -> Any:
        return plain(loads(Task.objects.get(pk=self.task.pk).result or "null"))

    def settle(self) -> "Played":
        """Turn until nothing moves by itself."""
        settle(self.runner)
        return self

    def run(self) -> "Played":
        """One more run, by hand, to its end."""
        # Asked for just after it started by itself, it would be taken for that start.
        Resolution.objects.filter(task=self.task).update(last_start=F("last_start") - timedelta(minutes=1))
        resolutions.run_resolution(ADMIN, self.resolution.public_id)
        return self.settle()

    def pause(self) -> None:
        resolutions.pause_resolution(ADMIN, self.resolution.public_id)

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the documents of all steps, as an operator does while it is paused."""
        documents = plain(steps.step_documents(self.resolution, details=True))
        change(documents)
        steps.edit_resolution(ADMIN, self.resolution.public_id, steps=documents, resolver_inputs=None)

    def documents(self) -> dict[str, Any]:
        """All steps as the API shows them."""
        found: dict[str, Any] = plain(steps.step_documents(self.resolution, details=True))
        return found

    def states(self, *names: str) -> dict[str, str]:
        """States of these steps, or of all."""
        found = {name: document["state"] for name, document in self.documents().items()}
        return {name: found[name] for name in names} if names else found

    def out(self, step: str) -> Any:
        return self.documents()[step].get("output")

    def row(self, step: str) -> Step:
        return Step.objects.get(resolution=self.resolution, name=step)


@dataclass
class Folder:
    """Where the original's files lie, and the copies of them that a load reads."""

    originals: Path
    copies: Path
    runner: Coordinator

    def load(self, *names: str) -> LoadReport:
        """Load these files, beside those loaded before, with all functions. Tabs are two spaces, as in the original's
        tests."""
        self.copies.mkdir(exist_ok=True)
        for name in names:
            text = (self.originals / "templates" / f"{name}.yaml").read_text().replace("\t", "  ")
            (self.copies / f"{name}.yaml").write_text(text)
        return load_templates([self.copies], [self.originals / "functions"])

    def create(self, name: str, inputs: Mapping[str, Any] | None = None, *needed: str) -> Played:
        """A task with a resolution that has not begun."""
        report = self.load(*needed, name)
        assert not report.has_errors, "\n".join(map(str, report.problems))
        template = next(line for line in (self.copies / f"{name}.yaml").read_text().splitlines() if "name" in line)
        task = create_task(ADMIN, template.partition(":")[2].strip().strip("'\""), inputs or {})
        resolve(task)
        return Played(task, self.runner)

    def play(self, name: str, inputs: Mapping[str, Any] | None = None, *needed: str) -> Played:
        """A task after its first run."""
        return self.create(name, inputs, *needed).settle()


def resolve(task: Task) -> None:
    """Make the task's resolution unless it has one."""
    if not Resolution.objects.filter(task=task).exists():
        resolutions.create_resolution(ADMIN, task.public_id, None)


@pytest.fixture
def original(
    conformance: Path, tmp_path: Path, settings: Settings, transactional_db: None, request: pytest.FixtureRequest
) -> Iterator[Folder]:
    """The original's files, with scripts and the address of callbacks configured as its tests have them."""
    scripts = tmp_path / "scripts"
    shutil.copytree(conformance / "scripts", scripts / "scripts_tests")
    settings.UTASK_SCRIPTS_PATH = [scripts]
    settings.UTASK_BASE_URL = "http://foo.example.com"
    current.reload()
    catalog.registry.cache_clear()
    yield Folder(conformance, tmp_path / "templates", request.getfixturevalue("runner"))
    catalog.registry.cache_clear()
    settings.UTASK_BASE_URL = ""
    current.reload()
