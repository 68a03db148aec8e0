"""What sprig's arithmetic makes of any value: the rules of spf13/cast 1.7.

Nothing fails here: what is no number counts as 0. Source: docs/template-language.md, "Numbers".
"""

import math
from decimal import Decimal

from tasks.engine.gotemplate.golang import wrap
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.strconv import INT64_MIN, NumberError, parse_float, parse_int
from tasks.engine.gotemplate.times import Duration


def to_int(value: object) -> int:
    """The value as a 64-bit integer; a float is cut towards zero, a text may have any base and a ``.0``.

    Kept: a text or a number of the data with another fraction, or with an exponent, counts as 0.
    """
    match value:
        case Duration():
            return 0
        case bool() | int():
            return wrap(int(value))
        case float():
            return _cut(value)
        case str():
            return _read_int(value)
        case JSONNumber() | Decimal():
            return _read_int(str(value))
        case _:
            return 0


def to_float(value: object) -> float:
    """The value as a float; a text may have any form of Go's floats."""
    match value:
        case Duration():
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            return _read_float(value)
        case JSONNumber() | Decimal():
            return _read_float(str(value))
        case _:
            return 0.0


def _cut(value: float) -> int:
    # What the processor gives for a float that no 64-bit integer can hold.
    if not math.isfinite(value) or not INT64_MIN <= value < -INT64_MIN:
        return INT64_MIN
    return int(value)


def _read_int(text: str) -> int:
    try:
        return parse_int(_without_zero_fraction(text))
    except NumberError:
        return 0


def _without_zero_fraction(text: str) -> str:
    """``2`` for ``2.00``; anything else as it is (``2.`` too)."""
    whole, dot, fraction = text.rpartition(".")
    return whole if dot and fraction and not fraction.strip("0") else text


def _read_float(text: str) -> float:
    try:
        return parse_float(text)
    except NumberError:
        return 0.0
