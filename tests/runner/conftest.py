"""A runner in this process, one turn at a time, and templates that are loaded from texts."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.models import Task
from tasks.runner import resident
from tasks.runner.coordinator import Coordinator
from tasks.services import catalog
from tasks.services.identity import actor_named
from tasks.services.invariants import violations
from tasks.services.tasks import create_task
from tasks.services.templates import load_templates
from tests.runner.turns import settle

ADMIN = actor_named("admin", superuser=True)


ACTIONS = Path(__file__).parent / "actions"


@pytest.fixture
def test_actions(settings: Any) -> Iterator[None]:
    """The actions of the folder beside this file are there."""
    settings.UTASK_ACTIONS_PATH = [*settings.UTASK_ACTIONS_PATH, ACTIONS]
    catalog.registry.cache_clear()
    yield
    catalog.registry.cache_clear()


@pytest.fixture
def runners(transactional_db: None, test_actions: None) -> Iterator[Callable[[], Coordinator]]:
    """Makes registered runners in this process; turns are the test's."""
    made: list[Coordinator] = []

    def make() -> Coordinator:
        made.append(resident.make())
        # As one that has been there for a while; a test of caution begins it again.
        made[-1].caution._until = 0.0
        return made[-1]

    yield make
    # Whatever a test did: nothing is stuck without its why and its wake-up.
    # (That nobody turns any more is the test's affair.)
    found = [str(violation) for violation in violations() if violation.rule not in ("dead runner", "unclaimed")]
    assert found == []
    for coordinator in made:
        coordinator.work.stop_all()
        coordinator.work.hands.close()
        coordinator.presence.end(coordinator.fence.runner_id)


@pytest.fixture
def runner(runners: Callable[[], Coordinator]) -> Coordinator:
    """One of them."""
    return runners()


@pytest.fixture
def load(tmp_path: Path, transactional_db: None) -> Callable[..., None]:
    """Store templates that are given as texts; each starts by itself for everybody."""

    def load_texts(*texts: str, functions: tuple[str, ...] = ()) -> None:
        folders = tmp_path / "templates", tmp_path / "functions"
        for folder, documents in zip(folders, (texts, functions), strict=True):
            folder.mkdir(exist_ok=True)
            for number, text in enumerate(documents):
                (folder / f"{len(list(folder.iterdir()))}-{number}.yaml").write_text(textwrap.dedent(text))
        report = load_templates([folders[0]], [folders[1]])
        assert not report.has_errors, "\n".join(map(str, report.problems))

    return load_texts


@pytest.fixture
def ask(load: Callable[..., None], test_actions: None) -> Callable[..., Task]:
    """Load one template and make a task of it."""

    def ask_for(steps: str, *, inputs: Mapping[str, Any] | None = None, about: str = "") -> Task:
        load(document("played", steps, about))
        return create_task(ADMIN, "played", inputs or {})

    return ask_for


@pytest.fixture
def play(ask: Callable[..., Task], runner: Coordinator) -> Callable[..., Task]:
    """Load one template, make a task of it, and turn until nothing moves by itself any more."""

    def play_text(steps: str, **more: Any) -> Task:
        task = ask(steps, **more)
        settle(runner)
        task.refresh_from_db()
        return task

    return play_text


def document(name: str, steps: str, about: str = "") -> str:
    """A template that starts by itself for everybody; ``about`` is what stands beside its steps."""
    head = f"name: {name}\ndescription: made for a test\ntitle_format: {name}\n"
    head += "auto_runnable: true\nallow_all_resolver_usernames: true\n"
    return head + textwrap.dedent(about) + "steps:\n" + textwrap.indent(textwrap.dedent(steps), "  ")
