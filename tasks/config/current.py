"""The configuration of this process: read once, checked whole, and read again when asked.

Start here: ``configuration().cfg`` is ``utask-cfg``, ``configuration().items`` everything else.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from django.conf import settings

from tasks.config.cfg import Cfg, Plugged, read_cfg
from tasks.config.items import ConfigurationError, Items, Mistake, Source, read_items
from tasks.config.people import read_groups, read_passwords
from tasks.config.shapes import NotJson, json_object, yaml_object


@dataclass(frozen=True)
class CallbackConfig:
    """Where those outside reach our callbacks: ``base_url`` and ``path_prefix`` are glued before the id."""

    base_url: str
    path_prefix: str = "/unsecured/callback"


@dataclass(frozen=True)
class Configuration:
    """All that is configured, as far as it can be read, with everything that is wrong with it."""

    items: Items
    cfg: Cfg
    #: User name -> password, or the hash of one. Empty: the item is absent.
    basic_auth: Mapping[str, str] = field(repr=False)
    #: Group -> names of its users.
    groups_auth: Mapping[str, frozenset[str]]
    #: None: nobody outside can call back.
    callback: CallbackConfig | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()

    def require_no_mistakes(self) -> None:
        """Raises ConfigurationError with all mistakes."""
        if self.mistakes:
            raise ConfigurationError(self.mistakes)

    @property
    def base_url(self) -> str:
        """The start of links to us: ``base_url`` of ``utask-cfg``, else UTASK_BASE_URL, else empty."""
        return self.cfg.base_url or settings.UTASK_BASE_URL

    def groups_of(self, username: str) -> list[str]:
        """Groups of ``groups-auth`` that name this user, in alphabetical order."""
        return sorted(group for group, names in self.groups_auth.items() if username in names)


def assemble(items: Items, *, required: bool, base_url: str, plugged: Plugged) -> Configuration:
    """What these items mean. ``required``: they are all there is, so ``utask-cfg`` must be among them."""
    reading = read_cfg(items, required=required, plugged=plugged)
    mistakes = [*items.mistakes, *reading.mistakes]
    passwords = read_passwords(items, mistakes)
    groups = read_groups(items, mistakes)
    callback = _read_callback(items, reading.cfg.base_url or base_url, mistakes)
    _check_credentials(items, mistakes)
    return Configuration(items, reading.cfg, passwords, groups, callback, tuple(mistakes), reading.warnings)


def _read_callback(items: Items, base_url: str, mistakes: list[Mistake]) -> CallbackConfig | None:
    text = items.get("callback-config")
    if text is None:
        return CallbackConfig(base_url.removesuffix("/")) if base_url else None
    try:
        document = json_object(text)
    except NotJson as error:
        mistakes.append(Mistake("callback-config", str(error)))
        return None
    base, prefix = document.get("base_url"), document.get("path_prefix") or CallbackConfig.path_prefix
    if not isinstance(base, str) or not base:
        mistakes.append(Mistake("callback-config", '"base_url" key not defined in "callback-config"'))
    elif not isinstance(prefix, str):
        mistakes.append(Mistake("callback-config", '"path_prefix" must be a text'))
    else:
        return CallbackConfig(base.removesuffix("/"), prefix)
    return None


def _check_credentials(items: Items, mistakes: list[Mistake]) -> None:
    for item in items.all("notify-webhook-credentials"):
        try:
            named = yaml_object(item.value).get("credentials_name")
        except NotJson as error:
            mistakes.append(Mistake(item.key, str(error)))
        else:
            if not isinstance(named, str) or not named:
                mistakes.append(Mistake(item.key, "credentials_name must be a text"))


_lock = Lock()
_plugin_sources: dict[str, Source] = {}
_plugin_backends: set[str] = set()
_plugin_compressions: set[str] = set()
_current: Configuration | None = None


def add_source(name: str, source: Source) -> None:
    """A source of items that an init plugin brings; what was read before is read again at its next use."""
    global _current
    with _lock:
        _plugin_sources[name] = source
        _current = None


def add_backend_type(name: str) -> None:
    """A type of notification backend that an init plugin brings."""
    global _current
    with _lock:
        _plugin_backends.add(name)
        _current = None


def add_compression(name: str) -> None:
    """A way to compress stored values that an init plugin brings."""
    global _current
    with _lock:
        _plugin_compressions.add(name)
        _current = None


def configuration() -> Configuration:
    """The configuration, read at first use; its mistakes are for ``require_no_mistakes`` and ``config check``."""
    global _current
    current = _current
    if current is not None:
        return current
    with _lock:
        if _current is None:
            items = read_items(settings.CONFIGURATION_FROM, os.environ, _plugin_sources)
            _current = assemble(
                items,
                required=bool(settings.CONFIGURATION_FROM.strip()),
                base_url=settings.UTASK_BASE_URL,
                plugged=Plugged(frozenset(_plugin_backends), frozenset(_plugin_compressions)),
            )
        return _current


def reload() -> Configuration:
    """Read all sources again. A configuration with mistakes is refused, and the one in force stays.

    Raises ConfigurationError with all mistakes.
    """
    global _current
    before, _current = _current, None
    try:
        configuration().require_no_mistakes()
    except ConfigurationError:
        _current = before
        raise
    return configuration()
