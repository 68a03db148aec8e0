"""What a name after a dot means on a value: a key of a map, a method, a field.

Source: docs/template-language.md, "Fields".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.engine.gotemplate.functions import Function
from tasks.engine.gotemplate.golang import ABSENT, GoError, Int64, type_name
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.strconv import NumberError, parse_float, parse_int


def _int64(number: JSONNumber) -> Int64:
    try:
        return Int64(parse_int(number.text, 10))
    except NumberError as error:
        raise GoError(str(error)) from None


def _float64(number: JSONNumber) -> float:
    try:
        return parse_float(number.text)
    except NumberError as error:
        raise GoError(str(error)) from None


#: The methods of Go's json.Number.
_NUMBER_METHODS: Mapping[str, Function] = {
    "Int64": Function("Int64", _int64),
    "Float64": Function("Float64", _float64),
    "String": Function("String", lambda number: number.text),
}


def method_of(value: object, name: str) -> Function | None:
    """The method that the value's Go type has under that name."""
    if isinstance(value, JSONNumber):
        return _NUMBER_METHODS.get(name)
    methods: Mapping[str, Function] = getattr(value, "go_methods", {})
    return methods.get(name)


def field_of(value: Any, name: str, *, given: bool = False) -> object:
    """A key of a map or an exported field of a struct; ``given`` tells that arguments follow, which neither takes.

    A key that is not there is ``ABSENT``, and so is anything of ``ABSENT``; anything of nil raises GoError.
    """
    if value is ABSENT:
        return ABSENT
    if value is None:
        raise GoError(f"nothing has a field {name}: the value is null")
    if isinstance(value, dict):
        if given:
            raise GoError(f"{name} is not a method, but has arguments")
        return value.get(name, ABSENT)
    fields = getattr(value, "go_fields", None)
    found = {} if fields is None else fields()
    if name not in found:
        raise GoError(f"there is no field {name} in a value of type {type_name(value)}")
    if given:
        raise GoError(f"{name} has arguments, but is no function")
    return found[name]


def walk(value: object, names: Sequence[str]) -> object:
    """The value at the end of a chain of names; a method on the way is called without arguments."""
    for name in names:
        method = method_of(value, name)
        if method is None:
            value = field_of(value, name)
        elif method.parameters:
            raise GoError(f"{name} wants {len(method.parameters)} arguments, and is given none")
        else:
            value = method.call(value)
    return value
