"""What the engine must know of actions to check a template: handed in, so that it knows none of them itself.

``actions/_registry.py`` fits ``ActionCatalog`` by its shape. Where none is handed in, actions are not checked at all.
Source: docs/templates.md, "Actions".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: The way to one value inside a document: keys and positions, from the outside in.
Path = tuple[str | int, ...]


class ConfigProblem(Protocol):
    """One fault in the configuration of an action."""

    @property
    def path(self) -> Path:
        """Where, counted from the configuration: ``("auth", "basic", "user")``; empty: the whole."""

    @property
    def origin(self) -> str:
        """What ``path`` leads into: ``configuration``, or ``base_configuration``."""

    @property
    def what(self) -> str: ...

    @property
    def mend(self) -> str: ...

    @property
    def level(self) -> str:
        """``error`` or ``warning``."""


class ActionCatalog(Protocol):
    """The actions that a template may call."""

    def names(self) -> Collection[str]:
        """Names of the real actions; functions are not among them."""

    def check(self, type: str, base_configuration: Any, configuration: Any, /) -> Iterable[ConfigProblem]:
        """All faults of ``configuration`` laid over ``base_configuration`` (None: no base), both raw, not rendered.

        ``type`` is one of ``names()``. Templates that ``subtask`` and ``batch`` name are looked up here too.
        """

    def metadata_schema(self, type: str, /) -> Mapping[str, Any] | None:
        """The JSON schema of the action's metadata; None where it declares none."""


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """A ``ConfigProblem`` for catalogs that need no type of their own."""

    path: Path
    what: str
    mend: str = ""
    level: str = "error"
    origin: str = "configuration"


@dataclass(frozen=True)
class KnownNames:
    """A permissive catalog: these names, with any configuration."""

    actions: frozenset[str] = frozenset()
    metadata_schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def names(self) -> Collection[str]:
        return self.actions

    def check(self, type: str, base_configuration: Any, configuration: Any) -> Sequence[ConfigProblem]:
        return ()

    def metadata_schema(self, type: str) -> Mapping[str, Any] | None:
        return self.metadata_schemas.get(type)
