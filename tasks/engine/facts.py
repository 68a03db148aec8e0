"""Plain facts that the engine is given: the task, the resolution as it was stored, the installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.engine.gotemplate.limits import ALL_SHUT, NO_LIMITS_GIVEN, Limits, Permissions
from tasks.states import ResolutionState, TaskState


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What ``.task.*`` shows; it does not change during a run. Source: docs/engine.md, "Values".

    Moments are aware. ``region`` "": shown as ``default``. ``resolver_groups`` are the task's.
    """

    task_id: str
    created: datetime
    last_activity: datetime
    requester_username: str
    requester_groups: tuple[str, ...] = ()
    resolver_username: str | None = None
    resolver_groups: tuple[str, ...] = ()
    watcher_usernames: tuple[str, ...] = ()
    watcher_groups: tuple[str, ...] = ()
    region: str = ""
    resolution_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFields:
    """The part of a task that a run changes."""

    state: str = TaskState.TODO
    title: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    steps_done: int = 0
    steps_total: int = 0
    #: The rendered result; None until there is one.
    result: Any = None
    #: Why a DONE task has no result.
    result_error: str = ""


@dataclass(frozen=True, slots=True)
class ResolutionFields:
    """The part of a resolution that a run changes."""

    state: str = ResolutionState.TO_AUTORUN
    run_count: int = 0
    run_max: int = 100
    #: When it is to be run again by itself; None: not planned.
    next_retry: datetime | None = None
    last_start: datetime | None = None
    last_stop: datetime | None = None
    #: Something that a step waits for has happened, and no run has looked since.
    woken: bool = False
    #: A sentence: why it does not move, and what will move it. "" while RUNNING and in final states.
    waiting: str = ""


@dataclass(frozen=True)
class Installation:
    """What is the same for all resolutions of one installation."""

    #: ``.config.*``: what templates may see.
    config: Mapping[str, Any] = field(default_factory=dict)
    #: Names of the actions without effect outside the database: no RUNNING has to be durable before they start, and
    #: they may be tried again after a crash whatever ``idempotent`` says.
    pure_actions: frozenset[str] = frozenset()
    #: A larger output (as JSON) is a FATAL_ERROR.
    max_output_bytes: int = 10_000_000
    #: What a rendering may cost, and what it may reach.
    limits: Limits = NO_LIMITS_GIVEN
    permissions: Permissions = ALL_SHUT
