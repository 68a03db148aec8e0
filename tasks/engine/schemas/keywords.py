"""Each keyword of a schema as a check: made once from the schema, then asked about values.

A check yields one ``Problem`` for each fault. Problems never show the value itself, which may be secret.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from tasks.engine.gotemplate.golang import to_bytes
from tasks.engine.gotemplate.jsontext import dumps
from tasks.engine.gotemplate.regexps import compile_pattern

from .errors import Path, shortened
from .formats import MEDIA_TYPES, decoded, fault
from .values import identity, is_multiple, kinds, number


class Problem(NamedTuple):
    """One fault of a value: where and what."""

    path: Path
    what: str


Problems = Iterator[Problem]
Check = Callable[[Any, Path], Problems]


class Schema(Protocol):
    """A compiled schema."""

    def problems_of(self, value: Any, path: Path) -> Problems: ...


class Parts(Protocol):
    """The schema whose keyword is compiled, and its subschemas, compiled when they are asked for."""

    schema: Mapping[str, Any]

    def below(self, *steps: str | int) -> Schema:
        """The compiled subschema, applied to a part of the value."""
        ...

    def beside(self, *steps: str | int) -> Schema:
        """The compiled subschema, applied to the value itself."""
        ...


def _accepts(schema: Schema, value: Any) -> bool:
    return next(iter(schema.problems_of(value, ())), None) is None


def _shown(value: Any) -> str:
    try:
        return shortened(dumps(value))
    except ValueError:
        # An infinity in a schema that was never JSON.
        return shortened(str(value))


# Any value ------------------------------------------------------------------------------------------------------


def _type(parts: Parts) -> Check:
    names = parts.schema["type"]
    wanted = frozenset([names] if isinstance(names, str) else names)
    text = " or ".join(sorted(wanted))

    def check(value: Any, path: Path) -> Problems:
        found = kinds(value)
        if wanted.isdisjoint(found):
            yield Problem(path, f"must be {text}, not {found[0] if found else 'what JSON cannot hold'}")

    return check


def _enum(parts: Parts) -> Check:
    allowed = frozenset(identity(each) for each in parts.schema["enum"])
    text = _shown(parts.schema["enum"])

    def check(value: Any, path: Path) -> Problems:
        if identity(value) not in allowed:
            yield Problem(path, f"must be one of {text}")

    return check


def _const(parts: Parts) -> Check:
    wanted, text = identity(parts.schema["const"]), _shown(parts.schema["const"])

    def check(value: Any, path: Path) -> Problems:
        if identity(value) != wanted:
            yield Problem(path, f"must be {text}")

    return check


# Numbers --------------------------------------------------------------------------------------------------------


def _bound(keyword: str, words: str, keeps: Callable[[int], bool]) -> Callable[[Parts], Check]:
    def make(parts: Parts) -> Check:
        limit = number(parts.schema[keyword])
        assert limit is not None
        text = _shown(parts.schema[keyword])

        def check(value: Any, path: Path) -> Problems:
            exact = number(value)
            if exact is not None and not exact.is_nan() and not keeps((exact > limit) - (exact < limit)):
                yield Problem(path, f"must be {words} {text}")

        return check

    return make


_greater = _bound("exclusiveMinimum", "greater than", lambda order: order > 0)
_less = _bound("exclusiveMaximum", "less than", lambda order: order < 0)
_at_least = _bound("minimum", "at least", lambda order: order >= 0)
_at_most = _bound("maximum", "at most", lambda order: order <= 0)


def _draft4_bound(keyword: str, exclusive: str, make: Callable[[Parts], Check], words: str) -> Callable[[Parts], Check]:
    """In draft 4 a flag beside a bound makes it exclusive."""

    def make_either(parts: Parts) -> Check:
        inclusive = make(parts)
        if parts.schema.get(exclusive) is not True:
            return inclusive
        limit, text = number(parts.schema[keyword]), _shown(parts.schema[keyword])

        def check(value: Any, path: Path) -> Problems:
            if number(value) == limit:
                yield Problem(path, f"must be {words} {text}")
            else:
                yield from inclusive(value, path)

        return check

    return make_either


def _multiple_of(parts: Parts) -> Check:
    unit = number(parts.schema["multipleOf"])
    assert unit is not None
    text = _shown(parts.schema["multipleOf"])

    def check(value: Any, path: Path) -> Problems:
        exact = number(value)
        if exact is not None and exact.is_finite() and not is_multiple(exact, unit):
            yield Problem(path, f"must be a multiple of {text}")

    return check


# Texts ----------------------------------------------------------------------------------------------------------


def _size(keyword: str, kind: type | tuple[type, ...], words: str, *, is_least: bool) -> Callable[[Parts], Check]:
    """A limit of length; of texts in characters."""

    def make(parts: Parts) -> Check:
        exact = number(parts.schema[keyword])
        assert exact is not None
        limit = exact.to_integral_value()

        def check(value: Any, path: Path) -> Problems:
            if isinstance(value, kind) and (len(value) < limit if is_least else len(value) > limit):  # type: ignore[arg-type]  # of a kind with a length
                yield Problem(path, f"must have at {'least' if is_least else 'most'} {limit:f} {words}")

        return check

    return make


def _pattern(parts: Parts) -> Check:
    pattern = compile_pattern(parts.schema["pattern"])
    text = shortened(pattern.source)

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, str) and not pattern.matches(value):
            yield Problem(path, f'must match "{text}"')

    return check


def _format(parts: Parts) -> Check:
    name = parts.schema["format"]

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, str) and (what := fault(name, value)):
            yield Problem(path, what)

    return check


def _content_encoding(parts: Parts) -> Check:
    encoding = parts.schema["contentEncoding"]

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, str) and decoded(encoding, value) is None:
            yield Problem(path, f"must be encoded as {encoding}")

    return check


def _content_media_type(parts: Parts) -> Check:
    media_type, encoding = parts.schema["contentMediaType"], parts.schema.get("contentEncoding")
    is_right = MEDIA_TYPES[media_type]

    def check(value: Any, path: Path) -> Problems:
        if not isinstance(value, str):
            return
        data = to_bytes(value) if encoding is None else decoded(encoding, value)
        # What cannot be decoded is told by the encoding's own check.
        if data is not None and not is_right(data):
            yield Problem(path, f"must hold {media_type}")

    return check


# Lists ----------------------------------------------------------------------------------------------------------


def _items(parts: Parts) -> Check:
    items = parts.schema["items"]
    if not isinstance(items, list | tuple):
        each = parts.below("items")

        def check_each(value: Any, path: Path) -> Problems:
            if isinstance(value, list | tuple):
                for index, element in enumerate(value):
                    yield from each.problems_of(element, (*path, index))

        return check_each

    listed = [parts.below("items", index) for index in range(len(items))]
    others = parts.below("additionalItems") if "additionalItems" in parts.schema else None

    def check_listed(value: Any, path: Path) -> Problems:
        if not isinstance(value, list | tuple):
            return
        for index, element in enumerate(value):
            schema = listed[index] if index < len(listed) else others
            if schema is not None:
                yield from schema.problems_of(element, (*path, index))

    return check_listed


def _unique_items(parts: Parts) -> Check:
    is_wanted = parts.schema["uniqueItems"]

    def check(value: Any, path: Path) -> Problems:
        if not is_wanted or not isinstance(value, list | tuple):
            return
        first_index: dict[Any, int] = {}
        for index, element in enumerate(value):
            first = first_index.setdefault(identity(element), index)
            if first != index:
                yield Problem(path, f"must not hold the same twice, as at {first} and {index}")
                return

    return check


def _contains(parts: Parts) -> Check:
    wanted = parts.below("contains")

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, list | tuple) and not any(_accepts(wanted, element) for element in value):
            yield Problem(path, "must hold an element as the schema's contains says")

    return check


# Objects --------------------------------------------------------------------------------------------------------


def _properties(parts: Parts) -> Check:
    """``properties``, ``patternProperties`` and ``additionalProperties``, which go together."""
    by_name = {name: parts.below("properties", name) for name in parts.schema.get("properties", {})}
    by_pattern = [
        (compile_pattern(source), parts.below("patternProperties", source))
        for source in parts.schema.get("patternProperties", {})
    ]
    others = parts.below("additionalProperties") if "additionalProperties" in parts.schema else None
    forbids_others = parts.schema.get("additionalProperties") is False

    def check(value: Any, path: Path) -> Problems:
        if not isinstance(value, Mapping):
            return
        for name, item in value.items():
            matching = [schema for pattern, schema in by_pattern if pattern.matches(name)]
            if name in by_name:
                matching.insert(0, by_name[name])
            if matching:
                for schema in matching:
                    yield from schema.problems_of(item, (*path, name))
            elif forbids_others:
                yield Problem((*path, name), "is not expected")
            elif others is not None:
                yield from others.problems_of(item, (*path, name))

    return check


def _required(parts: Parts) -> Check:
    names = tuple(parts.schema["required"])

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, Mapping):
            for name in names:
                if name not in value:
                    yield Problem(path, f'lacks "{shortened(name)}"')

    return check


def _property_names(parts: Parts) -> Check:
    wanted = parts.below("propertyNames")

    def check(value: Any, path: Path) -> Problems:
        if isinstance(value, Mapping):
            for name in value:
                for problem in wanted.problems_of(name, ()):
                    yield Problem((*path, name), f"has a name that {problem.what}")

    return check


def _dependencies(parts: Parts) -> Check:
    needed = {name: each for name, each in parts.schema["dependencies"].items() if isinstance(each, list | tuple)}
    schemas = {name: parts.beside("dependencies", name) for name in parts.schema["dependencies"] if name not in needed}

    def check(value: Any, path: Path) -> Problems:
        if not isinstance(value, Mapping):
            return
        for name, others in needed.items():
            for other in others:
                if name in value and other not in value:
                    yield Problem(path, f'lacks "{shortened(other)}", which "{shortened(name)}" needs')
        for name, schema in schemas.items():
            if name in value:
                yield from schema.problems_of(value, path)

    return check


# Schemas put together -------------------------------------------------------------------------------------------


def _all_of(parts: Parts) -> Check:
    schemas = [parts.beside("allOf", index) for index in range(len(parts.schema["allOf"]))]

    def check(value: Any, path: Path) -> Problems:
        for schema in schemas:
            yield from schema.problems_of(value, path)

    return check


def _any_of(parts: Parts) -> Check:
    schemas = [parts.beside("anyOf", index) for index in range(len(parts.schema["anyOf"]))]

    def check(value: Any, path: Path) -> Problems:
        if not any(_accepts(schema, value) for schema in schemas):
            yield _none_fits("anyOf", schemas, value, path)

    return check


def _one_of(parts: Parts) -> Check:
    schemas = [parts.beside("oneOf", index) for index in range(len(parts.schema["oneOf"]))]

    def check(value: Any, path: Path) -> Problems:
        matching = [index for index, schema in enumerate(schemas) if _accepts(schema, value)]
        if len(matching) > 1:
            yield Problem(path, f"must fit one alternative of oneOf, but fits {matching[0]} and {matching[1]} at once")
        elif not matching:
            yield _none_fits("oneOf", schemas, value, path)

    return check


def _none_fits(keyword: str, schemas: Sequence[Schema], value: Any, path: Path) -> Problem:
    """One problem for all alternatives; it is that of the nearest when all others fail at the value's very root."""
    first = [next(iter(schema.problems_of(value, path))) for schema in schemas]
    deeper = [problem for problem in first if problem.path != path]
    if len(deeper) == 1:
        return deeper[0]
    reasons = "; or ".join(dict.fromkeys(problem.what for problem in first[:3]))
    return Problem(path, f"fits no alternative of {keyword}: {shortened(reasons)}")


def _not(parts: Parts) -> Check:
    forbidden = parts.beside("not")

    def check(value: Any, path: Path) -> Problems:
        if _accepts(forbidden, value):
            yield Problem(path, "is what the schema's not forbids")

    return check


def _if(parts: Parts) -> Check:
    condition = parts.beside("if")
    then = parts.beside("then") if "then" in parts.schema else None
    otherwise = parts.beside("else") if "else" in parts.schema else None

    def check(value: Any, path: Path) -> Problems:
        schema = then if _accepts(condition, value) else otherwise
        if schema is not None:
            yield from schema.problems_of(value, path)

    return check


_LISTS: Final = (list, tuple)

_COMMON: Final[Mapping[str, Callable[[Parts], Check]]] = {
    "type": _type,
    "enum": _enum,
    "multipleOf": _multiple_of,
    "minLength": _size("minLength", str, "characters", is_least=True),
    "maxLength": _size("maxLength", str, "characters", is_least=False),
    "pattern": _pattern,
    "format": _format,
    "items": _items,
    "minItems": _size("minItems", _LISTS, "elements", is_least=True),
    "maxItems": _size("maxItems", _LISTS, "elements", is_least=False),
    "uniqueItems": _unique_items,
    "properties": _properties,
    "patternProperties": _properties,
    "additionalProperties": _properties,
    "required": _required,
    "minProperties": _size("minProperties", dict, "properties", is_least=True),
    "maxProperties": _size("maxProperties", dict, "properties", is_least=False),
    "dependencies": _dependencies,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}

_DRAFT_6: Final[Mapping[str, Callable[[Parts], Check]]] = {
    **_COMMON,
    "minimum": _at_least,
    "maximum": _at_most,
    "exclusiveMinimum": _greater,
    "exclusiveMaximum": _less,
    "const": _const,
    "contains": _contains,
    "propertyNames": _property_names,
}

#: The keywords of each draft; others are ignored.
KEYWORDS: Final[Mapping[int, Mapping[str, Callable[[Parts], Check]]]] = {
    4: {
        **_COMMON,
        "minimum": _draft4_bound("minimum", "exclusiveMinimum", _at_least, "greater than"),
        "maximum": _draft4_bound("maximum", "exclusiveMaximum", _at_most, "less than"),
    },
    6: _DRAFT_6,
    7: {
        **_DRAFT_6,
        "if": _if,
        "contentEncoding": _content_encoding,
        "contentMediaType": _content_media_type,
    },
}
