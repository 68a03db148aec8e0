"""Where the product answers each topic of the format vectors (``tests/vectors/formats/README.md``, "Doors").

A door never has a rule of its own: it only gives product code the shape that a topic asks for.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tasks.engine import goyaml
from tasks.engine.declarations import Kind, Property, Record
from tasks.engine.decoding import Decoder
from tasks.engine.errors import TemplateInvalid
from tasks.engine.gotemplate.jsontext import decode_fields, dumps, loads, loads_first
from tasks.engine.gotemplate.regexps import Match, compile_pattern
from tasks.engine.gotemplate.times import RFC3339_NANO, format_duration, load_zone, parse_duration, parse_time
from tasks.engine.javascript import evaluate
from tasks.engine.operators import holds
from tasks.engine.places import Report
from tasks.engine.schemas import compile_schema

_FIELDS = Record(
    "definition",
    "One field of each kind.",
    (
        Property("text", Kind.TEXT, "A text."),
        Property("flag", Kind.FLAG, "A boolean."),
        Property("whole", Kind.WHOLE, "An integer."),
        Property("texts", Kind.TEXTS, "A list of texts."),
        Property("named", Kind.TEXT_BY_NAME, "A map of texts."),
        Property("any", Kind.ANY, "Anything.", as_doubles=True),
    ),
)

#: What a field is when it is absent or null.
_ZERO: dict[str, Any] = {"text": "", "flag": False, "whole": 0, "texts": None, "named": None, "any": None}


def _yaml(text: str) -> Any:
    return goyaml.read(text).value


def _yaml_field(text: str, kind: str) -> Any:
    root = goyaml.read(text).root
    if root.value is None:
        return _ZERO[kind]
    report = Report()
    found = Decoder(report, is_yaml=True).record(_FIELDS, root, ())
    if report.has_errors:
        raise TemplateInvalid(report.problems)
    is_null = {entry.key.casefold(): entry.node.value is None for entry in root.entries}
    value = found[kind] if kind in found and not is_null[kind] else _ZERO[kind]
    return list(value) if isinstance(value, tuple) else value


def _find_all(pattern: str, text: str) -> list[str]:
    return [match.text for match in compile_pattern(pattern).find_all(text)]


def _find_first(pattern: str, text: str) -> Match | None:
    return compile_pattern(pattern).find(text)


def _nanoseconds(text: str) -> int:
    return parse_duration(text).nanoseconds()


def _replace(pattern: str, text: str, replacement: str) -> str:
    return compile_pattern(pattern).replace(text, replacement)


def _replace_literal(pattern: str, text: str, replacement: str) -> str:
    return compile_pattern(pattern).replace_literal(text, replacement)


def _json_fields(text: str) -> dict[str, Any]:
    return decode_fields(text, {"name": str, "flag": bool, "list": list})


def _format_time(layout: str, instant: str, zone: str) -> str:
    return parse_time(RFC3339_NANO, instant).in_zone(load_zone(zone)).format(layout)


def _parse_time(layout: str, text: str) -> str:
    return parse_time(layout, text).format(RFC3339_NANO)


def _is_valid(schema: Any, instance: Any) -> bool:
    return compile_schema(schema).is_valid(instance)


Door = Callable[..., Any]

#: By topic (with the vector's ``op``, where it has one).
DOORS: dict[str, Door | Sequence[Door]] = {
    "yaml": _yaml,
    "yaml_fields": _yaml_field,
    "regexp": _find_all,
    "regexp_replace": _replace,
    "duration.parse": _nanoseconds,
    "duration.format": format_duration,
    "json.reencode": [loads, dumps],
    "json.html": [loads, partial(dumps, html=True)],
    "json.first": [loads_first, dumps],
    "json.fields": _json_fields,
    "timefmt.format": _format_time,
    "timefmt.parse": _parse_time,
    "js": evaluate,
    "jsonschema": _is_valid,
    "condition": holds,
}

#: What a vector holds beside its topic's main answer.
FURTHER_DOORS: dict[str, Door] = {"regexp.groups": _find_first, "regexp_replace.literal": _replace_literal}
