"""The JSON schema (draft 7) of template and function files, for editors: made from the declarations.

It says what can be said about one place at a time; rules between places are in ``checks``. Names are matched in any
case by the engine, here as declared.
Source: docs/templates.md, "Editors".
"""

from collections.abc import Collection
from typing import Any

from tasks.engine.declarations import FUNCTION, OPERATORS, RECORDS, TEMPLATE, Kind, Property, Record

Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
_DURATION = r"^([-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)?$"

#: The schema of each kind that needs nothing of the property.
_KINDS: dict[Kind, Schema] = {
    Kind.TEXT: _TEXT,
    Kind.FLAG: {"type": ["boolean", "null"]},
    Kind.WHOLE: {"type": ["integer", "null"]},
    Kind.ANY: {},
    Kind.TEXTS: {"type": ["array", "null"], "items": _TEXT},
    Kind.TEXT_BY_NAME: {"type": ["object", "null"], "additionalProperties": _TEXT},
    Kind.VALUES: {"type": ["array", "null"]},
    Kind.VALUE_BY_NAME: {"type": ["object", "null"]},
    Kind.DURATION: {"type": ["string", "number", "null"], "pattern": _DURATION},
    Kind.DELAY: {"type": ["string", "integer", "null"], "pattern": _DURATION},
    Kind.SCHEMA: {"type": ["object", "boolean"]},
}


def template_schema(actions: Collection[str] = ()) -> Schema:
    """The schema of a template's file; ``actions`` are suggested as types of actions, others stay possible."""
    return _schema(TEMPLATE, actions)


def function_schema(actions: Collection[str] = ()) -> Schema:
    """The schema of a function's file."""
    return _schema(FUNCTION, actions)


def _schema(record: Record, actions: Collection[str]) -> Schema:
    definitions = {
        name: _record_schema(each, actions) for name, each in RECORDS.items() if each not in (TEMPLATE, FUNCTION)
    }
    # Extra keys at the top are where authors keep values for aliases.
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_record_schema(record, actions),
        "additionalProperties": True,
        "definitions": definitions,
    }


def _record_schema(record: Record, actions: Collection[str]) -> Schema:
    shown = [declared for declared in record.properties if declared.kind is not Kind.RUN_TIME]
    return {
        "title": record.name,
        "description": record.about,
        "type": "object",
        "properties": {declared.name: _property_schema(record, declared, actions) for declared in shown},
        "required": [declared.name for declared in shown if declared.required],
        "additionalProperties": False,
    }


def _property_schema(record: Record, declared: Property, actions: Collection[str]) -> Schema:
    schema: Schema = {"description": declared.about}
    if declared.default is not None:
        schema["default"] = declared.default
    reference = {"$ref": f"#/definitions/{declared.record}"}
    match declared.kind:
        case Kind.RECORD:
            return schema | {"anyOf": [reference, {"type": "null"}] if declared.nullable else [reference]}
        case Kind.RECORDS:
            return schema | {"type": ["array", "null"], "items": reference}
        case Kind.RECORD_BY_NAME:
            return schema | {"type": ["object", "null"], "additionalProperties": reference}
        case Kind.TEXT if declared.choices:
            return schema | {"enum": list(declared.choices)}
        case Kind.TEXT if declared.longest:
            # A character has one to four bytes.
            limits = {"minLength": -(-declared.shortest // 4), "maxLength": declared.longest}
            return schema | (_TEXT if declared.nullable else {"type": ["string", "number", "boolean"]}) | limits
        case Kind.TEXT if (record.name, declared.name) == ("assertion", "operator"):
            return schema | {"type": "string", "anyOf": [{"enum": list(OPERATORS)}, {"pattern": _any_case(OPERATORS)}]}
        case Kind.TEXT if (record.name, declared.name) == ("action", "type") and actions:
            return schema | {"anyOf": [{"enum": sorted(actions)}, {"type": "string"}]}
        case kind:
            return schema | _KINDS[kind]


def _any_case(words: Collection[str]) -> str:
    """A pattern for words in any case; editors' regular expressions have no flag for that."""
    spelt = ("".join(f"[{letter}{letter.lower()}]" for letter in word) for word in words)
    return f"^({'|'.join(spelt)})$"
