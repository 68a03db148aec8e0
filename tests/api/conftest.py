"""The people and templates of ``world.py`` in a database, and a client for each of them in this process."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tasks.api.views import resolutions
from tasks.runner import resident
from tasks.runner.coordinator import Coordinator
from tasks.services.catalog import registry
from tests.api.clients import Answer, Person
from tests.api.loading import load_once
from tests.api.world import PEOPLE, write_folders
from tests.runner.turns import settle

REMOTE_USER = "X-Remote-User"


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> None:
    """The templates are loaded; a trusted proxy on this machine says who asks."""
    templates, functions, scripts = write_folders(tmp_path)
    settings.UTASK_REMOTE_USER_HEADER = REMOTE_USER
    settings.UTASK_BASE_URL = "http://utask.example"
    settings.UTASK_SCRIPTS_PATH = [scripts]
    settings.UTASK_OPEN_METRICS = True
    registry.cache_clear()
    load_once(templates, functions)
    for name, groups in PEOPLE.items():
        user = User.objects.create(username=name, is_superuser=name == "adm")
        user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])


@pytest.fixture
def someone(world: None) -> Callable[[str], Person]:
    """A client for the person of this name; "" is nobody."""
    client = Client(raise_request_exception=False)

    def send(name: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        kind = given.pop("Content-Type", "application/json")
        identity = {REMOTE_USER: name} if name else {}
        return client.generic(method, path, body or b"", kind, headers=identity | given)

    return lambda name: Person(name, send)


@pytest.fixture
def adm(someone: Callable[[str], Person]) -> Person:
    return someone("adm")


@pytest.fixture
def req(someone: Callable[[str], Person]) -> Person:
    return someone("req")


@pytest.fixture
def own(someone: Callable[[str], Person]) -> Person:
    return someone("own")


@pytest.fixture
def runner(transactional_db: None, world: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Coordinator]:
    """A registered runner; turns are the test's (``settle``)."""
    # Nobody turns while a request waits for the run to begin.
    monkeypatch.setattr(resolutions, "BEGIN_SECONDS", 0.0)
    coordinator = resident.make()
    yield coordinator
    coordinator.work.stop_all()
    coordinator.work.hands.close()
    coordinator.presence.end(coordinator.fence.runner_id)


@pytest.fixture
def run(runner: Coordinator) -> Callable[[], None]:
    """Let the runner work until nothing moves by itself any more."""
    return lambda: settle(runner)
