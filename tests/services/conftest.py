"""The people and templates of the API's tests, for the services behind it."""

from pathlib import Path
from typing import Any

import pytest

from tasks.services.catalog import registry
from tests.api.loading import load_once
from tests.api.world import write_folders


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> None:
    """The templates are loaded."""
    templates, functions, scripts = write_folders(tmp_path)
    settings.UTASK_BASE_URL = "http://utask.example"
    settings.UTASK_SCRIPTS_PATH = [scripts]
    registry.cache_clear()
    load_once(templates, functions)
