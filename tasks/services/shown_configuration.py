"""The configuration in force as a document without a single secret: for the command and for administrators."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from tasks.config.current import Configuration
from tasks.config.items import ALWAYS_CONCEALED, normalise
from tasks.config.notifications import Backend
from tasks.crypto.errors import KeyringError
from tasks.crypto.keyring import keyring

_MASK = "********"


def shown(current: Configuration) -> dict[str, Any]:
    """The configuration as a document without a single secret: of items only where they come from and their size."""
    cfg = current.cfg
    concealed = ALWAYS_CONCEALED | {normalise(key) for key in cfg.concealed_secrets}
    visible = None if cfg.visible_items is None else {normalise(key) for key in cfg.visible_items}
    return {
        "utask-cfg": {
            field.name: _plain(getattr(cfg, field.name))
            for field in dataclasses.fields(cfg)
            if field.name != "notify_config"
        }
        | {"notify_config": {name: _backend(backend) for name, backend in cfg.notify_config.items()}},
        "base_url": current.base_url,
        "callbacks": None if current.callback is None else _plain(current.callback),
        "basic-auth": dict.fromkeys(current.basic_auth, _MASK),
        "groups-auth": {group: sorted(names) for group, names in current.groups_auth.items()},
        "encryption_keys": _key_ids(),
        "items": [
            {
                "key": item.key,
                "source": item.source,
                "priority": item.priority,
                "size": len(item.value),
                "seen_by_templates": item.key not in concealed and (visible is None or item.key in visible),
            }
            for item in current.items
        ],
    }


def _key_ids() -> list[str]:
    try:
        return keyring().ids
    except (KeyringError, ImproperlyConfigured) as error:
        return [str(error)]


def _backend(backend: Backend) -> dict[str, Any]:
    """A receiver without what could let one write to it: addresses hold secrets too."""
    shows = {"zone", "timeout"}
    return {
        "type": backend.type,
        "config": {name: _plain(value) if name in shows else _MASK for name, value in backend.config.items() if value},
        "default_notification_strategy": dict(backend.defaults),
        "template_notification_strategies": {
            kind: [{"templates": sorted(entry.templates), "notification_strategy": entry.strategy} for entry in entries]
            for kind, entries in backend.by_template.items()
        },
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value
