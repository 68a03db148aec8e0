"""What the engine must know of actions to check a template: handed in, so that it knows none of them itself.

The catalog of the product is made of ``actions/_registry.py`` and the loaded templates; it fits ``ActionCatalog`` by
its shape. Without one, ``KnownNames`` accepts the names it is given and any configuration.
Source: docs/templates.md, "Actions".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tasks.engine.errors import Level

#: The way to one value inside a document: keys and positions, from the outside in.
Path = tuple[str | int, ...]


class ConfigProblem(Protocol):
    """One fault in the configuration of an action."""

    @property
    def path(self) -> Path:
        """Where, counted from the configuration: ``("auth", "basic", "user")``; empty: the whole."""

    @property
    def what(self) -> str: ...

    @property
    def mend(self) -> str: ...

    @property
    def level(self) -> Level: ...


class ActionCatalog(Protocol):
    """The actions that a template may call."""

    def names(self) -> Collection[str]:
        """Names of the real actions; functions are not among them."""

    def check(self, type: str, base_configuration: Any, configuration: Any) -> Sequence[ConfigProblem]:
        """All faults of ``configuration`` laid over ``base_configuration`` (None: no base), both raw, not rendered.

        ``type`` is one of ``names()``.
        """

    def metadata_schema(self, type: str) -> Mapping[str, Any] | None:
        """The JSON schema of the action's metadata; None where it declares none."""

    def template_exists(self, name: str) -> bool:
        """Whether ``subtask`` and ``batch`` may name this template; those of the same load count."""


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """A ``ConfigProblem`` for catalogs that need no type of their own."""

    path: Path
    what: str
    mend: str = ""
    level: Level = Level.ERROR


@dataclass(frozen=True)
class KnownNames:
    """A permissive catalog: these names, any configuration, any template."""

    actions: frozenset[str] = frozenset()
    metadata_schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def names(self) -> Collection[str]:
        return self.actions

    def check(self, type: str, base_configuration: Any, configuration: Any) -> Sequence[ConfigProblem]:
        return ()

    def metadata_schema(self, type: str) -> Mapping[str, Any] | None:
        return self.metadata_schemas.get(type)

    def template_exists(self, name: str) -> bool:
        return True
