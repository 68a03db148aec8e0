"""Each action as the step of a template, on the real runner, against real peers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.config import current
from tasks.engine.gotemplate.jsontext import loads
from tasks.models import Step, Task
from tasks.services import catalog
from tests.runner.conftest import ask, load, play, runner, runners, test_actions

__all__ = ["ask", "load", "play", "runner", "runners", "test_actions"]


@dataclass(frozen=True)
class Performed:
    """What became of a step."""

    task: Task
    state: str
    output: Any
    metadata: Any
    error: str


def step_of(task: Task, name: str) -> Performed:
    """A step as it is stored now."""
    task.refresh_from_db()
    row = Step.objects.get(resolution__task=task, name=name)
    output, metadata = (None if text is None else loads(text) for text in (row.output, row.metadata))
    return Performed(task, row.state, output, metadata, row.error or "")


@pytest.fixture
def perform(play: Callable[..., Task]) -> Callable[..., Performed]:
    """``perform(type, configuration, inputs)``: one step, ``it``, of a task that is run as far as it goes.

    The inputs are the template's: ``{{.input.NAME}}``.
    """

    def run(type: str, configuration: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> Performed:
        step = {"it": {"description": "d", "action": {"type": type, "configuration": configuration}}}
        about = {"inputs": [{"name": name, "description": "d"} for name in inputs or {}]}
        task = play(json.dumps(step)[1:-1], inputs=inputs, about=f"{json.dumps(about)[1:-1]}\n")
        return step_of(task, "it")

    return run


@pytest.fixture
def configured(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """``configured(items)``: the process has these configuration items beside a plain ``utask-cfg``."""

    def configure(items: Mapping[str, str], **cfg: Any) -> None:
        given = {"utask-cfg": json.dumps({"admin_usernames": ["admin"], **cfg}), **items}
        (tmp_path / "items.yaml").write_text(json.dumps([{"key": key, "value": value} for key, value in given.items()]))
        settings.CONFIGURATION_FROM = f"file:{tmp_path / 'items.yaml'}"
        monkeypatch.setattr(current, "_current", None)
        catalog.registry.cache_clear()

    yield configure
    catalog.registry.cache_clear()


@pytest.fixture
def scripts(settings: Any, tmp_path: Path) -> Path:
    """The scripts folder of the installation."""
    folder = tmp_path / "scripts of the installation"
    folder.mkdir()
    settings.UTASK_SCRIPTS_PATH = [folder]
    catalog.registry.cache_clear()
    return folder
