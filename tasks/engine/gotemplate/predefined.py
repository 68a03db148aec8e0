"""The functions that Go's language has by itself. ``and`` and ``or`` evaluate only what they need: ``expressions.py``.

Source: docs/template-language.md, "Functions".
"""

import re
from typing import Any
from urllib.parse import quote_plus

from tasks.engine.gotemplate import comparison
from tasks.engine.gotemplate.arguments import whole_number
from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import (
    GoError,
    StringDict,
    Uint8,
    array_bytes,
    from_bytes,
    is_nil,
    is_true,
    to_bytes,
    type_name,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.printf import sprintf
from tasks.engine.gotemplate.printing import joined, sprint, to_text
from tasks.engine.gotemplate.strconv import is_print

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "and", "value", "value...")
def all_true(first: object, *others: object) -> object:
    """The first false value, else the last."""
    for value in (first, *others):
        if not is_true(value):
            return value
    return others[-1] if others else first


@declare(FUNCTIONS, "or", "value", "value...")
def any_true(first: object, *others: object) -> object:
    """The first true value, else the last."""
    for value in (first, *others):
        if is_true(value):
            return value
    return others[-1] if others else first


@declare(FUNCTIONS, "not", "value")
def negation(value: object) -> bool:
    return not is_true(value)


@declare(FUNCTIONS, "eq", "value", "value...")
def equals_any(first: object, *others: object) -> bool:
    """True when the first equals any of the others."""
    if not others:
        raise GoError("missing argument for comparison")
    return any(comparison.equal(first, other) for other in others)


@declare(FUNCTIONS, "ne", "value", "value")
def not_equal(first: object, second: object) -> bool:
    return not comparison.equal(first, second)


@declare(FUNCTIONS, "lt", "value", "value")
def less(first: object, second: object) -> bool:
    return comparison.less(first, second)


@declare(FUNCTIONS, "le", "value", "value")
def less_or_equal(first: object, second: object) -> bool:
    return comparison.less(first, second) or comparison.equal(first, second)


@declare(FUNCTIONS, "gt", "value", "value")
def greater(first: object, second: object) -> bool:
    return not less_or_equal(first, second)


@declare(FUNCTIONS, "ge", "value", "value")
def greater_or_equal(first: object, second: object) -> bool:
    return not comparison.less(first, second)


def _sequence(value: object) -> Any:
    """Something with places to count: a list, or the bytes of a string or an array; None for anything else."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, str):
        return to_bytes(value)
    if isinstance(value, JSONNumber):
        return to_bytes(value.text)
    return array_bytes(value)


@declare(FUNCTIONS, "len", "value")
def length(value: object) -> int:
    """Number of elements; of a string: of its bytes."""
    sequence = value if isinstance(value, dict) else _sequence(value)
    if sequence is None:
        raise GoError(f"len of {type_name(value)}")
    return len(sequence)


@declare(FUNCTIONS, "index", "value", "value...")
def index(item: object, *keys: object) -> object:
    """The element at a place or key, and at the further ones within it; a key that is not there gives nil."""
    if item is None:
        raise GoError("index of nil")
    for key in keys:
        if item is None:
            raise GoError("index of nil")
        item = _element(item, key)
    return item


def _element(item: object, key: object) -> object:
    if isinstance(item, dict):
        if not isinstance(key, str | JSONNumber):
            raise GoError(f"a map is indexed by strings, not by {type_name(key)}")
        return item.get(str(key), "" if isinstance(item, StringDict) else None)
    sequence = _sequence(item)
    if sequence is None:
        raise GoError(f"a value of type {type_name(item)} cannot be indexed")
    place = _place(key, len(sequence) - 1)
    found = sequence[place]
    return Uint8(found) if isinstance(sequence, bytes) else found


def _place(key: object, largest: int) -> int:
    place = whole_number(key)
    if place is None:
        raise GoError(f"a place in a list is a whole number, not a {type_name(key)}")
    if not 0 <= place <= largest:
        raise GoError(f"index out of range: {place}")
    return place


@declare(FUNCTIONS, "slice", "value", "value...")
def part(item: object, *places: object) -> object:
    """Go's slice, ``item[a:b]``; hidden by sprig's function of the same name."""
    sequence = _sequence(item)
    if sequence is None:
        raise GoError(f"a value of type {type_name(item)} cannot be sliced")
    text = isinstance(item, str | JSONNumber)
    if len(places) > (2 if text else 3):
        raise GoError(f"too many slice indexes: {len(places)}")
    bounds = [_place(place, len(sequence)) for place in places]
    if bounds != sorted(bounds):
        raise GoError(f"invalid slice indexes: {bounds}")
    start, end = bounds[0] if bounds else 0, bounds[1] if len(bounds) > 1 else len(sequence)
    if start > end:
        raise GoError(f"invalid slice indexes: {start} > {end}")
    found = sequence[start:end]
    return from_bytes(found) if text else found


@declare(FUNCTIONS, "print", "any...")
def print_values(*values: object) -> str:
    return sprint(values)


@declare(FUNCTIONS, "println", "any...")
def print_line(*values: object) -> str:
    spaced = [piece for value in values for piece in (to_text(value), " ")]
    return joined([*spaced[:-1], "\n"])


@declare(FUNCTIONS, "printf", "value", "any...", with_run=True)
def print_formatted(run: Run, form: object, *values: object) -> str:
    if not isinstance(form, str):
        raise GoError(f"printf wants its format as a string, not a {type_name(form)}")
    return sprintf(form, values, run.limits.output_size)


@declare(FUNCTIONS, "call", "value", "any...")
def call(function: object, *values: object) -> object:
    """Go calls a function of the data; ours holds none."""
    raise GoError("call of nil" if is_nil(function) else f"{type_name(function)} is not a function")


def _argument_text(values: tuple[object, ...]) -> str:
    """The arguments of an escaper printed as one text; nil shows as it does in a result."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint(tuple("<no value>" if value is None else value for value in values))


_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})


@declare(FUNCTIONS, "html", "any...")
def html(*values: object) -> str:
    """The text with ``< > & " '`` escaped for HTML."""
    return _argument_text(values).translate(_HTML)


_JS_SPECIAL = re.compile(r"""[\x00-\x1f\\'"<>&=]|[^\x00-\x7f]""")
_JS_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _js_escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _JS_ESCAPES:
        return _JS_ESCAPES[character]
    if character >= "\x80" and (is_print(character) or "\ud800" <= character <= "\udfff"):
        return character
    return f"\\u{ord(character):04X}"


@declare(FUNCTIONS, "js", "any...")
def js(*values: object) -> str:
    """The text escaped to stand in a JavaScript string."""
    return _JS_SPECIAL.sub(_js_escape, _argument_text(values))


@declare(FUNCTIONS, "urlquery", "any...")
def urlquery(*values: object) -> str:
    """The text escaped to stand in a URL's query."""
    return quote_plus(to_bytes(_argument_text(values)))
