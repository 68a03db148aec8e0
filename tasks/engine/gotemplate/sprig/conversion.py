"""Values into numbers: int, int64, float64, atoi, toDecimal."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import Int64
from tasks.engine.gotemplate.printing import to_text
from tasks.engine.gotemplate.sprig.casting import to_float, to_int
from tasks.engine.gotemplate.strconv import NumberError, parse_int

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "int", "any")(to_int)
declare(FUNCTIONS, "float64", "any")(to_float)


@declare(FUNCTIONS, "int64", "any")
def _int64(value: object) -> Int64:
    return Int64(to_int(value))


@declare(FUNCTIONS, "atoi", "string")
def _atoi(text: str) -> int:
    """The decimal integer in the text; 0 for rubbish, the nearest there is past 64 bits."""
    return nearest_int(text)


@declare(FUNCTIONS, "toDecimal", "any")
def _from_octal(value: object) -> Int64:
    """The value's printed form read in base 8; 0 for rubbish."""
    try:
        return Int64(parse_int(to_text(value), 8))
    except NumberError:
        return Int64(0)


def nearest_int(text: str) -> int:
    """The decimal integer in the text; 0 where there is none, the nearest of 64 bits where it is beyond them."""
    try:
        return parse_int(text, 10)
    except NumberError as error:
        return int(error.value)
