"""What an action is, what it is given, and what it may answer.

This file is the whole agreement between an action and whoever runs it. It knows nothing of the database, of the engine
and of the runner. Start reading at ``Action``; then ``Context``, ``Result``, the errors, and the effects in
``_effects``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

from actions._cancellation import Cancellation
from actions._effects import Answering, Effect, Telling
from actions._errors import ActionError, ClientError, NotReady, ServerError, Stopped, ToRetry
from actions._web import DENIED_NETWORKS, Client

__all__ = [
    "DENIED_NETWORKS",
    "Action",
    "ActionError",
    "Cancellation",
    "ClientError",
    "ConfigProblem",
    "Context",
    "Level",
    "NotReady",
    "Origin",
    "Requester",
    "Result",
    "ServerError",
    "Stopped",
    "Surroundings",
    "ToRetry",
]

#: Where the parts of a configuration stand: the step's own, or the base configuration it names.
Origin = Literal["configuration", "base_configuration"]
Level = Literal["error", "warning"]


@dataclass(frozen=True)
class ConfigProblem:
    """One mistake in the configuration of an action.

    ``path`` are the keys and positions that lead to it, into ``origin``: ``("headers", 0, "name")``.
    ``error`` is what the mistake raises when it shows up only after rendering; None: nothing, the action copes with it.
    """

    path: tuple[str | int, ...]
    what: str
    mend: str = ""
    level: Level = "error"
    origin: Origin = "configuration"
    error: type[ActionError] | None = ClientError

    def __str__(self) -> str:
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        said = f"{place}: {self.what}" if place else self.what
        return f"{said} {self.mend}".rstrip()


def _nothing_configured(name: str) -> str:
    raise LookupError(f"configuration item {name!r}: no item found")


@dataclass(frozen=True)
class Surroundings:
    """What a process knows that actions need: the same for all steps, built once at start.

    The first five come from the engine, so that actions read data exactly as templates do:
    ``loads(text)`` decodes JSON, numbers keeping their text; ``loads_first(text)`` reads the first value and leaves the
    rest; ``load_yaml(text)`` reads YAML; all raise ValueError. ``dumps(value)`` encodes JSON. ``read_schema(schema)``
    gives a JSON schema in its normal form, ValueError for what is none.
    """

    loads: Callable[[str], Any]
    loads_first: Callable[[str], Any]
    dumps: Callable[[Any], str]
    load_yaml: Callable[[str], Any]
    read_schema: Callable[[Any], Any]
    #: Text of the one configuration item of that name, concealed ones too; LookupError when there is none, or several.
    config: Callable[[str], str] = _nothing_configured
    #: Where ``script`` looks, first folder first.
    scripts_folders: tuple[Path, ...] = ()
    #: Names of variables of the service's environment that scripts see, beside ``PATH``, ``HOME`` and the like.
    script_variables: tuple[str, ...] = ()
    #: ``base_url`` of the main configuration, for links handed out.
    base_url: str = ""
    #: Networks (``10.0.0.0/8``) that no action that speaks HTTP may connect to.
    denied_networks: tuple[str, ...] = DENIED_NETWORKS
    #: Longest answer that is read into memory, in bytes.
    max_response_bytes: int = 16 * 1024 * 1024
    #: Is there a template of that name? None: not known here, so not checked.
    template_exists: Callable[[str], bool] | None = None
    #: Names of the configured notification backends. None: not known here, so not checked.
    notify_backends: frozenset[str] | None = None


@dataclass(frozen=True)
class Requester:
    """Who asked for the task: name, and the groups they had when they asked."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What an action may know about the step it works for: plain values.

    ``output`` and ``metadata`` are those of this step's previous try, None before the first.
    ``deadline`` is a moment of ``time.monotonic()``; past it the action is told to stop through ``cancelled``.
    """

    task_id: str
    resolution_id: str
    step: str
    surroundings: Surroundings
    try_number: int = 1  # 1, 2, …
    requester: Requester = Requester("")
    resolver: str = ""
    output: Any = None
    metadata: Any = None
    deadline: float | None = None
    cancelled: Cancellation = field(default_factory=Cancellation)
    #: What ``http`` sends as the header of this name, so that traces go on at the other side; "": nothing.
    traceparent: str = ""
    log: logging.Logger | logging.LoggerAdapter[Any] = field(default_factory=lambda: logging.getLogger("actions"))

    @property
    def http(self) -> Client:
        """Pooled HTTP connections within this step's deadline: ``ctx.http.get("https://…").json()``."""
        known = self.surroundings
        return Client(
            known.loads_first,
            known.dumps,
            self.deadline,
            self.cancelled,
            known.denied_networks,
            known.max_response_bytes,
            self.traceparent,
        )

    def config(self, name: str) -> str:
        """Text of a configuration item. Raises LookupError when there is none, or more than one."""
        return self.surroundings.config(name)

    def loads(self, text: str) -> Any:
        """Decode JSON; numbers keep their text. Raises ValueError."""
        return self.surroundings.loads(text)

    def dumps(self, value: Any) -> str:
        """Encode JSON; numbers are written as they were read."""
        return self.surroundings.dumps(value)

    def load_yaml(self, text: str) -> Any:
        """Decode YAML; numbers keep their text. Raises ValueError."""
        return self.surroundings.load_yaml(text)

    def seconds_left(self, limit: timedelta | None = None) -> float | None:
        """Seconds until ``limit`` from now or the step's deadline, whichever is sooner; None: no limit at all."""
        spans = [] if limit is None else [limit.total_seconds()]
        if self.deadline is not None:
            spans.append(max(0.0, self.deadline - time.monotonic()))
        return min(spans, default=None)

    def stop_if_cancelled(self) -> None:
        """Raise Stopped when the action was told to stop; for loops of an author's own."""
        if self.cancelled.is_set():
            raise Stopped("stopped")


@dataclass(frozen=True)
class Result:
    """What an action gives back.

    ``output`` and ``metadata`` are plain JSON values; None is "none". ``tags`` are merged into the task's; an empty
    value (or None) deletes the tag. ``effects`` are applied in the transaction that stores this result; at most one
    of them answers.
    """

    output: Any = None
    metadata: Any = None
    tags: Mapping[str, str | None] | None = None
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        if sum(isinstance(effect, Answering) for effect in self.effects) > 1:
            raise ValueError("a result can have one answering effect at most")

    @property
    def question(self) -> Answering | None:
        """The effect whose answer goes to ``Action.answered``, if there is one."""
        return next((effect for effect in self.effects if isinstance(effect, Answering)), None)

    @property
    def tellings(self) -> tuple[Telling, ...]:
        """The effects that only have to be done."""
        return tuple(effect for effect in self.effects if isinstance(effect, Telling))


class Action:
    """One kind of work: subclass this in a file of its own. ``docs/actions.md`` shows a complete one.

    One instance serves all threads of a process: keep no state on ``self``.
    """

    #: The ``type`` in templates.
    name: ClassVar[str]
    version: ClassVar[str] = "1.0"
    #: The declared configuration: a class of annotated fields (see ``field``). None: anything goes, ``cfg`` is as
    #: written.
    Config: ClassVar[type[Any] | None] = None
    #: JSON schema of the metadata. A template that reads a property it does not name is refused, unless the schema says
    #: ``"additionalProperties": true`` at that place.
    metadata_schema: ClassVar[Mapping[str, Any] | None] = None
    #: True: no effect outside the database, and done at once. Such an action may run in the coordinator itself.
    pure: ClassVar[bool] = False
    #: Keys of earlier versions that are not read any more, and what to write instead.
    former_keys: ClassVar[Mapping[str, str]] = {}

    def check(self, cfg: Any, surroundings: Surroundings) -> Iterable[ConfigProblem]:
        """What is wrong with the configuration as a whole, beyond its single fields.

        Called when a template is loaded (texts still hold ``{{ … }}``; a number, list… still to be rendered has its
        default) and again before each run, with everything rendered.
        """
        return ()

    def resources(self, cfg: Any) -> list[str]:
        """Names of the limited resources to hold while running, for instance ``["socket", "url:example.org"]``."""
        return []

    def resources_in(self, cfg: Any, surroundings: Surroundings) -> list[str]:
        """As ``resources``, for an action that must look into the configuration items to know."""
        return self.resources(cfg)

    def run(self, cfg: Any, ctx: Context) -> Result:
        """Do the work, in a thread of its own. Raises an ActionError, or anything else for SERVER_ERROR."""
        raise TypeError(f"action {type(self).__name__} does not define run()")

    def answered(self, cfg: Any, ctx: Context, answer: Any) -> Result:
        """The final result, from the answer to the effect that ``run`` asked for; the shapes stand at each effect.

        Runs inside the transaction, in the coordinator: pure and fast. Raises an ActionError; a result can only have
        telling effects.
        """
        raise TypeError(f"action {type(self).__name__} asks for an effect that answers but does not define answered()")
