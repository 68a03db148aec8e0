"""sprig's integers: add, sub, mul, div, mod, max, min.

Any argument counts, by the rules of ``casting.to_int``; what goes past 64 bits wraps around.
"""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, Int64, wrap
from tasks.engine.gotemplate.sprig.casting import to_int

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "add1", "any")
def _add_one(value: object) -> Int64:
    return Int64(wrap(to_int(value) + 1))


@declare(FUNCTIONS, "add", "any...")
def _add(*values: object) -> Int64:
    return Int64(wrap(sum(map(to_int, values))))


@declare(FUNCTIONS, "sub", "any", "any")
def _subtract(value: object, less: object) -> Int64:
    return Int64(wrap(to_int(value) - to_int(less)))


@declare(FUNCTIONS, "mul", "any", "any...")
def _multiply(first: object, *others: object) -> Int64:
    product = to_int(first)
    for other in others:
        product = wrap(product * to_int(other))
    return Int64(product)


@declare(FUNCTIONS, "div", "any", "any")
def _divide(value: object, by: object) -> Int64:
    quotient, _ = _quotient_and_rest(to_int(value), to_int(by))
    return Int64(wrap(quotient))


@declare(FUNCTIONS, "mod", "any", "any")
def _remain(value: object, by: object) -> Int64:
    _, rest = _quotient_and_rest(to_int(value), to_int(by))
    return Int64(rest)


def _quotient_and_rest(value: int, by: int) -> tuple[int, int]:
    """Division that cuts towards zero, as Go's; the rest has the sign of ``value``."""
    if by == 0:
        raise GoError("integer divide by zero")
    quotient = abs(value) // abs(by)
    if (value < 0) != (by < 0):
        quotient = -quotient
    return quotient, value - quotient * by


@declare(FUNCTIONS, "max biggest", "any", "any...")
def _largest(first: object, *others: object) -> Int64:
    return Int64(max(map(to_int, (first, *others))))


@declare(FUNCTIONS, "min", "any", "any...")
def _smallest(first: object, *others: object) -> Int64:
    return Int64(min(map(to_int, (first, *others))))
