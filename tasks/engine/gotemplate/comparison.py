"""``eq``, ``lt`` and their kin: what may be compared, and how it compares.

Numbers compare by value whatever their types, numbers of the data included (a kindness; Go refuses most pairs).
Source: docs/template-language.md, "Comparing".
"""

from decimal import Decimal
from typing import Any

from tasks.engine.gotemplate.golang import (
    ABSENT,
    GoError,
    Int64,
    Uint8,
    Uint64,
    is_nil,
    kind,
    to_bytes,
    type_name,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber

#: Types that are numbers, which is asked first: most comparisons are between two of these. Others are found by class.
_NUMBERS = frozenset({int, float, JSONNumber, Int64, Uint64, Uint8})


def _is_number(value: object) -> bool:
    found = type(value)
    if found in _NUMBERS:
        return True
    return found is not bool and isinstance(value, int | float | JSONNumber | Decimal)


def equal(first: object, second: object) -> bool:
    """Go's ``==`` between two values. Raises GoError for those that cannot be compared."""
    if isinstance(first, str) and isinstance(second, str):
        return first == second
    if is_absent(first) or is_absent(second):
        return is_nil(first) and is_nil(second)
    if _is_number(first) and _is_number(second):
        return bool(_plain(first) == _plain(second))
    if _is_text(first) and _is_text(second):
        # A number of the data is a text to Go: beside a text it compares as one.
        return str(first) == str(second)
    for basic in (bool, complex):
        if isinstance(first, basic) and isinstance(second, basic):
            return first == second
    return _equal_others(first, second)


def is_absent(value: object) -> bool:
    """Nil, or an absent key: Go has no type for either."""
    return value is None or value is ABSENT


def _is_text(value: object) -> bool:
    return isinstance(value, str | JSONNumber | Decimal)


def _plain(value: object) -> Any:
    """A number, or what stands for it: of the data's numbers an int where one is whole, else the number itself."""
    if isinstance(value, Decimal):
        value = JSONNumber(str(value))
    if isinstance(value, JSONNumber):
        whole = value.whole()
        return value if whole is None else whole
    return value


def _equal_others(first: object, second: object) -> bool:
    basic = (str, bool, int, float, complex, JSONNumber)
    if isinstance(first, basic) or isinstance(second, basic) or kind(first) != kind(second):
        raise _incompatible(first, second)
    if is_nil(first) or is_nil(second):
        return is_nil(first) == is_nil(second)
    if isinstance(second, dict | list | tuple):
        raise GoError(f"{type_name(second)} cannot be compared with eq")
    if kind(first) == "ptr":
        return first is second
    return type(first) is type(second) and first == second


def _incompatible(first: object, second: object) -> GoError:
    return GoError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")


def less(first: object, second: object) -> bool:
    """Go's ``<`` between two numbers or two strings. Raises GoError for anything else."""
    if _is_number(first) and _is_number(second):
        return _less_numeric(_plain(first), _plain(second))
    if _is_text(first) and _is_text(second):
        return to_bytes(str(first)) < to_bytes(str(second))
    for value in (first, second):
        if not _is_number(value) and not _is_text(value):
            raise GoError(f"a value of type {type_name(value)} has no order")
    raise _incompatible(first, second)


def _less_numeric(left: Any, right: Any) -> bool:
    if not isinstance(left, JSONNumber) and not isinstance(right, JSONNumber):
        return bool(left < right)
    if isinstance(left, float) or isinstance(right, float):
        return float(left) < float(right)
    return _exact(left) < _exact(right)


def _exact(value: int | JSONNumber) -> Decimal:
    return value.decimal() if isinstance(value, JSONNumber) else Decimal(value)
