"""``eq``, ``lt`` and their kin: what may be compared, and how it compares.

Numbers compare by value whatever their types, numbers of the data included (a kindness; Go refuses most pairs).
Source: docs/template-language.md, "Comparing".
"""

from decimal import Decimal

from tasks.engine.gotemplate.golang import ABSENT, GoError, is_nil, kind, to_bytes, type_name
from tasks.engine.gotemplate.jsonnumbers import JSONNumber

Numeric = int | float | JSONNumber


def equal(first: object, second: object) -> bool:
    """Go's ``==`` between two values. Raises GoError for those that cannot be compared."""
    if isinstance(first, str) and isinstance(second, str):
        return first == second
    if is_absent(first) or is_absent(second):
        return is_nil(first) and is_nil(second)
    left, right = _plain(first), _plain(second)
    if isinstance(left, Numeric) and isinstance(right, Numeric):
        return left == right
    if isinstance(left, str | JSONNumber) and isinstance(right, str | JSONNumber):
        # A number of the data is a text to Go: beside a text it compares as one.
        return str(left) == str(right)
    for basic in (bool, complex):
        if isinstance(first, basic) and isinstance(second, basic):
            return first == second
    return _equal_others(first, second)


def is_absent(value: object) -> bool:
    """Nil, or an absent key: Go has no type for either."""
    return value is None or value is ABSENT


def _plain(value: object) -> object:
    """Bools apart from numbers, and ``Decimal`` as the number of the data that it stands for."""
    if isinstance(value, bool):
        return None
    return JSONNumber(str(value)) if isinstance(value, Decimal) else value


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
    left, right = _plain(first), _plain(second)
    if isinstance(left, Numeric) and isinstance(right, Numeric):
        return _less_numeric(left, right)
    if isinstance(left, str | JSONNumber) and isinstance(right, str | JSONNumber):
        return to_bytes(str(left)) < to_bytes(str(right))
    ordered = (str, int, float, JSONNumber)
    for value in (left, right):
        if not isinstance(value, ordered):
            raise GoError(f"a value of type {type_name(first if value is left else second)} has no order")
    raise _incompatible(first, second)


def _less_numeric(left: Numeric, right: Numeric) -> bool:
    if not isinstance(left, JSONNumber) and not isinstance(right, JSONNumber):
        return left < right
    if isinstance(left, float) or isinstance(right, float):
        return float(left) < float(right)
    return _exact(left) < _exact(right)


def _exact(value: Numeric) -> Decimal:
    return value.decimal() if isinstance(value, JSONNumber) else Decimal(value)
