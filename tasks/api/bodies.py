"""Reading what a client sends: any content type, JSON first, then YAML; names in any letter case; types strict.

Start with ``Body``, the base of every request's shape. Source: docs/api.md, "Bodies".
"""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from tasks.config.current import configuration
from tasks.services.errors import BadRequest
from tasks.services.values import JSONNumber, read_body


class AnyParser(BaseParser):
    """Reads every body as JSON or YAML, whatever its content type says; it must be a mapping."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        value = self.value_of(stream)
        return {} if value is None else value

    @staticmethod
    def value_of(stream: IO[bytes]) -> dict[str, Any] | None:
        """The mapping that was sent; None for null and for nothing. Raises ParseError."""
        limit = configuration().cfg.max_body_bytes
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise ParseError(f"the body is too large: at most {limit} bytes are read")
        if not content.strip():
            return None
        try:
            value = read_body(content)
        except BadRequest as error:
            raise ParseError(str(error)) from None
        if value is not None and not isinstance(value, dict):
            raise ParseError("the body cannot be parsed: it must be a mapping (an object)")
        if b"0" in content and _holds_null_character(value):
            raise ParseError("the body holds the character U+0000, which cannot be stored")
        return value


def _holds_null_character(value: Any) -> bool:
    """Whether a text anywhere in the value holds it; only an escape (``\\u0000``, ``\\0``) can have brought it."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in str(key) or _holds_null_character(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_holds_null_character, value))


#: What is taken where a text is expected.
TEXT_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}


@extend_schema_field(TEXT_SCHEMA)
class Text(serializers.CharField):
    """A text; a number or boolean is turned into its text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool):
            return "true" if data else "false"
        if isinstance(data, JSONNumber):
            return data.text
        if not isinstance(data, str):
            raise serializers.ValidationError("a text is expected")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "uuid"})
class Identifier(Text):
    """The text of an id."""


@extend_schema_field({"type": "string", "minLength": 1})
class NonEmpty(Text):
    """A text that is not empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": False} | kwargs)


@extend_schema_field({"type": "boolean"})
class Flag(serializers.BooleanField):
    """A boolean and nothing that looks like one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("true or false is expected")
        return data


#: As long as a name of somebody, of a group, of a tag may be.
LONGEST_NAME = 255


_NAME_SCHEMA = {"anyOf": [{"type": "string", "maxLength": LONGEST_NAME}, {"type": "number"}, {"type": "boolean"}]}


@extend_schema_field({"type": "array", "items": _NAME_SCHEMA})
class Names(serializers.ListField):
    """A list of names of users or groups."""

    child = Text(max_length=LONGEST_NAME)
    default_error_messages = {"not_a_list": "a list of texts is expected"}


@extend_schema_field({"type": "object", "additionalProperties": TEXT_SCHEMA})
class Tags(serializers.DictField):
    """A mapping of texts."""

    child = Text(allow_null=True)
    default_error_messages = {"not_a_dict": "a mapping of texts is expected"}

    def to_internal_value(self, data: Any) -> Any:
        tags = super().to_internal_value(data)
        if any(len(key) > LONGEST_NAME for key in tags):
            raise serializers.ValidationError(f"a key has more than {LONGEST_NAME} characters")
        return {key: "" if value is None else value for key, value in tags.items()}


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Mapped(serializers.Field[dict[str, Any], Any, Any, Any]):
    """A mapping of anything; numbers keep their notation."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("a mapping (an object) is expected")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": {}}})
class MappedList(serializers.ListField):
    """A list of mappings."""

    child = Mapped()
    default_error_messages = {"not_a_list": "a list of mappings is expected"}


def reason_field() -> Text:
    """Why: kept in the journal."""
    return Text(required=False, help_text="Why; kept in the journal and shown as a comment.")


class Body(serializers.Serializer[Any]):
    """A request's shape: unknown names are ignored, names match in any letter case, null counts as absent.

    The spelling that is exact wins where a name is given twice.
    """

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"body": ["a mapping (an object) is expected"]})
        known = {str(name).lower(): str(name) for name in self.fields}
        given = {known[key.lower()]: value for key, value in data.items() if key.lower() in known}
        given.update({key: value for key, value in data.items() if key in self.fields})
        return super().to_internal_value({name: value for name, value in given.items() if value is not None})


class ReasonBody(Body):
    """An act needs no body; it may say why."""

    reason = reason_field()
