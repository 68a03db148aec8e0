"""What a scalar of a YAML text is: yaml.v2's rules, which are YAML 1.1 without base 60, and its floats as keys.

Source: docs/templates.md, "YAML".
"""

import base64
import binascii
import math
import re
import struct
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from tasks.engine.gotemplate.golang import from_bytes, valid_text
from tasks.engine.gotemplate.strconv import format_float
from tasks.engine.gotemplate.times import TimeError, parse_time

Scalar = None | bool | int | float | str

_TAG: Final = "tag:yaml.org,2002:"
MERGE_TAG: Final = f"{_TAG}merge"
_TEXT_TAG: Final = f"{_TAG}str"
_BINARY_TAG: Final = f"{_TAG}binary"
_TIMESTAMP_TAG: Final = f"{_TAG}timestamp"

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
#: Digits of each base; a sign behind ``0b`` is an oddity of the original.
_INTEGERS: Final = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"0b([-+])([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)"), 10),
)
#: More digits than any integer of 64 bits has in base 2.
_MOST_DIGITS: Final = 64
_LEADING_ZEROES: Final = re.compile(r"^0+(?=.)")

_TIMESTAMP_LAYOUTS: Final = (
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
)
_DATE_BEGINS: Final = re.compile(r"[0-9]{4}-")

#: The kind that an explicit tag demands.
_TYPES: Final[dict[str, type[object]]] = {
    f"{_TAG}null": type(None),
    f"{_TAG}bool": bool,
    f"{_TAG}int": int,
    f"{_TAG}float": float,
}


class ScalarError(ValueError):
    """The text is not what its tag says; the message tells what is wrong."""


def resolve(text: str, tag: str | None) -> Scalar:
    """What a plain scalar (``tag`` None), or a tagged one in whatever quotes, stands for.

    Raises ScalarError where the text is not what the tag says.
    """
    match tag:
        case None:
            return _untagged(text)
        case str() if tag == _BINARY_TAG:
            return _decoded(text)
        case str() if tag == _TIMESTAMP_TAG:
            if not _is_timestamp(text):
                raise ScalarError(f'"{text}" is tagged !!timestamp, but it is no date')
            return text
        case _ if tag in _TYPES:
            return _demanded(text, tag)
        case _:
            # A tag that is not known, or !!str: the text as it is.
            return text


def _demanded(text: str, tag: str) -> Scalar:
    value, wanted = _untagged(text), _TYPES[tag]
    if wanted is float and type(value) is int and value < 1 << 63:
        return float(value)
    if type(value) is not wanted:
        raise ScalarError(f'"{text}" is tagged !!{tag.removeprefix(_TAG)}, but it is none')
    return value


def _untagged(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return _float_or_text(text, text)
    if first not in "+-0123456789":
        return text
    plain = text.replace("_", "")
    whole = _integer(plain)
    return _float_or_text(plain, text) if whole is None else whole


def _integer(plain: str) -> int | None:
    """The integer, where it fits 64 bits, signed or (without a sign) unsigned."""
    for pattern, base in _INTEGERS:
        match = pattern.fullmatch(plain)
        if match is None:
            continue
        sign, digits = match[1], _LEADING_ZEROES.sub("", match[2])
        if len(digits) > _MOST_DIGITS:
            return None
        value = -int(digits, base) if sign == "-" else int(digits, base)
        return value if -(1 << 63) <= value < (1 << 63 if sign else 1 << 64) else None
    return None


def _float_or_text(plain: str, text: str) -> Scalar:
    if _FLOAT.fullmatch(plain) is None:
        return text
    value = float(plain)
    return text if math.isinf(value) else value


def _is_timestamp(text: str) -> bool:
    if _DATE_BEGINS.match(text) is None:
        return False
    for layout in _TIMESTAMP_LAYOUTS:
        try:
            parse_time(layout, text)
        except TimeError:
            continue
        return True
    return False


def _decoded(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("the value is tagged !!binary, but it is no base64") from None
    return valid_text(from_bytes(data))


def short_float_text(value: float) -> str:
    """A float as the original writes it where a text is wanted: with the precision of 32 bits."""
    if not math.isfinite(value) or value == 0:
        return format_float(value, "g")
    try:
        (narrow,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return format_float(math.copysign(math.inf, value), "g")
    return format_float(float(_shortest_decimal(narrow)), "g")


def _shortest_decimal(narrow: float) -> Decimal:
    """The decimal of fewest digits that a 32-bit float reads back from."""
    exact = Decimal(narrow)
    for digits in range(1, 9):
        for rounding in (ROUND_HALF_EVEN, ROUND_FLOOR, ROUND_CEILING):
            candidate = Context(prec=digits, rounding=rounding).plus(exact)
            if _as_32_bits(candidate) == narrow:
                return candidate
    return Context(prec=9).plus(exact)


def _as_32_bits(candidate: Decimal) -> float | None:
    try:
        (value,) = struct.unpack("<f", struct.pack("<f", float(candidate)))
    except OverflowError:
        return None
    return float(value)
