"""How settings read the environment: one name of ours, the original's name as a synonym, then a default.

An empty variable counts as absent. Source: docs/operating.md, "Environment".
"""

import os
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

#: What counts as true; everything else is false.
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def text(*names: str, default: str = "") -> str:
    """The first of these variables that is set and not empty."""
    return next((os.environ[name] for name in names if os.environ.get(name)), default)


def flag(*names: str) -> bool:
    """Whether the first of these variables that is set says yes."""
    return text(*names) in _TRUE


def number(*names: str, default: int, least: int, most: int) -> int:
    """A whole number within its bounds. Raises ImproperlyConfigured with the variable's name."""
    found = text(*names, default=str(default))
    if not found.isascii() or not found.isdecimal() or not least <= int(found) <= most:
        raise ImproperlyConfigured(f"{names[0]}: must be a whole number from {least} to {most}")
    return int(found)


def words(*names: str, default: Iterable[str] = ()) -> list[str]:
    """A list that is separated by commas."""
    return [word.strip() for word in text(*names).split(",") if word.strip()] or list(default)


def networks(name: str) -> tuple[str, ...] | None:
    """IP networks, separated by commas; ``none``: no network; None when the variable is absent.

    Raises ImproperlyConfigured with the variable's name.
    """
    found = words(name)
    if not found or found == ["none"]:
        return () if found else None
    for network in found:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {network} is no network such as 10.0.0.0/8") from None
    return tuple(found)


def folders(*names: str, shipped: Path) -> list[Path]:
    """The folder that ships, then those of the variable, which are separated by colons."""
    return [shipped, *(Path(part).absolute() for part in text(*names).split(":") if part)]
