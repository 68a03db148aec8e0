"""What all tests share: which of them this run is about, and databases for processes that a test starts.

The suite runs on two databases: ``TEST_DATABASE=sqlite`` is everything but what is marked ``postgresql``;
``TEST_DATABASE=postgresql`` what touches a database and is not marked ``sqlite``. A test touches a database when it
asks for one (``db``, ``transactional_db``, the mark ``django_db``), for one of its own (``database_url``,
``migrated_database``), or for a running service (``service``, ``live``), or has one of the two marks; it is then
marked ``database``, so that ``make test`` can run the others beside both. Tests marked ``conformance`` need the folder
that ``UTASK_CONFORMANCE`` names.
"""

import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tasks.config import current
from tests.cluster.processes import Command
from tests.postgresql import server_url

TOUCHES_DATABASE = {"db", "transactional_db", "database_url", "migrated_database", "service", "live"}
_left_out: list[str] = []


def on_postgresql() -> bool:
    """Whether this run is the one on PostgreSQL."""
    return os.environ.get("TEST_DATABASE", "sqlite") == "postgresql"


def _touches_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "sqlite", "postgresql"))
    return marked or not TOUCHES_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


# Before pytest looks at marks to see which tests were asked for.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what this run is not about, and say how many tests miss their data."""
    kept, elsewhere, without_data = [], [], []
    for item in items:
        if _touches_database(item):
            item.add_marker("database")
        elif on_postgresql():
            elsewhere.append(item)
            continue
        if item.get_closest_marker("sqlite" if on_postgresql() else "postgresql"):
            elsewhere.append(item)
        elif item.get_closest_marker("conformance") and not os.environ.get("UTASK_CONFORMANCE"):
            without_data.append(item)
        else:
            kept.append(item)
    if without_data:
        _left_out.append(
            f"left out: {len(without_data)} tests that need UTASK_CONFORMANCE, a folder of conformance data"
        )
    config.hook.pytest_deselected(items=elsewhere + without_data)
    items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    for line in _left_out:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder of conformance data; for tests marked ``conformance``."""
    return Path(os.environ["UTASK_CONFORMANCE"]).resolve(strict=True)


@contextmanager
def empty_database(folder: Path, *, like: str = "") -> Iterator[str]:
    """The address of a new database of this run's kind, without rows; on SQLite a file in ``folder``.

    It has the tables of the one at the address ``like``, which nobody may use meanwhile; without it, none.
    """
    if not on_postgresql():
        url = f"sqlite:///{folder}/utask.sqlite3"
        if like:
            shutil.copyfile(like.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
        yield url
        return
    name = f"utask_{uuid.uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    model = urlsplit(like).path.removeprefix("/") or "template1"
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(model)))
        try:
            yield urlunsplit(urlsplit(server_url())._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


MigratedDatabase = Callable[[Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MigratedDatabase]:
    """Like ``empty_database``, with all our tables: a copy of one that is migrated once a run."""
    folder = tmp_path_factory.mktemp("migrated")
    with empty_database(folder) as model:
        command = Command(folder=folder, database=model, settings="utask_project.settings")
        command.manage("migrate", "--verbosity=0")
        yield partial(empty_database, like=model)


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of this run's kind, for processes that a test starts."""
    with empty_database(tmp_path) as url:
        yield url


@pytest.fixture
def migrated_database_url(migrated_database: MigratedDatabase, tmp_path: Path) -> Iterator[str]:
    """Like ``database_url``, migrated."""
    with migrated_database(tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def shared_database_url(migrated_database: MigratedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Like ``migrated_database_url``, one for all tests of a module."""
    with migrated_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(autouse=True)
def versions_are_forgotten() -> Iterator[None]:
    """A process remembers template versions by their ids, which a rolled back transaction gives out again."""
    yield
    module = sys.modules.get("tasks.services.templates")
    if module is not None:
        module._version.cache_clear()


@pytest.fixture
def configure(tmp_path: Path, settings: Any) -> Iterator[Callable[..., None]]:
    """Sets fields of ``utask-cfg``, beside an administrator, as an operator does; at the end all is as before."""
    items = tmp_path / "items.json"

    def configured(**cfg: object) -> None:
        value = json.dumps({"admin_usernames": ["admin"], **cfg})
        items.write_text(json.dumps([{"key": "utask-cfg", "value": value}]))
        settings.CONFIGURATION_FROM = f"file:{items}"
        current.reload()

    yield configured
    settings.CONFIGURATION_FROM = ""
    current.reload()
