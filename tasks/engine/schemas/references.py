"""Where the parts of a schema are: which addresses its ``$id`` give them, and what a ``$ref`` leads to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

from .drafts import Draft, draft_at
from .errors import Path, SchemaError

#: Keywords whose value is a schema, a list of schemas, or an object of schemas.
_ONE: Final = ("additionalItems", "additionalProperties", "contains", "else", "if", "not", "propertyNames", "then")
_MANY: Final = ("allOf", "anyOf", "oneOf")
_NAMED: Final = ("definitions", "dependencies", "patternProperties", "properties")


@dataclass(frozen=True, slots=True)
class Location:
    """A schema within a document: the address its references are relative to, and the way to it."""

    schema: Any
    base: str
    path: Path

    def below(self, draft: Draft, *steps: str | int) -> "Location":
        """The part of this schema that the steps lead to."""
        here = self
        for step in steps:
            schema = here.schema[step]
            here = Location(schema, _own_base(schema, here.base, draft), (*here.path, step))
        return here


def root_location(schema: Any, draft: Draft) -> Location:
    return Location(schema, _own_base(schema, "", draft), ())


def _own_base(schema: Any, base: str, draft: Draft) -> str:
    identifier = schema.get(draft.id_keyword) if isinstance(schema, Mapping) else None
    # Beginning with "#" it is a name within the document.
    if not isinstance(identifier, str) or identifier.startswith("#"):
        return base
    return urldefrag(_joined(base, identifier)).url


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        # What Python does not take for an address leads nowhere.
        return reference


def subschemas(location: Location, draft: Draft) -> Iterator[Location]:
    """The schemas directly below one, in every place where a schema may stand."""
    schema = location.schema
    if not isinstance(schema, Mapping):
        return
    for keyword in _ONE:
        if keyword in schema:
            yield location.below(draft, keyword)
    items = schema.get("items")
    listed = (*_MANY, "items") if _is_list(items) else _MANY
    for keyword in listed:
        elements = schema.get(keyword, ())
        if _is_list(elements):
            for index in range(len(elements)):
                yield location.below(draft, keyword, index)
    if "items" in schema and not _is_list(items):
        yield location.below(draft, "items")
    for keyword in _NAMED:
        named = schema.get(keyword)
        if isinstance(named, Mapping):
            for name in named:
                yield location.below(draft, keyword, name)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


@dataclass
class References:
    """The addresses within one document."""

    root: Location
    draft: Draft
    _by_address: dict[str, Location] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_address[""] = self.root
        pending = [self.root]
        while pending:
            location = pending.pop()
            self._register(location)
            pending.extend(subschemas(location, self.draft))

    def _register(self, location: Location) -> None:
        identifier = location.schema.get(self.draft.id_keyword) if isinstance(location.schema, Mapping) else None
        if isinstance(identifier, str):
            name = location.base + identifier if identifier.startswith("#") else location.base
            self._by_address.setdefault(name, location)

    def target(self, location: Location) -> "Location | Draft":
        """What the ``$ref`` of a schema leads to: a part of the document, or a draft's meta-schema.

        Raises SchemaError where it leads nowhere, or out of the document.
        """
        reference: str = location.schema["$ref"]
        path = (*location.path, "$ref")
        address = location.base + reference if reference.startswith("#") else _joined(location.base, reference)
        draft = draft_at(address)
        if draft is not None:
            return draft
        found = self._by_address.get(address)
        if found is not None:
            return found
        document, _, fragment = address.partition("#")
        holder = self._by_address.get(document)
        if holder is None:
            raise SchemaError(path, f'"{reference}" is in another document, and those are never fetched')
        if fragment in {"", "/"}:
            return holder
        try:
            return self._at_pointer(holder, fragment)
        except (LookupError, TypeError, ValueError):
            raise SchemaError(path, f'there is nothing at "{reference}"') from None

    def _at_pointer(self, holder: Location, pointer: str) -> Location:
        if not pointer.startswith("/"):
            raise LookupError(pointer)
        for part in pointer[1:].split("/"):
            key = unquote(part.replace("~1", "/").replace("~0", "~"))
            holder = holder.below(self.draft, int(key) if _is_list(holder.schema) else key)
        if not isinstance(holder.schema, Mapping | bool):
            raise LookupError(pointer)
        return holder
