"""Init plugins are run in this process, and forgotten with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches, path

from tasks import notify, plugins
from tasks.api.views.plugins import view_of
from tasks.config import current
from tasks.crypto import compression
from tasks.services import providers
from utask_project import urls

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, settings: Any) -> Iterator[Write]:
    """Put plugins into a folder and run all of it."""
    folder = tmp_path / "init"
    folder.mkdir()
    settings.UTASK_INIT_PATH = [folder]
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    kept = list(urls.urlpatterns)
    channels = dict(notify._channels)
    algorithms = dict(compression._by_name)

    def write_plugins(**files: str) -> None:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        plugins.load()
        urls.urlpatterns += [path(at, view_of(routes).as_view()) for at, routes in plugins.routes().items()]
        clear_url_caches()

    yield write_plugins
    urls.urlpatterns[:] = kept
    clear_url_caches()
    providers.use("", None)
    notify._channels.clear()
    notify._channels.update(channels)
    current._plugin_sources.clear()
    current._plugin_backends.clear()
    current._plugin_compressions.clear()
    compression._by_name.clear()
    compression._by_name.update(algorithms)
    current._current = None
    plugins._loaded = plugins._Loaded()


@pytest.fixture
def client(db: None) -> Client:
    return Client()
