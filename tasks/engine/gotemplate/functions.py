"""How a function is declared to the language.

A function says what it wants in Go's words; ``arguments.py`` checks and converts what the template gives, so that the
function itself is plain Python on plain values. It raises ``GoError`` to fail.

    FUNCTIONS: dict[str, Function] = {}

    @declare(FUNCTIONS, "repeat", "int", "string", with_run=True)
    def repeat(run: Run, count: int, text: str) -> str: ...

    @declare(FUNCTIONS, "max", "any", "any...")
    def largest(first: object, *others: object) -> Int64: ...

Source: docs/template-language.md, "Functions".
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

#: What a parameter may want. A class with ``go_type`` may stand for its own type (a time, a version, a certificate).
#:
#: any      interface {}: any value; nil and an absent key are None
#: string   str; a number or a bool is turned into its text (kindness); nil and everything else are refused
#: int, int64, uint32, float64   int or float; numbers of the data, whole floats and decimal texts convert (kindness)
#: bool     bool only
#: dict     dict (never StringDict); nil and an absent key become NilDict()
#: list     list with the type []interface {}; nil and an absent key become NilList()
#: value    as "any", for the builtins, which Go gives the unconverted value; kept apart for messages only
PARAMETERS = frozenset({"any", "string", "int", "int64", "uint32", "float64", "bool", "dict", "list", "value"})

Parameter = str | type


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    ``call`` takes the converted arguments in order; before them the ``Run`` when ``with_run`` is set (limits, what is
    allowed, the root of the data). Before a ``slow`` one, which takes more than a millisecond, the clock is looked at;
    ``changes`` tells that it changes what it is given. ``variadic`` is the type of any number of further arguments,
    None when there are none.
    A method's ``call`` takes the receiver first, which ``parameters`` leaves out.
    """

    name: str
    call: Callable[..., Any]
    parameters: tuple[Parameter, ...] = ()
    variadic: Parameter | None = None
    with_run: bool = False
    slow: bool = False
    changes: bool = False


def declare(
    into: MutableMapping[str, Function],
    names: str,
    *parameters: Parameter,
    with_run: bool = False,
    slow: bool = False,
    changes: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated callable under each of the space-separated ``names``.

    Parameters in order, as ``PARAMETERS`` lists them; the last may end in ``...`` (``"any..."``) for any number,
    none included.
    """
    fixed = list(parameters)
    variadic: Parameter | None = None
    if fixed and isinstance(fixed[-1], str) and fixed[-1].endswith("..."):
        variadic = fixed.pop()[:-3]  # type: ignore[index]  # a str, as just seen
    for parameter in [*fixed, *([variadic] if variadic is not None else [])]:
        if isinstance(parameter, str) and parameter not in PARAMETERS:
            raise ValueError(f"{names}: no such parameter type: {parameter}")

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        for name in names.split():
            into[name] = Function(name, call, tuple(fixed), variadic, with_run, slow, changes)
        return call

    return register


def as_function(name: str, found: Function | Callable[..., Any]) -> Function:
    """A plain callable as a function that takes any number of any values."""
    return found if isinstance(found, Function) else Function(name, found, variadic="any")
