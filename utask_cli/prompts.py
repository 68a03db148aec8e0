"""Asking for the inputs of a template, one by one, or reading them from ``NAME=VALUE`` arguments."""

import getpass
import json
from collections.abc import Callable, Sequence
from typing import Any

Ask = Callable[[str], str]


class BadValue(ValueError):
    """What was given does not fit the input's type."""


def convert(definition: dict[str, Any], text: str) -> Any:
    """The JSON value of what a person typed. An empty text is "left out". Raises BadValue."""
    if text == "":
        return None
    if definition.get("collection"):
        return [_single(definition, part.strip()) for part in text.split(",")]
    return _single(definition, text)


def _single(definition: dict[str, Any], text: str) -> Any:
    kind = definition.get("type") or "string"
    if kind == "bool":
        words = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
        if text.lower() not in words:
            raise BadValue(f"{text!r} is neither yes nor no")
        return words[text.lower()]
    if kind == "number":
        try:
            number = json.loads(text)
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise BadValue(f"{text!r} is no number")
        return number
    return text


def ask_inputs(
    definitions: Sequence[dict[str, Any]],
    given: dict[str, str],
    *,
    ask: Ask = input,
    ask_secret: Ask = getpass.getpass,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Values of all inputs: those in ``given`` are converted, the rest is asked for until it fits.

    Raises BadValue for a given value that does not fit, and for a name that the template does not know.
    """
    unknown = sorted(set(given) - {definition["name"] for definition in definitions})
    if unknown:
        raise BadValue(f"the template has no input {unknown[0]!r}")
    values = {}
    for definition in definitions:
        name = definition["name"]
        if name in given:
            values[name] = convert(definition, given[name])
        elif not definition.get("hidden"):
            values[name] = _asked(definition, ask_secret if definition.get("type") == "password" else ask, say)
    return {name: value for name, value in values.items() if value is not None}


def _asked(definition: dict[str, Any], ask: Ask, say: Callable[[str], None]) -> Any:
    while True:
        try:
            value = convert(definition, ask(f"{_label(definition)}: "))
        except BadValue as error:
            say(str(error))
            continue
        if value is None and not definition.get("optional") and definition.get("default") is None:
            say("a value is required")
            continue
        return value


def _label(definition: dict[str, Any]) -> str:
    """``language - which one? (english, spanish) [english]``."""
    label = str(definition["name"])
    if definition.get("description"):
        label += f" - {definition['description']}"
    if definition.get("legal_values"):
        label += f" ({', '.join(map(_shown, definition['legal_values']))})"
    elif definition.get("collection"):
        label += " (several, separated by commas)"
    elif definition.get("type") == "bool":
        label += " (yes, no)"
    if definition.get("default") is not None and definition.get("type") != "password":
        label += f" [{_shown(definition['default'])}]"
    elif definition.get("optional"):
        label += " [none]"
    return label


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value)
