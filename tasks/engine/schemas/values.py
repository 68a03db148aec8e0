"""JSON values as schemas see them: kinds, exact numbers, equality."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

from tasks.engine.gotemplate.jsonnumbers import JSONNumber


def number(value: Any) -> Decimal | None:
    """The exact value of a number; None for what is none."""
    match value:
        case bool():
            return None
        case JSONNumber():
            return value.decimal()
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case Decimal():
            return value
        case _:
            return None


def kinds(value: Any) -> tuple[str, ...]:
    """The names that ``type`` may call a value by; a whole number is an integer, however it is written."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("boolean",)
        case str():
            return ("string",)
        case list() | tuple():
            return ("array",)
        case Mapping():
            return ("object",)
    exact = number(value)
    if exact is None or not exact.is_finite():
        return ()
    return ("integer", "number") if exact == exact.to_integral_value() else ("number",)


def identity(value: Any) -> Hashable:
    """Something that is equal for equal values and can be looked up: 1 and 1.0 are equal, 1 and true are not."""
    match value:
        case bool():
            return ("boolean", value)
        case list() | tuple():
            return ("array", tuple(identity(element) for element in value))
        case Mapping():
            return ("object", frozenset((key, identity(item)) for key, item in value.items()))
        case None | str():
            return value
        case _:
            return number(value)


def is_multiple(value: Decimal, unit: Decimal) -> bool:
    """Whether a number divides by another without a rest: exactly, and whatever their exponents."""
    if value.is_zero():
        return True
    whole, exponent = _whole_and_exponent(value)
    divisor, divisor_exponent = _whole_and_exponent(unit)
    power = exponent - divisor_exponent
    if power >= 0:
        return whole * pow(10, power, divisor) % divisor == 0
    # Beyond as many zeroes as the number has digits there is always a rest.
    return -power <= value.adjusted() - exponent and whole % (divisor * 10**-power) == 0


def _whole_and_exponent(value: Decimal) -> tuple[int, int]:
    """The digits as one whole number, and the power of ten it is to be multiplied by."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # an infinity has none, and never comes here
    return int(Decimal((0, digits, 0))), exponent
