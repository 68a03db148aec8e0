"""JSON read and written as Go does, with numbers that keep their text.

Every value of the product that was JSON once (inputs, outputs, rows, API bodies) is read with ``loads`` and written
with ``dumps``. Both lean on the standard library's C code and mend its result only where it may differ from Go's.
Source: docs/template-language.md, "Numbers".
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from json import encoder as stdlib_encoder
from types import NoneType
from typing import Any

from tasks.engine.gotemplate.golang import ABSENT, NilDict, NilList, NilStrings, is_nil, valid_text
from tasks.engine.gotemplate.jsonnumbers import JSONNumber

__all__ = ["decode_fields", "dumps", "float_text", "loads", "loads_first"]


def _refuse(constant: str) -> object:
    raise ValueError(f"not JSON: {constant}")


_decoder = json.JSONDecoder(parse_int=JSONNumber.trusted, parse_float=JSONNumber.trusted, parse_constant=_refuse)
_pairs_decoder = json.JSONDecoder(
    parse_int=JSONNumber.trusted,
    parse_float=JSONNumber.trusted,
    parse_constant=_refuse,
    object_pairs_hook=lambda pairs: _Pairs(pairs),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Pairs(list[tuple[str, object]]):
    """An object with its keys in order, those that are there twice included."""


def loads(text: str | bytes) -> Any:
    """The value of a JSON text: numbers become ``JSONNumber``, of a key given twice the last counts.

    Lone surrogates and bytes that are no UTF-8 become U+FFFD. Raises ValueError (a ``json.JSONDecodeError`` where it
    knows the place) for what is no JSON, or nests too deeply to be read.
    """
    source = text if isinstance(text, str) else text.decode(errors="surrogateescape")
    try:
        return with_valid_texts(_decoder.decode(source), source)
    except RecursionError:
        raise ValueError("the JSON text nests too deeply") from None


def loads_first(text: str | bytes) -> Any:
    """The first value of a text, whatever comes after it; raises as ``loads`` does."""
    source = text if isinstance(text, str) else text.decode(errors="surrogateescape")
    return _first(_decoder, source)


def _first(decoder: json.JSONDecoder, source: str) -> Any:
    try:
        value, _ = decoder.raw_decode(source, len(source) - len(source.lstrip(" \t\r\n")))
    except RecursionError:
        raise ValueError("the JSON text nests too deeply") from None
    return with_valid_texts(value, source)


def with_valid_texts(value: Any, source: str) -> Any:
    if _ESCAPED_SURROGATE.search(source) is None and (source.isascii() or _SURROGATE.search(source) is None):
        return value
    return _plain(value, lambda leaf: leaf)


def _plain(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A copy whose texts are valid; what is no text, list or dict goes through ``leaf``."""
    if isinstance(value, str):
        return valid_text(value)
    if is_nil(value):
        return leaf(None)
    if isinstance(value, dict):
        return {valid_text(key) if isinstance(key, str) else key: _plain(item, leaf) for key, item in value.items()}
    if isinstance(value, _Pairs):
        return _Pairs((valid_text(key), _plain(item, leaf)) for key, item in value)
    if isinstance(value, list | tuple):
        return [_plain(item, leaf) for item in value]
    return leaf(value)


#: Before the text of a number while the C encoder works. It is a lone surrogate, which no valid text contains.
_MARK = "\udfff"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')
#: Where the C encoder's result may differ from Go's: floats are written otherwise, nil maps and slices are null.
_SUSPECT = re.compile(r"[\[:,](?:-?[0-9]+[.e]|\[\]|\{\})|^(?:-?[0-9]+[.e]|\[\]$|\{\}$)")
_HTML_NEEDED = re.compile("[<>&]")
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def dumps(value: Any, *, html: bool = False, indent: int = 0, sort_keys: bool = True) -> str:
    """The JSON text of a value as Go writes it: keys by code point, no spaces, ``JSONNumber`` as it was written.

    ``html`` escapes ``< > &`` too; ``indent`` above zero is the number of spaces a level; without ``sort_keys`` the
    keys stay in the order they have. Texts that are not valid get U+FFFD. Keys must be str. Raises ValueError for what
    JSON cannot hold (an infinity, a complex number, a value that contains itself) and for nesting that is too deep.
    """
    try:
        text = _encode(value, indent, sort_keys)
    except RecursionError:
        raise ValueError("the value nests too deeply for JSON, or contains itself") from None
    except TypeError as error:
        raise ValueError(f"no JSON value: {error}") from error
    if not text.isascii():
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.translate(_HTML) if html and _HTML_NEEDED.search(text) is not None else text


def _encode(value: Any, indent: int, sort_keys: bool) -> str:
    marks: list[str] = []
    text = _raw(value, marks, indent, sort_keys)
    if (not indent and _SUSPECT.search(text) is None) or not _needs_care(value):
        if not marks and text.isascii():
            return text
        if text.count(f'"{_MARK}') == len(marks):
            text = _MARKED.sub(r"\1", text)
            if text.isascii() or _SURROGATE.search(text) is None:
                return text
    marks.clear()
    return _MARKED.sub(r"\1", _raw(_plain(value, _careful_leaf), marks, indent, sort_keys))


def _raw(value: Any, marks: list[str], indent: int, sort_keys: bool) -> str:
    """The C encoder's text, in which every number of ours still stands marked, between quotes."""

    def default(leaf: object) -> object:
        if type(leaf) is JSONNumber:
            marks.append(leaf._text)
            return _MARK + leaf._text
        found = _json_of(leaf)
        if isinstance(found, str) and found.startswith(_MARK):
            marks.append(found)
        return found

    if indent:
        pretty = json.JSONEncoder(
            ensure_ascii=False,
            allow_nan=False,
            sort_keys=sort_keys,
            indent=indent,
            separators=(",", ": "),
            default=default,
        )
        return pretty.encode(value)
    compact = _make_encoder(None, default, _encode_text, None, ":", ",", sort_keys, False, False)
    return "".join(compact(value, 0))


_make_encoder: Callable[..., Callable[[Any, int], tuple[str, ...]]] = vars(stdlib_encoder)["c_make_encoder"]
_encode_text: Callable[[str], str] = stdlib_encoder.encode_basestring


def _json_of(leaf: object) -> object:
    """What stands for a value that the stdlib does not know; TypeError when JSON has nothing for it."""
    if isinstance(leaf, Decimal):
        if not leaf.is_finite():
            raise ValueError(f"JSON has no {leaf}")
        return _MARK + str(leaf)
    if leaf is ABSENT:
        return None
    to_json = getattr(leaf, "go_json", None)
    if to_json is None:
        raise TypeError(f"JSON has nothing for a {type(leaf).__name__}")
    return to_json()


def _careful_leaf(leaf: Any) -> Any:
    if isinstance(leaf, float):
        return _MARK + float_text(leaf)
    return leaf


#: Leaves that Go and the C encoder write alike; most of what there is, so they are passed over first.
_HARMLESS = frozenset({str, JSONNumber, bool, int, NoneType})
_NIL = frozenset({NilDict, NilList, NilStrings})


def _needs_care(value: Any) -> bool:
    """True when there is a float or a nil collection in it."""
    found = type(value)
    if found in _HARMLESS:
        return False
    if found in _NIL or issubclass(found, float):
        return True
    if issubclass(found, dict):
        value = value.values()
    elif not issubclass(found, list | tuple):
        return False
    for item in value:  # noqa: SIM110  # any() over a generator takes twice as long
        if type(item) not in _HARMLESS and _needs_care(item):
            return True
    return False


def float_text(value: float) -> str:
    """A float as Go's JSON encoder writes it: shortest digits, an exponent below 1e-6 and from 1e21 on."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("JSON has no infinity and no NaN")
    text = repr(value)
    magnitude = abs(value)
    if value == 0 or 1e-6 <= magnitude < 1e21:
        plain = format(Decimal(text), "f")
        return plain.removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    number = int(exponent)
    return f"{mantissa.removesuffix('.0')}e{'+' if number > 0 else '-'}{abs(number)}"


def decode_fields(text: str | bytes, fields: Mapping[str, type]) -> dict[str, Any]:
    """The fields of a JSON object as Go decodes it into a struct.

    ``fields`` says what each is: ``str``, ``bool`` or ``list``.
    ``list`` is a list of texts, or None. Names match whatever their case, unknown ones are passed over, null leaves a
    field as it was, what comes after the object is not read. Absent fields are ``""``, False, None.
    Raises ValueError for a text that is no JSON object and for a value of another kind.
    """
    source = text if isinstance(text, str) else text.decode(errors="surrogateescape")
    given = _first(_pairs_decoder, source)
    found: dict[str, Any] = {name: {str: "", bool: False, list: None}[kind] for name, kind in fields.items()}
    if given is None:
        return found
    if not isinstance(given, _Pairs):
        raise ValueError("not a JSON object")
    by_folded = {name.casefold(): name for name in fields}
    for key, value in given:
        name = by_folded.get(key.casefold())
        if name is None:
            continue
        if value is None:
            found[name] = None if fields[name] is list else found[name]
        elif type(value) is not fields[name]:
            raise ValueError(f"{name}: expected {fields[name].__name__}, found {dumps(value)[:40]}")
        else:
            found[name] = _texts(name, value, found[name] or []) if fields[name] is list else value
    return found


def _texts(name: str, items: Any, before: list[str]) -> list[str]:
    """The list of texts; null leaves the element as an earlier list under the same key had it."""
    texts = []
    for index, item in enumerate(items):
        if item is None:
            texts.append(before[index] if index < len(before) else "")
        elif isinstance(item, str):
            texts.append(item)
        else:
            raise ValueError(f"{name}: expected a list of texts, found {dumps(item)[:40]} in it")
    return texts
