"""A form for people from a callback's JSON schema: one field a plain property, a text of JSON for anything else.

Source: docs/api.md, "Callbacks".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.services.errors import BadRequest
from tasks.services.values import JSONNumber, decode, encode

#: Query parameter that a form sends along, so that a program's body is never taken for one.
SENT_BY_FORM = "form"
#: The one field of a form whose schema has no plain properties.
WHOLE = "body"

_KINDS = {"string": "text", "number": "number", "integer": "number", "boolean": "boolean"}


@dataclass(frozen=True)
class Field:
    """One field. ``kind``: text, long, number, boolean, choice or json."""

    name: str
    label: str
    kind: str
    help: str = ""
    is_required: bool = False
    #: What can be chosen: JSON texts, each with what is shown of it.
    choices: tuple[tuple[str, str], ...] = ()
    #: What was typed.
    text: str = ""

    def value(self) -> Any:
        """The JSON value of what was typed; None: left out. Raises BadRequest."""
        if self.kind == "boolean":
            return {"true": True, "false": False}.get(self.text)
        if self.text == "" and not (self.kind == "text" and self.is_required):
            return None
        if self.kind in ("text", "long"):
            return self.text
        try:
            value = decode(self.text)
        except ValueError:
            raise BadRequest(f"{self.label}: {'a number' if self.kind == 'number' else 'JSON'} is expected") from None
        if self.kind == "number" and not isinstance(value, JSONNumber):
            raise BadRequest(f"{self.label}: a number is expected")
        return value


@dataclass(frozen=True)
class Form:
    """The fields, and what the schema says of the whole."""

    title: str
    description: str
    fields: tuple[Field, ...]

    def filled(self, given: Mapping[str, str]) -> "Form":
        """The form with what was typed in it."""
        return replace(self, fields=tuple(replace(field, text=given.get(field.name, "")) for field in self.fields))

    def value(self) -> Any:
        """The answer that the form stands for. Raises BadRequest."""
        if [field.name for field in self.fields] == [WHOLE] and self.fields[0].kind == "json":
            value = self.fields[0].value()
            if value is not None and not isinstance(value, dict):
                raise BadRequest(f"{self.fields[0].label}: an object is expected")
            return value
        typed = {field.name: field.value() for field in self.fields}
        return {name: value for name, value in typed.items() if value is not None}


def form_of(schema: Any) -> Form:
    """The form for a schema (None: any answer)."""
    schema = schema if isinstance(schema, dict) else {}
    properties = schema.get("properties")
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    fields: tuple[Field, ...]
    if isinstance(properties, dict) and properties:
        fields = tuple(_field(name, each, name in names) for name, each in properties.items())
    else:
        fields = (Field(WHOLE, "Answer", "json", help='A JSON object, like {"key": "value"}; or nothing.'),)
    return Form(_text(schema, "title") or "Answer", _text(schema, "description"), fields)


def _field(name: str, schema: Any, is_required: bool) -> Field:
    schema = schema if isinstance(schema, dict) else {}
    label, about = _text(schema, "title") or name, _text(schema, "description")
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        shown = tuple((encode(each), each if isinstance(each, str) else encode(each)) for each in choices)
        return Field(name, label, "choice", about, is_required, shown)
    kind = _KINDS.get(str(schema.get("type")), "json")
    if kind == "json":
        about = about or "A JSON value."
    return Field(name, label, kind, about, is_required)


def _text(schema: Mapping[str, Any], name: str) -> str:
    value = schema.get(name)
    return value if isinstance(value, str) else ""
