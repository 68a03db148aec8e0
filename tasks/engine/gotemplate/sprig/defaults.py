"""What to take when a value is empty: default, empty, coalesce, all, any, ternary; and fail."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError

FUNCTIONS: dict[str, Function] = {}


def is_empty(value: object) -> bool:
    """Whether the value is the zero of its type: nil, 0, false, no text, no elements.

    A number of the data never is, nor is a time or a version.
    """
    if isinstance(value, bool | int | float | complex | str | list | dict | tuple):
        return not value
    return value is None


@declare(FUNCTIONS, "empty", "any")
def _empty(value: object) -> bool:
    return is_empty(value)


@declare(FUNCTIONS, "default", "any", "any...")
def _default(fallback: object, *given: object) -> object:
    return fallback if not given or is_empty(given[0]) else given[0]


@declare(FUNCTIONS, "coalesce", "any...")
def _coalesce(*values: object) -> object:
    return next((value for value in values if not is_empty(value)), None)


@declare(FUNCTIONS, "all", "any...")
def _all(*values: object) -> bool:
    return not any(map(is_empty, values))


@declare(FUNCTIONS, "any", "any...")
def _any(*values: object) -> bool:
    return not all(map(is_empty, values))


@declare(FUNCTIONS, "ternary", "any", "any", "bool")
def _ternary(yes: object, no: object, condition: bool) -> object:
    return yes if condition else no


@declare(FUNCTIONS, "fail", "string")
def _fail(message: str) -> str:
    raise GoError(message)
