"""What every answer is made of: times of one form, fields that are left out when empty.

Source: docs/api.md, "Answers".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

#: Printed for a moment that never was, where the original always shows the field.
ZERO_TIME = "0001-01-01T00:00:00Z"


def moment_text(moment: datetime) -> str:
    """RFC 3339, UTC, always six decimals, so that clients may compare times as texts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[datetime, Any, str, Any]):
    """A moment as ``moment_text`` writes it."""

    def to_representation(self, value: datetime) -> str:
        return moment_text(value)


@extend_schema_field({})
class Value(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value, as it is."""

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.OBJECT)
class Object(serializers.Field[Any, Any, Any, Any]):
    """A mapping of anything, its keys in alphabetical order."""

    def to_representation(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value[key] for key in sorted(value)}


class Answer(serializers.Serializer[Any]):
    """An answer's shape. What ``OMIT`` names is left out when empty (null, "", [], {}, 0, false)."""

    OMIT: frozenset[str] = frozenset()

    def always_there(self) -> list[str]:
        """Names of the fields that are never left out."""
        return [
            str(name)
            for name, field in self.fields.items()
            if name not in self.OMIT and (field.required or field.read_only)
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        whole = super().to_representation(instance)
        return {name: value for name, value in whole.items() if name not in self.OMIT or not _empty(value)}


def in_order(document: Mapping[str, Any], shape: type[Answer]) -> dict[str, Any]:
    """The document with its fields in the order of the shape's."""
    return {name: document[name] for name in _names(shape) if name in document} | dict(document)


@cache
def _names(shape: type[Answer]) -> tuple[str, ...]:
    return tuple(map(str, shape().fields))


def _empty(value: Any) -> bool:
    return value is None or value is False or value == "" or value == [] or value == {} or value == 0
