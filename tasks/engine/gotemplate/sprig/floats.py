"""sprig's floats: addf and its like compute in decimals, round, floor and ceil in binary, as Go's math package."""

import math
from collections.abc import Callable
from fractions import Fraction

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.sprig.casting import to_float

FUNCTIONS: dict[str, Function] = {}

#: Decimals that a quotient keeps.
_QUOTIENT_SCALE = 10**16


def _decimal(value: object) -> Fraction:
    """The exact value of the shortest decimal that reads as the float of ``value``."""
    number = to_float(value)
    if not math.isfinite(number):
        raise GoError(f"cannot compute with {number}")
    return Fraction(repr(number))


def _float(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _chain(first: Fraction, others: tuple[object, ...], step: Callable[[Fraction, Fraction], Fraction]) -> float:
    for other in others:
        first = step(first, _decimal(other))
    return _float(first)


@declare(FUNCTIONS, "add1f", "any")
def _add_one(value: object) -> float:
    return _float(_decimal(value) + 1)


@declare(FUNCTIONS, "addf", "any...")
def _add(*values: object) -> float:
    return _chain(Fraction(0), values, lambda left, right: left + right)


@declare(FUNCTIONS, "subf", "any", "any...")
def _subtract(first: object, *others: object) -> float:
    return _chain(_decimal(first), others, lambda left, right: left - right)


@declare(FUNCTIONS, "mulf", "any", "any...")
def _multiply(first: object, *others: object) -> float:
    return _chain(_decimal(first), others, lambda left, right: left * right)


@declare(FUNCTIONS, "divf", "any", "any...")
def _divide(first: object, *others: object) -> float:
    return _chain(_decimal(first), others, _quotient)


def _quotient(value: Fraction, by: Fraction) -> Fraction:
    """The quotient to 16 decimals, halves away from zero."""
    if by == 0:
        raise GoError("decimal division by 0")
    scaled = value / by * _QUOTIENT_SCALE
    rounded = math.floor(abs(scaled) + Fraction(1, 2))
    return Fraction(-rounded if scaled < 0 else rounded, _QUOTIENT_SCALE)


@declare(FUNCTIONS, "maxf", "any", "any...")
def _largest(first: object, *others: object) -> float:
    numbers = [to_float(value) for value in (first, *others)]
    if math.inf in numbers:
        return math.inf
    if any(map(math.isnan, numbers)):
        return math.nan
    # Of the two zeros the positive one is greater.
    return max(numbers, key=lambda number: (number, math.copysign(1, number)))


@declare(FUNCTIONS, "minf", "any", "any...")
def _smallest(first: object, *others: object) -> float:
    numbers = [to_float(value) for value in (first, *others)]
    if -math.inf in numbers:
        return -math.inf
    if any(map(math.isnan, numbers)):
        return math.nan
    return min(numbers, key=lambda number: (number, math.copysign(1, number)))


@declare(FUNCTIONS, "floor", "any")
def _floor(value: object) -> float:
    return _floored(to_float(value))


@declare(FUNCTIONS, "ceil", "any")
def _ceil(value: object) -> float:
    return -_floored(-to_float(value))


def _floored(number: float) -> float:
    """The next whole float below; infinities, NaN and negative zero stay."""
    return math.copysign(float(math.floor(number)), number) if math.isfinite(number) else number


@declare(FUNCTIONS, "round", "any", "int", "float64...")
def _round(value: object, places: int, *threshold: float) -> float:
    """The number to so many places; up from a fraction of 0.5 (or the given threshold) on.

    Kept: the fraction of a negative number is negative, so that it always goes down. Of further thresholds only the
    first counts.
    """
    scale = _power_of_ten(places)
    scaled = scale * to_float(value)
    fraction = math.modf(scaled)[0] if math.isfinite(scaled) else math.nan
    up = fraction >= (threshold[0] if threshold else 0.5)
    return _ratio(-_floored(-scaled) if up else _floored(scaled), scale)


def _power_of_ten(exponent: int) -> float:
    """10 to that power, with the rounding errors of Go's ``math.Pow``."""
    mantissa, power = 1.0, 0
    factor, factor_power = math.frexp(10.0)
    rest = abs(exponent)
    while rest:
        if not -(1 << 12) <= factor_power <= 1 << 12:
            power += factor_power
            break
        if rest & 1:
            mantissa *= factor
            power += factor_power
        factor *= factor
        factor_power <<= 1
        if factor < 0.5:
            factor += factor
            factor_power -= 1
        rest >>= 1
    if exponent < 0:
        mantissa, power = 1 / mantissa, -power
    try:
        return math.ldexp(mantissa, power)
    except OverflowError:
        return math.inf


def _ratio(value: float, by: float) -> float:
    """Division that never fails: by zero it gives an infinity or NaN."""
    if by:
        return value / by
    return math.nan if value == 0 or math.isnan(value) else math.copysign(math.inf, value)
