"""The way of authentication that an init plugin brings. Source: docs/operating.md, "Init plugins"."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as a plugin found out. Groups come beside those of the account of this name, and of ``groups-auth``."""

    name: str
    groups: tuple[str, ...] = ()


class Unauthenticated(Exception):
    """Nobody, or not who he says he is: answered with 401, and browsers ask for a name and password."""


class Forbidden(Exception):
    """Known, and not let in: answered with 401, and browsers do not ask."""


#: Who sends this request; None: the plugin does not know. Raises Unauthenticated or Forbidden.
Identify = Callable[[HttpRequest], Identity | None]

_plugin = ""
_identify: Identify | None = None


def use(plugin: str, identify: Identify | None) -> str:
    """Have this function asked; the plugin that had set another one before, or ""."""
    global _plugin, _identify
    before, _plugin, _identify = _plugin, plugin, identify
    return before


def is_used() -> bool:
    """Whether a plugin has set one."""
    return _identify is not None


def identify(request: HttpRequest) -> Identity | None:
    """Whom the plugin finds; None without a plugin."""
    return _identify(request) if _identify is not None else None
