"""Numeric constants: one literal, and every type that can hold it.

Source: docs/template-language.md, "Literals".
"""

import re
from collections.abc import Callable

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.lexer import T
from tasks.engine.gotemplate.strconv import NumberError, parse_float, parse_int, parse_uint, unquote_char

_COMPLEX = re.compile(r"([+-]?[0-9a-zA-Z_.]*?(?:[eEpP][+-]?[0-9_]*)?)([+-].*)i")


def number(kind: T, position: int, source: str) -> nodes.Number:
    """The constant of a NUMBER, COMPLEX or CHARACTER_CONSTANT token. Raises ValueError when it is none."""
    if kind is T.CHARACTER_CONSTANT:
        return _character(position, source)
    if kind is T.COMPLEX:
        match = _COMPLEX.fullmatch(source)
        if match is None:
            raise ValueError(f"illegal complex number: {source}")
        return _complex(position, source, complex(parse_float(match[1]), parse_float(match[2])))
    if source.endswith("i"):
        try:
            return _complex(position, source, complex(0, parse_float(source[:-1])))
        except NumberError:
            pass
    return _real(position, source)


def _character(position: int, source: str) -> nodes.Number:
    code, _, end = unquote_char(source, 1, "'")
    if source[end:] != "'":
        raise ValueError(f"malformed character constant: {source}")
    return nodes.Number(position, source, code, code, float(code), None, is_character=True)


def _complex(position: int, source: str, value: complex) -> nodes.Number:
    if value.imag != 0:
        return nodes.Number(position, source, None, None, None, value)
    return nodes.Number(position, source, _whole(value.real), _whole_unsigned(value.real), value.real, value)


def _real(position: int, source: str) -> nodes.Number:
    as_uint, as_int = _try(parse_uint, source), _try(parse_int, source)
    if as_int == 0:
        as_uint = 0
    if as_int is not None or as_uint is not None:
        as_float = float(as_int if as_int is not None else as_uint or 0)
        return nodes.Number(position, source, as_int, as_uint, as_float, None)
    try:
        value = parse_float(source)
    except NumberError:
        raise ValueError(f"illegal number syntax: {source}") from None
    if not any(mark in source for mark in ".eEpP"):
        raise ValueError(f"integer overflow: {source}")
    return nodes.Number(position, source, _whole(value), _whole_unsigned(value), value, None)


def _try(parse: Callable[[str], int], source: str) -> int | None:
    try:
        return parse(source)
    except NumberError:
        return None


def _whole(value: float) -> int | None:
    return int(value) if -(2.0**63) <= value < 2.0**63 and value == int(value) else None


def _whole_unsigned(value: float) -> int | None:
    return int(value) if 0 <= value < 2.0**64 and value == int(value) else None
