"""How a value looks when it is printed without further ado: Go's ``%v``.

``printf.py`` has the other verbs, flags and widths. Source: docs/template-language.md, "How values print".
"""

from collections.abc import Callable
from decimal import Decimal
from types import NoneType
from typing import Any

from tasks.engine.gotemplate.golang import ABSENT, Absent, GoError, byte_key, kind
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.strconv import format_float

#: A printed value may nest this deep and consist of this many pieces: it can contain itself, or one list many times.
_DEEPEST = 100
_MOST_PIECES = 2_000_000
#: What is printed in one go is no longer than this. What a text may write in all is for ``limits.py``.
_LONGEST = 20_000_000


def to_text(value: object) -> str:
    """The value as Go prints it with ``%v``: nil is ``<nil>``, maps are sorted by key. GoError for one without end."""
    if type(value) is str:
        return value
    printer = _LEAVES.get(type(value))
    if printer is not None:
        return printer(value)
    pieces: list[str] = []
    _print(value, pieces, 0)
    return joined(pieces)


def joined(pieces: list[str]) -> str:
    """The pieces as one text. GoError for a very long one: the same piece can be there many times."""
    if sum(map(len, pieces)) > _LONGEST:
        raise GoError("too much is printed at once")
    return "".join(pieces)


def _print(value: object, pieces: list[str], depth: int) -> None:
    if isinstance(value, str):
        pieces.append(value)
        return
    printer = _LEAVES.get(type(value))
    if printer is not None:
        pieces.append(printer(value))
        return
    if depth > _DEEPEST or len(pieces) > _MOST_PIECES:
        raise GoError("the value nests too deeply, or is too large, to be printed")
    if isinstance(value, dict):
        pieces.append("map[")
        separator = ""
        for key in sorted_keys(value):
            pieces.append(f"{separator}{key}:")
            _print(value[key], pieces, depth + 1)
            separator = " "
        pieces.append("]")
    elif isinstance(value, list | tuple):
        _print_sequence(value, pieces, depth)
    else:
        _print_object(value, pieces, depth)


def _print_sequence(items: Any, pieces: list[str], depth: int) -> None:
    pieces.append("[")
    for index, item in enumerate(items):
        if index:
            pieces.append(" ")
        _print(item, pieces, depth + 1)
    pieces.append("]")


def _print_object(value: Any, pieces: list[str], depth: int) -> None:
    """Something with a Go type of its own."""
    text = go_string(value)
    if text is not None:
        pieces.append(text)
    elif isinstance(value, int):
        pieces.append(int.__repr__(value))
    elif isinstance(value, float):
        pieces.append(format_float(value, "g"))
    else:
        pieces.append("&{" if kind(value) == "ptr" else "{")
        for index, item in enumerate(fields_of(value).values()):
            if index:
                pieces.append(" ")
            _print(item, pieces, depth + 1)
        pieces.append("}")


def go_string(value: object) -> str | None:
    """What the value's own String method says; None when it has none."""
    method: Callable[[], str | None] | None = getattr(value, "go_string", None)
    return None if method is None else method()


def fields_of(value: object) -> dict[str, object]:
    """The exported fields of a Go struct."""
    method = getattr(value, "go_fields", None)
    return {} if method is None else dict(method())


def sorted_keys(mapping: dict[str, Any]) -> list[str]:
    """The keys in Go's order, which is by byte."""
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: byte_key(str(key)))


_LEAVES: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: lambda value: format_float(value, "g"),
    complex: lambda value: f"({format_float(value.real, 'g')}{_signed(value.imag)}i)",
    JSONNumber: JSONNumber.__str__,
    Decimal: str,
    NoneType: lambda _: "<nil>",
    Absent: lambda _: "<nil>",
}


def _signed(value: float) -> str:
    text = format_float(value, "g")
    return text if text.startswith(("+", "-")) else f"+{text}"


def printed(value: object) -> str:
    """What an action writes for its result: ``<no value>`` for nil and for an absent key."""
    return "<no value>" if value is None or value is ABSENT else to_text(value)


def sprint(values: tuple[object, ...]) -> str:
    """Go's Sprint: the values' texts, with a space between two of which neither is a string."""
    pieces: list[str] = []
    after_string = True
    for value in values:
        is_string = kind(value) == "string"
        if not is_string and not after_string:
            pieces.append(" ")
        pieces.append(to_text(value))
        after_string = is_string
    return joined(pieces)
