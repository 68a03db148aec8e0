"""From a schema to a validator: checked against its draft's meta-schema, every reference followed, then compiled.

Only what the root can reach is compiled; what stands in ``definitions`` and is never referred to need only look like
a schema.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

from .drafts import DRAFTS, Draft, draft_of
from .errors import Path, SchemaError, place, shortened
from .keywords import KEYWORDS, Check, Problem, Problems, Schema
from .references import Location, References, root_location

#: Problems told of one value.
_MOST_PROBLEMS: Final = 20

#: Keywords that one check sees to together; the first that a schema has stands for all.
_TOGETHER: Final = ("properties", "patternProperties", "additionalProperties")


class Validator:
    """A compiled schema; safe to share between threads."""

    __slots__ = ("_schema",)

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def is_valid(self, value: Any) -> bool:
        return not self.problems(value, most=1)

    def problems(self, value: Any, *, most: int = _MOST_PROBLEMS) -> list[str]:
        """What is wrong with the value, each with its place (``$.tags[0]: must be string, not null``)."""
        return [f"{shortened(place(problem.path))}: {problem.what}" for problem in self.first_problems(value, most)]

    def first_problems(self, value: Any, most: int) -> list[Problem]:
        """The first faults of the value."""
        try:
            return list(islice(self.problems_at(value, ()), most))
        except RecursionError:
            return [Problem((), "nests too deeply to be checked")]

    def problems_at(self, value: Any, path: Path) -> Problems:
        """All faults of a value that stands at ``path``; RecursionError where it nests too deeply."""
        return self._schema.problems_of(value, path)


def compile_schema(schema: Any) -> Validator:
    """The validator of a schema: a mapping or a boolean, of the draft that ``$schema`` or ``version`` names, else 7.

    Raises SchemaError, with the path of the first fault: no schema of its draft, an unknown format or encoding, a
    pattern that is not RE2, a reference that leads nowhere, out of the document or round in a circle.
    Source: docs/templates.md, "JSON schemas".
    """
    draft = draft_of(schema)
    try:
        faults = _meta_validator(draft).first_problems(schema, 1)
        if faults:
            raise SchemaError(faults[0].path, faults[0].what)
        return _compiled(schema, draft)
    except RecursionError:
        raise SchemaError((), "the schema nests too deeply") from None


def check_schema(schema: Any) -> None:
    """Raise SchemaError for what is no JSON schema; see ``compile_schema``."""
    compile_schema(schema)


@cache
def _meta_validator(draft: Draft) -> Validator:
    return _compiled(draft.meta_schema, DRAFTS[-1])


def _compiled(schema: Any, draft: Draft) -> Validator:
    compiler = _Compiler(References(root_location(schema, draft), draft), draft)
    root = compiler.compile(compiler.references.root)
    compiler.refuse_circles()
    return Validator(root)


class _Compiled:
    """One schema: its checks, which are filled in after it can already be referred to."""

    __slots__ = ("beside", "checks", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checks: tuple[Check, ...] = ()
        #: The schemas that it applies to the very value that it is applied to.
        self.beside: list[_Compiled] = []

    def problems_of(self, value: Any, path: Path) -> Problems:
        for check in self.checks:
            yield from check(value, path)


class _Compiler:
    """Compiles the schemas of one document, each once."""

    def __init__(self, references: References, draft: Draft) -> None:
        self.references = references
        self.draft = draft
        self._compiled: dict[Path, _Compiled] = {}

    def compile(self, location: Location) -> _Compiled:
        known = self._compiled.get(location.path)
        if known is not None:
            return known
        compiled = _Compiled(location.path)
        self._compiled[location.path] = compiled
        compiled.checks = tuple(self._checks(location, compiled))
        return compiled

    def _checks(self, location: Location, compiled: _Compiled) -> Iterator[Check]:
        schema = location.schema
        if isinstance(schema, bool):
            if not schema:
                yield _refuse
            return
        if "$ref" in schema:
            # Beside a reference every other keyword is ignored.
            yield self._reference(location, compiled)
            return
        parts = _Parts(self, location, compiled)
        together = next((keyword for keyword in _TOGETHER if keyword in schema), None)
        for keyword, make in KEYWORDS[self.draft.version].items():
            if keyword in schema and (keyword not in _TOGETHER or keyword == together):
                yield make(parts)

    def _reference(self, location: Location, compiled: _Compiled) -> Check:
        target = self.references.target(location)
        if isinstance(target, Draft):
            # Resolved when it is used: the meta-schema may be what is being compiled.
            return lambda value, path: _meta_validator(target).problems_at(value, path)
        if not isinstance(target.schema, bool) and not self._looks_right(target):
            raise SchemaError((*location.path, "$ref"), "what it refers to is no schema")
        schema = self.compile(target)
        compiled.beside.append(schema)
        return schema.problems_of

    def _looks_right(self, target: Location) -> bool:
        """Whether what a reference leads to is a schema: it may stand where the meta-schema does not look."""
        if self.references.root.schema is self.draft.meta_schema or target.path in self._compiled:
            return True
        return isinstance(target.schema, Mapping) and not _meta_validator(self.draft).first_problems(target.schema, 1)

    def refuse_circles(self) -> None:
        """Raise SchemaError where a schema is applied to the same value without end."""
        done: set[int] = set()
        for start in self._compiled.values():
            trail: list[tuple[_Compiled, Iterator[_Compiled]]] = [(start, iter(start.beside))]
            open_ids = {id(start)}
            while trail:
                current, others = trail[-1]
                following = next(others, None)
                if following is None:
                    trail.pop()
                    open_ids.discard(id(current))
                    done.add(id(current))
                elif id(following) in open_ids:
                    raise SchemaError(current.path, "it refers to itself without end")
                elif id(following) not in done:
                    trail.append((following, iter(following.beside)))
                    open_ids.add(id(following))


class _Parts:
    """What a keyword's check is made from; see ``keywords.Parts``."""

    def __init__(self, compiler: _Compiler, location: Location, compiled: _Compiled) -> None:
        self.schema: Mapping[str, Any] = location.schema
        self._compiler = compiler
        self._location = location
        self._owner = compiled

    def below(self, *steps: str | int) -> Schema:
        return self._compiler.compile(self._location.below(self._compiler.draft, *steps))

    def beside(self, *steps: str | int) -> Schema:
        compiled = self._compiler.compile(self._location.below(self._compiler.draft, *steps))
        self._owner.beside.append(compiled)
        return compiled


def _refuse(value: Any, path: Path) -> Problems:
    yield Problem(path, "is not allowed here")
