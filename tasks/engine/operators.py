"""The operators of conditions: one row each, two rendered texts in, whether the assertion holds out."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from tasks.engine.gotemplate.regexps import RegexpError, compile_pattern

#: What a handle of a missing value prints; it counts as nothing in an assertion.
NO_VALUE: Final = "<no value>"

#: What Go calls white space; Python's ``strip`` would take the separators U+001C to U+001F too.
_WHITE_SPACE: Final = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class OperatorError(ValueError):
    """There is no such operator, or these texts cannot be compared by it."""


def holds(operator: str, value: str, expected: str, list_separator: str = "") -> bool:
    """Whether an assertion holds; both texts are rendered, the operator in any case, the separator ``,`` when empty.

    Raises OperatorError for an unknown operator, an illegal pattern, and where a number is wanted and there is none.
    Source: docs/templates.md, "Operators".
    """
    compare = _OPERATORS[_name(operator)]
    return compare(value.replace(NO_VALUE, ""), expected.replace(NO_VALUE, ""), list_separator or ",")


def check_operator(operator: str, expected: str) -> str:
    """The operator's name in capitals, once it and its ``expected``, as written in the template, are found legal.

    Raises OperatorError: unknown operator; illegal pattern, where a handle counts as literal text.
    Source: docs/templates.md, "Operators".
    """
    name = _name(operator)
    if name in {"REGEXP", "NOTREGEXP"}:
        _is_found("", expected)
    return name


def _name(operator: str) -> str:
    name = operator.upper()
    if name not in _OPERATORS:
        raise OperatorError(f'unknown operator "{operator}": use one of {", ".join(_OPERATORS)}')
    return name


def _order(value: str, expected: str) -> int:
    left, right = _number(value), _number(expected)
    return (left > right) - (left < right)


def _number(text: str) -> Decimal:
    """The number that a text is, exactly. Fixed: not only whole ones of 32 bits, and blanks around them are ignored."""
    stripped = text.strip(_WHITE_SPACE)
    if _DECIMAL.fullmatch(stripped) is None:
        raise OperatorError(f'"{_shortened(text)}" is not a number')
    try:
        return Decimal(stripped)
    except InvalidOperation:
        raise OperatorError(f'the exponent of "{_shortened(text)}" is too large') from None


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _is_found(value: str, pattern: str) -> bool:
    try:
        return compile_pattern(pattern).matches(value)
    except RegexpError as error:
        raise OperatorError(str(error)) from None


def _is_listed(value: str, item: str, separator: str) -> bool:
    return any(part.strip(_WHITE_SPACE) == item for part in value.split(separator))


_OPERATORS: Final[Mapping[str, Callable[[str, str, str], bool]]] = {
    "EQ": lambda value, expected, _: value == expected,
    "NE": lambda value, expected, _: value != expected,
    "GT": lambda value, expected, _: _order(value, expected) > 0,
    "LT": lambda value, expected, _: _order(value, expected) < 0,
    "GE": lambda value, expected, _: _order(value, expected) >= 0,
    "LE": lambda value, expected, _: _order(value, expected) <= 0,
    "REGEXP": lambda value, expected, _: _is_found(value, expected),
    "NOTREGEXP": lambda value, expected, _: not _is_found(value, expected),
    "IN": _is_listed,
    "NOTIN": lambda value, expected, separator: not _is_listed(value, expected, separator),
}

#: The operators by name.
OPERATORS: Final = frozenset(_OPERATORS)
