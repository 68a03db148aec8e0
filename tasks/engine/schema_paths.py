"""Whether a JSON schema speaks of a property: for handles that read an output or metadata with a declared shape.

Lenient on purpose: properties of one name anywhere in the schema are taken for one, and where the schema says
nothing of a structure, nothing is objected to.
Source: docs/templates.md, "Checks".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

#: The keywords whose schemas apply to the value itself.
_APPLIED_LISTS = ("allOf", "anyOf", "oneOf")
_APPLIED = ("if", "then", "else", "not")

#: Property names of a structure; None: unknown, so anything may be there.
_Names = frozenset[str] | None


class PropertyTable:
    """The properties that a schema declares, by the name of the property above them."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._root = self._names(schema)
        self._below: dict[str, _Names] = {}
        self._fill()

    def unknown(self, path: Sequence[str]) -> str | None:
        """The first name of a path that the schema does not speak of; None where there is no objection."""
        allowed = self._root
        for name in path:
            if allowed is None:
                return None
            if name not in allowed:
                return name
            allowed = self._below.get(name)
        return None

    def _fill(self) -> None:
        pending, seen = [self._schema], set[int]()
        while pending:
            for schema in self._applied(pending.pop()):
                if id(schema) in seen:
                    continue
                seen.add(id(schema))
                for name, inner in _properties(schema).items():
                    names = self._names(inner)
                    known = self._below.get(name, frozenset())
                    self._below[name] = None if names is None or known is None else known | names
                    pending.append(inner)

    def _names(self, schema: Any) -> _Names:
        """Names of the properties that a value may have; none at all where it is no object."""
        found: frozenset[str] = frozenset()
        is_closed = False
        for applied in self._applied(schema):
            properties = _properties(applied)
            if applied.get("patternProperties") or applied.get("additionalProperties", False) is not False:
                return None
            found |= properties.keys()
            is_closed = is_closed or bool(properties) or not _may_be_object(applied)
        return found if is_closed else None

    def _applied(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        """All schemas that apply to a value besides this one, each once; recursive ones end."""
        pending, seen = [schema], set[int]()
        while pending:
            current = pending.pop()
            if not isinstance(current, Mapping) or id(current) in seen:
                continue
            seen.add(id(current))
            if "$ref" in current:
                pending.append(self._referred(current["$ref"]))
                continue
            yield current
            for keyword in _APPLIED_LISTS:
                inner = current.get(keyword)
                pending.extend(inner if isinstance(inner, list | tuple) else ())
            pending.extend(current.get(keyword) for keyword in _APPLIED)

    def _referred(self, reference: Any) -> Any:
        """What a ``$ref`` into the same document means; None for all others."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found = self._schema
        for part in reference[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(key)
            elif isinstance(found, list | tuple) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _may_be_object(schema: Mapping[str, Any]) -> bool:
    types = schema.get("type")
    return types is None or types == "object" or (isinstance(types, list | tuple) and "object" in types)
