"""Lists and dicts as a whole: their elements, whether two are alike, a copy of one, and how far one extends.

A template can nest a list into itself twice, forty times over: small to hold, endless to walk. Every walk here is
bounded by ``Run``'s limits. Source: docs/template-language.md, "Limits".
"""

from collections.abc import Sequence

from tasks.engine.gotemplate.golang import (
    GoError,
    NilDict,
    NilList,
    NilStrings,
    Uint8,
    kind,
    type_name,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.limits import LimitExceeded, Run

_NIL_COLLECTIONS = (NilDict, NilList, NilStrings)


def elements(value: object, deed: str) -> Sequence[object]:
    """The elements of a list or an array; GoError for anything else, saying which deed it is no list for."""
    if isinstance(value, list | tuple):
        return value
    if value is None:
        raise GoError(f"cannot {deed} nothing: the list is nil")
    as_bytes = getattr(value, "bytes", None)
    if kind(value) == "array" and isinstance(as_bytes, bytes):
        return [Uint8(byte) for byte in as_bytes]
    raise GoError(f"cannot {deed} a {type_name(value)}: it is no list")


def deep_equal(run: Run, left: object, right: object) -> bool:
    """Whether two values are of one type and alike in all they hold; 1 and a 1 of the data are not."""
    run.breathe()
    return _alike(run, left, right, set(), 0)


def _alike(run: Run, left: object, right: object, seen: set[tuple[int, int]], depth: int) -> bool:
    if isinstance(left, dict | list | tuple):
        if type_name(left) != type_name(right) or isinstance(left, _NIL_COLLECTIONS) != isinstance(
            right, _NIL_COLLECTIONS
        ):
            return False
        # Pairs once begun count as alike: a difference within shows where they were met first.
        pair = (id(left), id(right))
        if left is right or pair in seen:
            return True
        seen.add(pair)
        _check_depth(run, depth)
        return _contents_alike(run, left, right, seen, depth + 1)
    if type_name(left) != type_name(right):
        return False
    if isinstance(left, JSONNumber):
        return str(left) == str(right)
    return left == right


def _contents_alike(run: Run, left: object, right: object, seen: set[tuple[int, int]], depth: int) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            _alike(run, value, right[key], seen, depth) for key, value in left.items()
        )
    assert isinstance(left, list | tuple)
    assert isinstance(right, list | tuple)
    return len(left) == len(right) and all(
        _alike(run, one, other, seen, depth) for one, other in zip(left, right, strict=True)
    )


def deep_copy(run: Run, value: object) -> object:
    """The value with every list and dict in it copied; what has no elements is shared.

    Raises GoError for nil, LimitExceeded for a value that contains itself or extends too far.
    """
    if value is None:
        raise GoError("there is nothing to copy: the value is nil")
    check_extent(run, value)
    return _copy(value)


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return type(value)({key: _copy(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return (type(value) if isinstance(value, list) else list)(_copy(item) for item in value)
    return value


def check_extent(run: Run, value: object) -> None:
    """Raise LimitExceeded when a walk through the value would take too long, or would not end."""
    if isinstance(value, dict | list | tuple):
        run.check_size(_extent(run, value, {}, 0))


def _extent(run: Run, value: dict[str, object] | Sequence[object], known: dict[int, int], depth: int) -> int:
    """How many values and characters a walk through this one meets, those met twice counted twice."""
    _check_depth(run, depth)
    extent = len(value) + 1
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            inner = known.get(id(item))
            if inner is None:
                inner = known[id(item)] = _extent(run, item, known, depth + 1)
            extent += inner
        elif isinstance(item, str):
            extent += len(item)
    return extent


def _check_depth(run: Run, depth: int) -> None:
    if depth > run.limits.depth:
        raise LimitExceeded("depth", run.limits.depth, "the value nests too deeply, or contains itself")
