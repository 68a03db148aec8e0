"""sprig's lists. None of these changes the list it is given; each comes with ``must`` in front too, and is the same."""

import math
from collections.abc import Sequence

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, Lists, NilList
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig.casting import to_int
from tasks.engine.gotemplate.sprig.defaults import is_empty
from tasks.engine.gotemplate.sprig.structures import deep_equal, elements

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "list tuple", "any...")
def _list(*values: object) -> list[object]:
    return list(values)


@declare(FUNCTIONS, "append push mustAppend mustPush", "any", "any")
def _append(values: object, value: object) -> list[object]:
    return [*elements(values, "append to"), value]


@declare(FUNCTIONS, "prepend mustPrepend", "any", "any")
def _prepend(values: object, value: object) -> list[object]:
    return [value, *elements(values, "prepend to")]


@declare(FUNCTIONS, "concat", "any...", with_run=True)
def _concat(run: Run, *lists: object) -> list[object]:
    joined: list[object] = []
    for values in lists:
        items = elements(values, "concat")
        run.check_elements(len(joined) + len(items))
        joined += items
    return joined or NilList()


@declare(FUNCTIONS, "first mustFirst", "any")
def _first(values: object) -> object:
    items = elements(values, "find the first of")
    return items[0] if items else None


@declare(FUNCTIONS, "last mustLast", "any")
def _last(values: object) -> object:
    items = elements(values, "find the last of")
    return items[-1] if items else None


@declare(FUNCTIONS, "rest mustRest", "any")
def _rest(values: object) -> list[object]:
    items = elements(values, "find the rest of")
    return list(items[1:]) if items else NilList()


@declare(FUNCTIONS, "initial mustInitial", "any")
def _initial(values: object) -> list[object]:
    items = elements(values, "find the initial part of")
    return list(items[:-1]) if items else NilList()


@declare(FUNCTIONS, "reverse mustReverse", "any")
def _reverse(values: object) -> list[object]:
    return list(elements(values, "reverse"))[::-1]


@declare(FUNCTIONS, "compact mustCompact", "any")
def _compact(values: object) -> list[object]:
    return [item for item in elements(values, "compact") if not is_empty(item)]


@declare(FUNCTIONS, "uniq mustUniq", "any", with_run=True)
def _unique(run: Run, values: object) -> list[object]:
    kept: list[object] = []
    for item in elements(values, "find the uniq values of"):
        if not _holds(run, kept, item):
            kept.append(item)
    return kept


@declare(FUNCTIONS, "without mustWithout", "any", "any...", with_run=True)
def _without(run: Run, values: object, *unwanted: object) -> list[object]:
    return [item for item in elements(values, "leave values out of") if not _holds(run, unwanted, item)]


@declare(FUNCTIONS, "has mustHas", "any", "any", with_run=True)
def _has(run: Run, wanted: object, values: object) -> bool:
    return values is not None and _holds(run, elements(values, "look into"), wanted)


def _holds(run: Run, items: Sequence[object], wanted: object) -> bool:
    return any(deep_equal(run, wanted, item) for item in items)


@declare(FUNCTIONS, "slice mustSlice", "any", "any...")
def _slice(values: object, *bounds: object) -> object:
    """From the first bound up to the second, of the same type as the list; nil for an empty list."""
    items = elements(values, "slice")
    if not items:
        return None
    if not isinstance(values, list | tuple):
        raise GoError("cannot slice an array that is not a variable")
    start = to_int(bounds[0]) if bounds else 0
    end = to_int(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise GoError(f"slice bounds out of range [{start}:{end}] with length {len(items)}")
    return type(values)(values[start:end])


@declare(FUNCTIONS, "chunk mustChunk", "int", "any")
def _chunk(size: int, values: object) -> Lists:
    """The list in pieces of that size, the last one perhaps shorter."""
    items = elements(values, "chunk")
    if size == 0:
        raise GoError("cannot chunk into pieces of size 0")
    # Kept: a negative size gives nothing for most lists, and one piece for a list of one.
    count = math.floor((len(items) - 1) / size) + 1
    if count < 0 or (count > 0 and size < 0 and (len(items) != 1 or size == -1)):
        raise GoError(f"cannot chunk into pieces of size {size}")
    width = abs(size)
    return Lists(list(items[index * width : (index + 1) * width]) for index in range(count))
