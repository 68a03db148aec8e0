"""What requester and resolver gave, against what the template asks for: types, legal values, regex, defaults.

``accept_inputs`` is the front door; ``value_faults`` is also what checks the definition's own default.
Source: docs/templates.md, "Inputs".
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tasks.engine.definition import InputDefinition, InputType
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import float_text
from tasks.engine.gotemplate.regexps import compile_pattern

#: Longest text of one value, in bytes of UTF-8.
LONGEST_VALUE_BYTES = 100_000

_EXPECTED: Mapping[InputType, str] = {
    InputType.STRING: "a text",
    InputType.PASSWORD: "a text",
    InputType.NUMBER: "a number",
    InputType.BOOL: "true or false",
}


@dataclass(frozen=True, slots=True)
class InputProblem:
    """Why one input is not accepted. ``index`` (from 0): the element of a collection; None: the input as a whole."""

    name: str
    what: str
    index: int | None = None

    def __str__(self) -> str:
        place = f"input {self.name}" if self.index is None else f"input {self.name}, element {self.index}"
        return f"{place}: {self.what}"


def accept_inputs(
    definitions: Sequence[InputDefinition], given: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[InputProblem]]:
    """The values to store, and every problem; with any problem the values must not be used.

    Undeclared inputs are dropped, defaults filled in. What is left out and optional stays as it was given: absent,
    null or empty. Nothing is ever converted; a password's value is in no message.
    """
    given = given or {}
    accepted: dict[str, Any] = {}
    problems: list[InputProblem] = []
    for definition in definitions:
        value = given.get(definition.name)
        if not is_left_out(value):
            problems.extend(value_faults(definition, value))
            accepted[definition.name] = value
        elif definition.default is not None:
            accepted[definition.name] = definition.default
        elif not definition.optional:
            problems.append(InputProblem(definition.name, "missing: a value is required"))
        elif definition.name in given:
            accepted[definition.name] = value
    return accepted, problems


def is_left_out(value: Any) -> bool:
    """Absent, null and the empty text are the same, whatever the type."""
    return value is None or value == ""


def value_faults(definition: InputDefinition, value: Any) -> list[InputProblem]:
    """All that is wrong with a value that is not left out."""
    if not definition.collection:
        return [InputProblem(definition.name, what) for what in _faults(definition, value)]
    if not isinstance(value, list | tuple):
        return [InputProblem(definition.name, f"expected a list, got {kind_of(value)}")]
    return [
        InputProblem(definition.name, what, index)
        for index, element in enumerate(value)
        for what in _faults(definition, element)
    ]


def has_type(type_: InputType, value: Any) -> bool:
    """Whether a value that is not null is of the input's type; a text is never taken for a number or a boolean."""
    match type_:
        case InputType.STRING | InputType.PASSWORD:
            return isinstance(value, str)
        case InputType.NUMBER:
            return _is_number(value)
        case InputType.BOOL:
            return isinstance(value, bool)


def expected_type(type_: InputType) -> str:
    """What a value of the type is called in a message."""
    return _EXPECTED[type_]


def kind_of(value: Any) -> str:
    """What a value is, in words; never the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return "a number"


def _faults(definition: InputDefinition, value: Any) -> Iterator[str]:
    secret = definition.type is InputType.PASSWORD
    if value is None and None in definition.legal_values:
        return
    if value is None or not has_type(definition.type, value):
        yield f"expected {expected_type(definition.type)}, got {kind_of(value)}"
        return
    text = _text(value)
    if len(text.encode(errors="surrogatepass")) > LONGEST_VALUE_BYTES:
        yield f"longer than {LONGEST_VALUE_BYTES:,} bytes"
    elif definition.legal_values:
        if not any(_same(value, legal) for legal in definition.legal_values):
            yield "not one of the legal values" if secret else _not_legal(text, definition.legal_values)
    elif definition.regex is not None:
        if not compile_pattern(definition.regex).matches(text):
            shown = "the value" if secret else f'"{_shortened(text)}"'
            yield f"{shown} does not match the regular expression {definition.regex}"
    elif '"' in text:
        yield 'a double quote (") is only accepted by an input with a regular expression or legal values'


def _not_legal(text: str, legal_values: Sequence[Any]) -> str:
    legal = ", ".join("null" if value is None else _text(value) for value in legal_values)
    return f'"{_shortened(text)}" is not one of the legal values: {_shortened(legal, 500)}'


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int | JSONNumber)


def _text(value: Any) -> str:
    """A value's text for the rules: numbers as they were written, booleans as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return float_text(value) if isinstance(value, float) else str(value)


def _same(value: Any, legal: Any) -> bool:
    """Numbers are the same by value, all others when they are equal and of one type."""
    if _is_number(value) and _is_number(legal):
        return Decimal(_text(value)) == Decimal(_text(legal))
    return type(value) is type(legal) and bool(value == legal)


def _shortened(text: str, longest: int = 100) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
