"""Real clusters around a database of their own, which the test looks into as well."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connections
from django.db.utils import load_backend
from pytest_django import DjangoDbBlocker

from tasks.crypto import cipher
from tasks.services import templates
from tests.storms.world import World
from utask_project import databases


@contextmanager
def looking_into(url: str) -> Iterator[None]:
    """Django's connection of this process is one to the database at that address."""
    before = connections["default"]
    described = databases.settings_of(url, default_sqlite=Path(), lifetime_seconds=0, pool_size=0)
    full = connections.configure_settings({"default": described})["default"]
    full["CONN_HEALTH_CHECKS"] = True
    connections["default"] = load_backend(full["ENGINE"]).DatabaseWrapper(full, "default")
    # Versions are remembered by their ids, which mean others here.
    templates._version.cache_clear()
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before
        templates._version.cache_clear()


@pytest.fixture
def world(
    tmp_path: Path, migrated_database_url: str, settings: Any, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    """An empty, migrated database and a folder for what actions leave; clusters are ended with the test."""
    with django_db_blocker.unblock():
        cipher.encrypt(b"", "the key is made at its first use")
        var = tmp_path / "var"
        var.mkdir()
        shutil.copy(project.UTASK_ENCRYPTION_KEY_FILE, var / "encryption-key.json")
        settings.UTASK_BELLS = var / "bells"
        with looking_into(migrated_database_url):
            made = World(tmp_path, migrated_database_url)
            yield made
            made.end()


def size(name: str, small: int, large: int) -> int:
    """How much of something: small in the suite, large where STORM=large, or as its own variable says."""
    given = os.environ.get(f"STORM_{name}")
    return int(given) if given else large if os.environ.get("STORM") == "large" else small
