"""Actions and functions with their documentation, for people who write templates."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from actions._registry import RegisteredAction, SourceProblem, UnknownAction
from tasks.engine.gotemplate import loads
from tasks.engine.reading import parse_function
from tasks.models import Function
from tasks.services.actors import Actor
from tasks.services.catalog import registry
from tasks.services.errors import NotFound
from tasks.services.values import to_yaml


@dataclass(frozen=True, slots=True)
class Key:
    """One property of a configuration or of metadata; ``inner``: those of the objects in it."""

    name: str
    kind: str
    about: str
    is_required: bool
    default: Any
    inner: Sequence["Key"] = ()


@dataclass(frozen=True, slots=True)
class ActionPage:
    """What an author must know of one action. ``schema`` None: it takes any configuration."""

    name: str
    version: str
    about: str
    pure: bool
    keys: Sequence[Key]
    metadata: Sequence[Key]
    schema: Mapping[str, Any]
    metadata_schema: Mapping[str, Any] | None


def actions() -> list[ActionPage]:
    """All, by name."""
    return [_page(registry().get(name)) for name in registry().names()]


def action(name: str) -> ActionPage:
    """Raises NotFound."""
    try:
        return _page(registry().get(name))
    except UnknownAction as unknown:
        raise NotFound(str(unknown)) from None


def source_problems(actor: Actor) -> list[SourceProblem]:
    """Files of actions that could not be loaded; for administrators, others get nothing."""
    return list(registry().problems) if actor.is_admin else []


@dataclass(frozen=True, slots=True)
class FunctionPage:
    """One function: an action under a new name, with arguments."""

    name: str
    about: str
    action: str
    source: str
    document: Mapping[str, Any]
    #: What a call must give, as dotted paths.
    arguments: Sequence[str]
    #: Whether the action it calls is a function itself.
    is_on_function: bool

    @property
    def example(self) -> str:
        """A call to be copied into a step."""
        given: dict[str, Any] = {}
        for path in self.arguments:
            *outer, last = path.split(".")
            place = given
            for name in outer:
                if not isinstance(place.get(name), dict):
                    place[name] = {}
                place = place[name]
            place.setdefault(last, "…")
        lines = to_yaml({"type": self.name}) + (to_yaml({"configuration": given}) if given else "")
        return "action:\n" + indent(lines, "  ")


def functions() -> list[FunctionPage]:
    """All, by name. One query."""
    return [_function(row) for row in Function.objects.order_by("name")]


def function(name: str) -> FunctionPage:
    """Raises NotFound."""
    row = Function.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f'function not found: "{name}"')
    return _function(row)


def _function(row: Function) -> FunctionPage:
    document: dict[str, Any] = loads(row.document)
    # The API's document has no description; the file has.
    definition, _ = parse_function(row.source)
    action = str(document["action"]["type"])
    return FunctionPage(
        name=row.name,
        about=definition.description if definition else "",
        action=action,
        source=row.source,
        document=document,
        arguments=definition.arguments if definition else (),
        is_on_function=action not in registry().names(),
    )


def _page(found: RegisteredAction) -> ActionPage:
    schema = registry().configuration_schema(found.name)
    metadata = found.action.metadata_schema
    return ActionPage(
        name=found.name,
        version=found.version,
        about=inspect.getdoc(type(found.action)) or "",
        pure=found.pure,
        keys=_keys(schema),
        metadata=_keys(metadata or {}),
        schema=schema,
        metadata_schema=metadata,
    )


def _keys(schema: Mapping[str, Any]) -> list[Key]:
    required = frozenset(schema.get("required") or ())
    return [
        Key(
            name=name,
            kind=_kind(each),
            about=str(each.get("description") or ""),
            is_required=name in required,
            default=each.get("default"),
            inner=_keys(_object_in(each)),
        )
        for name, each in (schema.get("properties") or {}).items()
        if isinstance(each, Mapping)
    ]


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A schema, or those it chooses from without "a text that is rendered", which every one takes."""
    found = [each for each in schema.get("anyOf") or () if isinstance(each, Mapping)]
    return [each for each in found if each.get("pattern") != r"\{\{"] or [schema]


def _object_in(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for each in _alternatives(schema):
        inner = each.get("items", each)
        if isinstance(inner, Mapping) and inner is not schema and "properties" in inner:
            return inner
    return schema if "properties" in schema else {}


def _kind(schema: Mapping[str, Any]) -> str:
    words: list[str] = []
    for each in _alternatives(schema):
        if "enum" in each:
            words.append(", ".join(map(str, each["enum"])))
        elif each.get("type") == "array":
            inner = each.get("items")
            words.append(f"list of {_kind(inner)}" if isinstance(inner, Mapping) else "list")
        else:
            kinds = each.get("type", "anything")
            words += [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return " or ".join(dict.fromkeys(words))
