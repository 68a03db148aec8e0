"""The items that name people for development: ``basic-auth`` and ``groups-auth``. Source: docs/operating.md,
"Authentication"."""

from tasks.config.items import Items, Mistake
from tasks.config.shapes import NotJson, json_object


def read_passwords(items: Items, mistakes: list[Mistake]) -> dict[str, str]:
    """User name -> password of ``basic-auth``; empty without the item."""
    document = _read(items, "basic-auth", mistakes)
    if not all(isinstance(password, str) for password in document.values()):
        mistakes.append(
            Mistake("basic-auth", "failed to unmarshal utask configuration: must be an object user -> password")
        )
        return {}
    return dict(document)  # type: ignore[arg-type]  # every value is a text: just checked


def read_groups(items: Items, mistakes: list[Mistake]) -> dict[str, frozenset[str]]:
    """Group -> names of its users of ``groups-auth``; empty without the item."""
    groups: dict[str, frozenset[str]] = {}
    for group, names in _read(items, "groups-auth", mistakes).items():
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            groups[group] = frozenset(names)
        else:
            mistakes.append(
                Mistake(f"groups-auth.{group}", "failed to unmarshal utask configuration: must be a list of user names")
            )
    return groups


def _read(items: Items, key: str, mistakes: list[Mistake]) -> dict[str, object]:
    text = items.get(key)
    if text is None:
        return {}
    try:
        return json_object(text)
    except NotJson as error:
        mistakes.append(Mistake(key, f"failed to unmarshal utask configuration: {error}"))
        return {}
