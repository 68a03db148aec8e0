"""Init plugins: Python files of the operator that run at each start, before the configuration is first used.

A file has a function ``init(service)``; what it may do is what ``Service`` offers. All are run, and all that fail are
told, each with its file and line. Wiring: it knows every room, and none knows it.
Source: docs/operating.md, "Init plugins".
"""

import importlib.metadata
import importlib.util
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings

from tasks import notify
from tasks.config import current
from tasks.config.items import Item
from tasks.crypto import compression
from tasks.services import providers

log = logging.getLogger(__name__)

ENTRY_POINTS = "utask.init"
_METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Problem:
    """A plugin that could not be run, and where."""

    file: str
    line: int  # from 1; 0 where none is known
    error: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.error}" if self.line else f"{self.file}: {self.error}"


@dataclass(frozen=True)
class Route:
    """A path that a plugin serves."""

    method: str
    path: str
    view: Callable[..., Any]
    secured: bool
    changes: bool
    summary: str


@dataclass
class _Loaded:
    """What the plugins of this process brought."""

    routes: list[Route] = field(default_factory=list)
    middleware: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    descriptions: dict[str, str] = field(default_factory=dict)


class _Config:
    """Sources of configuration items."""

    def add_source(self, name: str, read: Callable[[], Iterable[Item]]) -> None:
        """Items beside those of CONFIGURATION_FROM. ``read`` is called whenever the configuration is read."""
        current.add_source(name, read)


class _Auth:
    """Who is asking."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin

    def use(self, identify: providers.Identify) -> None:
        """Ask ``identify`` first at every request of the API; None from it: the other ways are tried."""
        before = providers.use(self._plugin, identify)
        if before:
            log.warning(
                "two plugins set the authentication; the later counts", extra={"of": before, "by": self._plugin}
            )


class _Http:
    """Paths and what stands around them."""

    def __init__(self, loaded: _Loaded) -> None:
        self._loaded = loaded

    def add_middleware(self, path: str) -> None:
        """A Django middleware by its dotted path, around the API and its audit."""
        self._loaded.middleware.append(path)

    def add_route(
        self,
        method: str,
        path: str,
        view: Callable[..., Any],
        *,
        secured: bool = True,
        changes: bool | None = None,
        summary: str = "",
    ) -> None:
        """Have ``view(request, **parts of the path)`` answer: a Django response, or a JSON value.

        ``secured``: somebody must be authenticated, and is ``request.actor``. ``changes``: refused in maintenance mode;
        None: unless the method only reads. Raises ValueError for a method that the API does not know, or a path that is
        secured for some methods alone.
        """
        if method not in _METHODS:
            raise ValueError(f"method {method}: must be one of {', '.join(_METHODS)}")
        path = path.lstrip("/")
        if any(route.path == path and route.secured != secured for route in self._loaded.routes):
            raise ValueError(f"path /{path}: all its methods must be secured, or none")
        changing = method != "GET" if changes is None else changes
        self._loaded.routes.append(Route(method, path, view, secured, changing, summary))


class _Notifications:
    """Ways to send notifications."""

    def add_backend(self, type: str, send: notify.Channel) -> None:
        """Another ``type`` of ``notify_config``. ``send(message, config)`` raises DeliveryFailed to be tried again."""
        notify.add_channel(type, send)
        current.add_backend_type(type)


class _Compression:
    """Ways to compress stored values."""

    def add(self, name: str, codec: compression.Codec) -> None:
        """Another ``steps_compression_algorithm``. Values written with it need the plugin as long as they are stored.

        Raises ValueError for a name that is ours, or none.
        """
        compression.add_codec(name, codec)
        current.add_compression(name)


class Service:
    """What a plugin is given."""

    def __init__(self, plugin: str, loaded: _Loaded) -> None:
        self.config = _Config()
        self.auth = _Auth(plugin)
        self.http = _Http(loaded)
        self.notifications = _Notifications()
        self.compression = _Compression()


_loaded = _Loaded()


def load() -> None:
    """Run all plugins: those that are installed, by name, then the files of each folder, in alphabetical order.

    What fails is in ``problems`` afterwards.
    """
    global _loaded
    _loaded = _Loaded()
    for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        _run(f"{ENTRY_POINTS}:{point.name}", point.load)
    for path in _files(settings.UTASK_INIT_PATH):
        _run(str(path), partial(_module_of, path))
    _install_middleware()


def problems() -> list[Problem]:
    """Plugins that failed."""
    return list(_loaded.problems)


def routes() -> dict[str, list[Route]]:
    """Paths that plugins serve, each with its methods."""
    found: dict[str, list[Route]] = {}
    for route in _loaded.routes:
        found.setdefault(route.path, []).append(route)
    return found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            yield from sorted(path for path in folder.glob("*.py") if path.name[0] not in "._" and path.is_file())
        except OSError as error:
            _loaded.problems.append(Problem(str(folder), 0, str(error)))
        if not folder.is_dir():
            log.warning("folder of init plugins is missing", extra={"folder": str(folder)})


def _module_of(path: Path) -> ModuleType:
    name = f"utask_init_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # So that what it defines can be pickled and named by a dotted path.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _run(plugin: str, find: Callable[[], Any]) -> None:
    try:
        found = find()
        init = getattr(found, "init", found)
        if not callable(init):
            raise TypeError("has no function init(service)")
        init(Service(plugin, _loaded))
    except Exception as error:  # the edge of a plugin: it is an operator's code and may raise anything
        _loaded.problems.append(_problem(plugin, error))
        return
    description = (getattr(found, "__doc__", None) or plugin).strip().partition("\n")[0]
    _loaded.descriptions[plugin] = description
    log.info("init plugin ran", extra={"plugin": plugin, "description": description})


def _problem(plugin: str, error: Exception) -> Problem:
    """Where in the plugin's own file it happened, as far as that is known."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename == plugin:
        return Problem(plugin, error.lineno or 0, f"SyntaxError: {error.msg}")
    places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == plugin]
    return Problem(plugin, (places[-1] or 0) if places else 0, said)


def _install_middleware() -> None:
    """Before the API's own, once: Django reads the list when it begins to serve."""
    place = settings.MIDDLEWARE.index("tasks.api.middleware.ApiMiddleware")
    settings.MIDDLEWARE[place:place] = [name for name in _loaded.middleware if name not in settings.MIDDLEWARE]
