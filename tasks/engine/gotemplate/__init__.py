"""The language of Go's ``text/template``, with sprig's functions and µTask's own.

    render("Hello {{ .name | upper }}", {"name": "you"})  ->  "Hello YOU"

Needs nothing of Django. ``render`` and ``parse`` are the front door; ``loads`` and ``dumps`` read and write the JSON
whose numbers keep their text. Reading order: lexer, parser, nodes, expressions, execution.
Source: docs/template-language.md.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from tasks.engine.gotemplate import predefined, sprig, utask
from tasks.engine.gotemplate.errors import ExecutionError, ParseError, TemplateError
from tasks.engine.gotemplate.execution import Program, compile_tree
from tasks.engine.gotemplate.functions import Function, as_function
from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import dumps, loads, loads_first
from tasks.engine.gotemplate.limits import ALL_SHUT, NO_LIMITS_GIVEN, Limits, Permissions, Variables
from tasks.engine.gotemplate.parser import parse as _parse

__all__ = [
    "FUNCTIONS",
    "ExecutionError",
    "GoError",
    "JSONNumber",
    "Limits",
    "ParseError",
    "Permissions",
    "Program",
    "TemplateError",
    "Variables",
    "compile_text",
    "dumps",
    "has_actions",
    "loads",
    "loads_first",
    "parse",
    "render",
]

_LANGUAGE: dict[str, Function] = {**predefined.FUNCTIONS, **sprig.FUNCTIONS, **utask.FUNCTIONS}

#: Every function of the language by name: µTask's hide sprig's, sprig's hide Go's. ``eval`` and ``evalCache`` are known
#: only to texts that are rendered with variables.
FUNCTIONS: Mapping[str, Function] = MappingProxyType({**_LANGUAGE, **utask.VARIABLE_FUNCTIONS})


def has_actions(text: str) -> bool:
    """Whether there is anything to render in the text."""
    return "{{" in text


def render(
    text: str,
    data: Any,
    functions: Mapping[str, Function | Callable[..., Any]] | None = None,
    *,
    limits: Limits = NO_LIMITS_GIVEN,
    permissions: Permissions = ALL_SHUT,
    variables: Variables | None = None,
) -> str:
    """The text with its actions executed on ``data`` (numbers: int, float, Decimal or JSONNumber).

    ``functions`` are added to the language's; a plain callable takes any arguments. ``variables`` answers ``eval`` and
    ``evalCache``. Raises ParseError, ExecutionError.
    """
    if "{{" not in text:
        return text
    added = frozenset() if functions is None else frozenset(functions.items())
    return _program(text, variables is not None, added).execute(data, limits, permissions, variables)


def parse(text: str) -> Program:
    """The compiled text, to be executed many times; the last few thousand are remembered. Raises ParseError."""
    return _program(text, True, frozenset())


def compile_text(text: str, functions: Mapping[str, Function] = FUNCTIONS) -> Program:
    """The compiled text, made anew and not remembered. Raises ParseError."""
    return compile_tree(_parse(text, functions), functions)


_Added = frozenset[tuple[str, Function | Callable[..., Any]]]


@lru_cache(maxsize=4096)
def _program(text: str, with_variables: bool, added: _Added) -> Program:
    functions = FUNCTIONS if with_variables else _LANGUAGE
    own = {name: as_function(name, found) for name, found in added}
    return compile_text(text, {**functions, **own} if own else functions)
