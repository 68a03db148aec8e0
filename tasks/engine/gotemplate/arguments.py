"""What a function is given: Go's rules of assignment, and our kindnesses.

A parameter's type (see ``functions.py``) becomes a converter. Where Go refuses a value although its sense is plain, a
number of the data where a string is wanted, a whole float where an int is, it is converted.
Source: docs/template-language.md, "Kindnesses".
"""

import re
from collections.abc import Callable
from decimal import Decimal

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.functions import Parameter
from tasks.engine.gotemplate.golang import (
    ABSENT,
    GoError,
    Int32,
    Int64,
    NilDict,
    NilList,
    StringDict,
    Uint8,
    Uint32,
    Uint64,
    type_name,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.printing import to_text
from tasks.engine.gotemplate.strconv import INT64_MAX, INT64_MIN, NumberError, parse_float

Converter = Callable[[object], object]

_INTEGERS = frozenset({int, Int64, Int32, Uint64, Uint32, Uint8})
_DECIMAL_TEXT = re.compile(r"[+-]?[0-9]{1,19}")

#: Go's names of the parameter types, for messages.
_NAMES = {"any": "interface {}", "value": "interface {}", "dict": "map[string]interface {}", "list": "[]interface {}"}


def parameter_name(parameter: Parameter) -> str:
    """Go's name of a parameter's type."""
    if isinstance(parameter, str):
        return _NAMES.get(parameter, parameter)
    return str(getattr(parameter, "go_type", parameter.__name__))


def _refused(value: object, wanted: str) -> GoError:
    if value is ABSENT:
        return GoError(f"expected {wanted}, found nothing")
    found = "null" if value is None else type_name(value)
    return GoError(f"expected {wanted}, found {found}")


def to_any(value: object) -> object:
    """Any value; an absent key is nil, and a ``Decimal`` the number of the data that it stands for."""
    if value is ABSENT:
        return None
    return JSONNumber(str(value)) if isinstance(value, Decimal) else value


def to_string(value: object) -> str:
    """A string; numbers and bools give their text."""
    if isinstance(value, str):
        return value
    if type(value) in _INTEGERS or isinstance(value, bool | float | JSONNumber | Decimal):
        return to_text(value)
    raise _refused(value, "string")


def whole_number(value: object) -> int | None:
    """The int64 that a value stands for: an integer, a whole float or number of the data, a decimal text; else None."""
    whole: int | None = None
    if type(value) in _INTEGERS:
        whole = int(value)  # type: ignore[call-overload]  # an int, as just seen
    elif isinstance(value, float):
        whole = int(value) if abs(value) < 2.0**63 and value == int(value) else None
    elif isinstance(value, JSONNumber):
        whole = int(value) if value.is_integer() else None
    elif isinstance(value, Decimal):
        return whole_number(JSONNumber(str(value))) if value.is_finite() else None
    elif isinstance(value, str) and _DECIMAL_TEXT.fullmatch(value):
        whole = int(value)
    return whole if whole is not None and INT64_MIN <= whole <= INT64_MAX else None


def _integer(wanted: str, least: int, largest: int) -> Converter:
    def convert(value: object) -> int:
        whole = whole_number(value)
        if whole is None or not least <= whole <= largest:
            raise _refused(value, wanted)
        return whole

    return convert


def to_float(value: object) -> float:
    """A float; integers, numbers of the data and texts of numbers convert."""
    if isinstance(value, float):
        return value
    if type(value) in _INTEGERS or isinstance(value, JSONNumber | Decimal):
        return float(value)  # type: ignore[arg-type]  # all of these have __float__
    if isinstance(value, str):
        try:
            return parse_float(value)
        except NumberError:
            pass
    raise _refused(value, "float64")


def _to_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _refused(value, "bool")


def _to_dict(value: object) -> dict[str, object]:
    if isinstance(value, dict) and not isinstance(value, StringDict):
        return value
    if value is None or value is ABSENT:
        return NilDict()
    raise _refused(value, "map[string]interface {}")


def _to_list(value: object) -> list[object]:
    if value is None or value is ABSENT:
        return NilList()
    if isinstance(value, list | tuple) and type_name(value) == "[]interface {}":
        return value if isinstance(value, list) else list(value)
    raise _refused(value, "[]interface {}")


_CONVERTERS: dict[str, Converter] = {
    "any": to_any,
    "value": to_any,
    "string": to_string,
    "int": _integer("int", INT64_MIN, INT64_MAX),
    "int64": _integer("int64", INT64_MIN, INT64_MAX),
    "uint32": _integer("uint32", 0, (1 << 32) - 1),
    "float64": to_float,
    "bool": _to_bool,
    "dict": _to_dict,
    "list": _to_list,
}

#: Values of these exact types need no conversion.
UNTOUCHED: dict[Parameter, type] = {
    "string": str,
    "int": int,
    "float64": float,
    "bool": bool,
    "dict": dict,
    "list": list,
}


def converter(parameter: Parameter) -> Converter:
    """From a value of a template to the argument; it raises GoError where the value does not fit."""
    if isinstance(parameter, str):
        return _CONVERTERS[parameter]
    wanted = parameter

    def convert(value: object) -> object:
        if isinstance(value, wanted):
            return value
        raise _refused(value, parameter_name(wanted))

    return convert


def ideal(constant: nodes.Number) -> object:
    """The value of a numeric constant where no type is asked for: its notation decides.

    Raises GoError beyond 64 bits.
    """
    if constant.as_complex is not None:
        return constant.as_complex
    source = constant.source
    hexadecimal = source[:2].lower() == "0x" and "p" not in source.lower()
    floating = any(mark in source for mark in ".eEpP") and not hexadecimal and not constant.is_character
    if constant.as_float is not None and floating:
        return constant.as_float
    if constant.as_int is not None:
        return constant.as_int
    raise GoError(f"{source} overflows int")


def literal(operand: nodes.Operand, parameter: Parameter) -> object:
    """The argument that a constant makes for a parameter. Raises GoError where it does not fit."""
    if isinstance(operand, nodes.Nil):
        if parameter in ("string", "int", "int64", "uint32", "float64", "bool"):
            raise GoError(f"cannot assign nil to {parameter}")
        return converter(parameter)(None)
    if isinstance(operand, nodes.Number):
        return _numeric_literal(operand, parameter)
    if isinstance(operand, nodes.String | nodes.Bool):
        return converter(parameter)(operand.value)
    raise TypeError(f"not a constant: {operand}")


def _numeric_literal(number: nodes.Number, parameter: Parameter) -> object:
    if parameter == "uint32" and number.as_uint is not None:
        return number.as_uint & 0xFFFFFFFF
    if parameter in ("int", "int64") and number.as_int is not None:
        return number.as_int
    if isinstance(parameter, type) and issubclass(parameter, int) and number.as_int is not None:
        return parameter(number.as_int)
    if parameter == "float64" and number.as_float is not None:
        return number.as_float
    return converter(parameter)(ideal(number))
