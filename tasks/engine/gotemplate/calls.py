"""Calls of functions as closures: arguments in, Go's order of evaluation, what was made counted.

There is a closure a number of arguments because calls are most of what a text costs.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from tasks.engine.gotemplate.errors import ActionFailed
from tasks.engine.gotemplate.frames import MADE, MEMORY, RUN, Frame, Piece
from tasks.engine.gotemplate.functions import Function, Parameter
from tasks.engine.gotemplate.golang import GoError, Ints, Lists, StringDict, Strings
from tasks.engine.gotemplate.limits import LimitExceeded

_LISTS = frozenset({list, Strings, Ints, Lists, StringDict})
#: What an element of a list counts, in characters.
_ELEMENT = 50


def arity_mistake(function: Function, given: int) -> str | None:
    """Why that many arguments do not fit; None when they do."""
    fixed = len(function.parameters)
    if function.variadic is not None:
        return None if given >= fixed else f"{function.name} wants at least {fixed} arguments, and is given {given}"
    return None if given == fixed else f"{function.name} wants {fixed} arguments, and is given {given}"


def parameter_at(function: Function, place: int) -> Parameter:
    """The type that a function wants at a place which its arity allows."""
    if place < len(function.parameters):
        return function.parameters[place]
    if function.variadic is None:
        raise IndexError(place)
    return function.variadic


def failing(message: str, position: int) -> Piece:
    """What fails whenever it is executed: Go finds these mistakes only then."""

    def fail(frame: Frame, dot: object) -> NoReturn:
        raise ActionFailed(message, position)

    return fail


def failure(name: str, error: Exception, position: int) -> ActionFailed:
    """The failure of a call. A mistake of our own or of a library's counts as the function's: Go calls it a panic."""
    if isinstance(error, RecursionError):
        return ActionFailed(f"error calling {name}: its argument nests too deeply, or contains itself", position)
    if isinstance(error, GoError):
        return ActionFailed(f"error calling {name}: {error}", position)
    return ActionFailed(f"error calling {name}: {type(error).__name__}: {error}", position)


def _count(frame: Frame, size: int) -> None:
    made = frame[MADE] = frame[MADE] + size
    if made > frame[MEMORY]:
        raise LimitExceeded("memory", frame[MEMORY], "functions make too much text")


#: With this many arguments their lengths together are looked at before the call: it may put them all into one text.
_MANY = 8


def _check_together(frame: Frame, arguments: Sequence[object]) -> None:
    together = sum(len(argument) for argument in arguments if isinstance(argument, str))
    if together > frame[MEMORY]:
        raise LimitExceeded("memory", frame[MEMORY], "the arguments are too much text")


def call(function: Function, arguments: Sequence[Piece], final: Piece | None, position: int) -> Piece:
    """What calls the function. ``final`` comes from the pipeline: it is evaluated first and given last."""
    if function.with_run or function.slow:
        return _call_with_run(function, arguments, final, position)
    plain = function.call, function.name, position
    if final is None:
        if not arguments:
            return _call_without_arguments(*plain)
        if len(arguments) == 1:
            return _call_one(*plain, arguments[0])
        if len(arguments) == 2:
            return _call_two(*plain, *arguments)
    elif not arguments:
        return _call_one(*plain, final)
    elif len(arguments) == 1:
        return _call_one_and_final(*plain, arguments[0], final)
    return _call_many(*plain, arguments, final)


def _call_without_arguments(function: Callable[..., Any], name: str, position: int) -> Piece:
    def execute(frame: Frame, dot: object) -> object:
        try:
            return function()
        except Exception as error:
            raise failure(name, error, position) from error

    return execute


def _call_one(function: Callable[..., Any], name: str, position: int, only: Piece) -> Piece:
    def execute(frame: Frame, dot: object) -> object:
        argument = only(frame, dot)
        try:
            result = function(argument)
            kind = type(result)
            if kind is str:
                _count(frame, len(result))
            elif kind in _LISTS:
                _count(frame, _ELEMENT * len(result))
        except Exception as error:
            raise failure(name, error, position) from error
        return result

    return execute


def _call_two(function: Callable[..., Any], name: str, position: int, first: Piece, second: Piece) -> Piece:
    def execute(frame: Frame, dot: object) -> object:
        one = first(frame, dot)
        two = second(frame, dot)
        try:
            result = function(one, two)
            kind = type(result)
            if kind is str:
                _count(frame, len(result))
            elif kind in _LISTS:
                _count(frame, _ELEMENT * len(result))
        except Exception as error:
            raise failure(name, error, position) from error
        return result

    return execute


def _call_one_and_final(function: Callable[..., Any], name: str, position: int, first: Piece, final: Piece) -> Piece:
    def execute(frame: Frame, dot: object) -> object:
        last = final(frame, dot)
        one = first(frame, dot)
        try:
            result = function(one, last)
            kind = type(result)
            if kind is str:
                _count(frame, len(result))
            elif kind in _LISTS:
                _count(frame, _ELEMENT * len(result))
        except Exception as error:
            raise failure(name, error, position) from error
        return result

    return execute


def _call_many(
    function: Callable[..., Any], name: str, position: int, arguments: Sequence[Piece], final: Piece | None
) -> Piece:
    def execute(frame: Frame, dot: object) -> object:
        last = [] if final is None else [final(frame, dot)]
        given = [argument(frame, dot) for argument in arguments]
        try:
            if len(given) >= _MANY:
                _check_together(frame, given)
            result = function(*given, *last)
            kind = type(result)
            if kind is str:
                _count(frame, len(result))
            elif kind in _LISTS:
                _count(frame, _ELEMENT * len(result))
        except Exception as error:
            raise failure(name, error, position) from error
        return result

    return execute


def _call_with_run(function: Function, arguments: Sequence[Piece], final: Piece | None, position: int) -> Piece:
    body, name, with_run, slow = function.call, function.name, function.with_run, function.slow

    def execute(frame: Frame, dot: object) -> object:
        last = [] if final is None else [final(frame, dot)]
        given = [argument(frame, dot) for argument in arguments]
        run = frame[RUN]
        try:
            if slow:
                run.check_time()
            if len(given) >= _MANY:
                _check_together(frame, given)
            result = body(run, *given, *last) if with_run else body(*given, *last)
            kind = type(result)
            if kind is str:
                _count(frame, len(result))
            elif kind in _LISTS:
                _count(frame, _ELEMENT * len(result))
        except Exception as error:
            raise failure(name, error, position) from error
        return result

    return execute
