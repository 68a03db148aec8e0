"""Reads an object of JSON by the type of each key, and notes every key that has another."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import yaml

from tasks.config.durations import parse_duration, span_of
from tasks.config.items import Mistake

Default = TypeVar("Default")


class NotJson(ValueError):
    """The text is not what its key promises; the message says what it should be, without quoting it."""


def json_object(text: str) -> dict[str, Any]:
    """The object that strict JSON holds. Raises NotJson."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        place = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise NotJson(f"is not JSON{place}") from None
    if not isinstance(document, dict):
        raise NotJson("must be a JSON object")
    return document


def yaml_object(text: str) -> dict[str, Any]:
    """The object that JSON or YAML holds. Raises NotJson."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        raise NotJson("is neither JSON nor YAML") from None
    if not isinstance(document, dict):
        raise NotJson("must be an object")
    return {str(name): value for name, value in document.items()}


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class Shape:
    """One object of the configuration, its keys without regard to letter case; null counts as absent.

    ``where`` is how the object is named in mistakes. Each method gives the value of one key, or its default after
    noting a mistake. ``unknown_keys`` are those that no method asked for.
    """

    def __init__(self, document: Mapping[str, Any], where: str, mistakes: list[Mistake]) -> None:
        self._values = {str(name).lower(): value for name, value in document.items() if value is not None}
        self._where = where
        self._mistakes = mistakes
        self._asked: set[str] = set()

    def path(self, name: str) -> str:
        """How a key of this object is named in mistakes."""
        return f"{self._where}.{name}"

    def unknown_keys(self) -> list[str]:
        """Keys of the object that nothing reads."""
        return [self.path(name) for name in self._values if name not in self._asked]

    def names(self) -> list[str]:
        """All keys of the object, which count as read."""
        self._asked.update(self._values)
        return list(self._values)

    def everything(self) -> dict[str, Any]:
        """The whole object as it is, for those who know their keys themselves."""
        return {name: self._values[name] for name in self.names()}

    def refuse(self, name: str, reason: str) -> None:
        """Note a mistake at one key."""
        self._mistakes.append(Mistake(self.path(name), reason))

    def has(self, name: str) -> bool:
        """Whether the key is given."""
        self._asked.add(name)
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._take(name, default)
        return value if isinstance(value, str) else self._wrong(name, "a text", default)

    def flag(self, name: str) -> bool:
        """A boolean; false where it is absent."""
        value = self._take(name, False)
        return value if isinstance(value, bool) else self._wrong(name, "true or false", False)

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        value = self._take(name, default)
        return value if _is_integer(value) else self._wrong(name, "a whole number", default)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            return self._wrong(name, "a list of texts", ())
        return tuple(value)

    def text_by_name(self, name: str) -> dict[str, str]:
        """An object of texts."""
        value = self._take(name, {})
        if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
            return self._wrong(name, "an object of texts", {})
        return dict(value)

    def amount_by_name(self, name: str) -> dict[str, int]:
        """An object of whole numbers, none below 0."""
        value = self._take(name, {})
        if not isinstance(value, dict) or not all(_is_integer(part) and part >= 0 for part in value.values()):
            return self._wrong(name, "an object of whole numbers, none below 0", {})
        return dict(value)

    def shape(self, name: str) -> "Shape":
        """An object inside this one; an empty one where it is absent."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            self._wrong(name, "an object", None)
            value = {}
        return Shape(value, self.path(name), self._mistakes)

    def shape_by_name(self, name: str) -> dict[str, "Shape"]:
        """An object of objects, whose names are kept as they are written."""
        value = self._take(name, {})
        if not isinstance(value, dict) or not all(isinstance(part, dict) for part in value.values()):
            return self._wrong(name, "an object of objects", {})
        return {inner: Shape(part, f"{self.path(name)}.{inner}", self._mistakes) for inner, part in value.items()}

    def shapes(self, name: str) -> list["Shape"]:
        """A list of objects."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            return self._wrong(name, "a list of objects", [])
        return [Shape(part, f"{self.path(name)}[{at}]", self._mistakes) for at, part in enumerate(value)]

    def duration(self, name: str, default: timedelta) -> timedelta:
        """A duration like ``1m30s``, or a number of seconds."""
        value = self._take(name, default)
        if isinstance(value, timedelta):
            return value
        if not isinstance(value, str | float) and not _is_integer(value):
            return self._wrong(name, 'a duration like "90s" or "720h", or a number of seconds', default)
        try:
            return parse_duration(value) if isinstance(value, str) else span_of(value)
        except ValueError as error:
            self.refuse(name, f'failed to parse "{name}": {error}')
            return default

    def one_of(self, name: str, allowed: Iterable[str], default: str) -> str:
        """A text out of a few."""
        found, allowed = self.text(name, default), list(allowed)
        if found in allowed:
            return found
        self.refuse(name, f"must be one of {', '.join(allowed)}")
        return default

    def _take(self, name: str, default: Any) -> Any:
        self._asked.add(name)
        return self._values.get(name, default)

    def _wrong(self, name: str, wanted: str, default: Default) -> Default:
        self.refuse(name, f"failed to unmarshal utask configuration: must be {wanted}")
        return default


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
