"""Effects: what an action asks of the database. Values only; the runner does them, in the transaction of the result.

Two kinds. A *telling* effect only has to be done. An *answering* effect is done, the present state is looked at, and
the answer, a plain mapping, goes to the action's ``answered``. Each class says what the one who applies it must do,
and the exact shape of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, NotRequired, TypedDict, final


class Effect:
    """Something to be done in the database together with the step's result."""


class Telling(Effect):
    """Done, and that is all."""


class Answering(Effect):
    """Done, then answered."""


@final
class Refused(TypedDict):
    """The answer to an effect that could not be done. Nothing of it was done.

    - ``input``: the child's template refuses an input. ``index`` (from 0): which one, in a batch.
    - ``unknown template``, ``blocked template``.
    - ``not allowed``: a right is missing, or a limit of the installation is passed.
    - ``gone``: what was created or named earlier does not exist any more (or never did).
    """

    refused: Literal["input", "unknown template", "blocked template", "not allowed", "gone"]
    message: str
    index: NotRequired[int]


@final
class TaskAnswer(TypedDict):
    """Answer to ``FollowTask``."""

    id: str
    #: The child task's state now, a name of ``TaskState``.
    state: str
    #: The child's result object; before it is done, its template's result format as written.
    result: Any
    resolver_username: str
    requester_username: str
    #: True when this very effect created it.
    created: bool


@dataclass(frozen=True)
class FollowTask(Answering):
    """Create a child task, once for this resolution and step, then look at it. Answer: ``TaskAnswer | Refused``.

    The link is a column, not the step's output: the second time the other fields are not looked at. A new child is
    created in the name of the parent's requester (name and groups), with the template's tags, then ``tags``, then
    ``_utask_parent_task_id``; it gets a comment of the requester that names the parent; it starts by itself, after
    ``delay``, where its template and rights allow. The parent is woken when the child reaches a final state or is
    blocked.
    """

    template: str
    input: Mapping[str, Any] = field(default_factory=dict)
    resolver_usernames: Sequence[str] = ()
    resolver_groups: Sequence[str] = ()
    watcher_usernames: Sequence[str] = ()
    watcher_groups: Sequence[str] = ()
    delay: timedelta | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@final
class BatchAnswer(TypedDict):
    """Answer to ``FollowBatch``: how far it is, after creating what could be created now."""

    batch_id: str
    #: How many children were created so far, by this and earlier effects.
    started: int
    #: How many children are in each task state now. A child that was deleted since is in none.
    states: dict[str, int]


@dataclass(frozen=True)
class FollowBatch(Answering):
    """Create the children of a batch, a part at a time, then count them. Answer: ``BatchAnswer | Refused``.

    One batch for this resolution and step, found by column. Children are created in the order of ``inputs``, from the
    first that was not created yet, and never twice (a child keeps its position). ``at_once`` > 0 bounds how many
    children may be unfinished (not DONE, CANCELLED, WONTFIX) at a time; 0: all are created now, to be inserted in
    slices, not held as rows all at once. Each child's input is ``common`` and its own element. Otherwise as
    ``FollowTask``, with ``comment`` (if any) by the requester on each. The parent is woken when none of the created
    children is unfinished. The first input that is refused refuses all that this effect would have created.
    """

    template: str
    inputs: Sequence[Mapping[str, Any]]
    common: Mapping[str, Any] = field(default_factory=dict)
    at_once: int = 0
    resolver_usernames: Sequence[str] = ()
    resolver_groups: Sequence[str] = ()
    watcher_usernames: Sequence[str] = ()
    watcher_groups: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True)
class GiveBackRuns(Telling):
    """Raise the resolution's ``run_max`` by the number of runs that waking this step has used up."""


@final
class CallbackAnswer(TypedDict):
    """Answer to ``CreateCallback``: both are unguessable; the token is stored encrypted, or hashed."""

    id: str
    token: str


@dataclass(frozen=True)
class CreateCallback(Answering):
    """Create a callback of this task and resolution, a new one each time. Answer: ``CallbackAnswer``.

    ``schema`` (a checked JSON schema, or None) is what the body of the call will be validated against.
    """

    schema: Any = None


@final
class AwaitAnswer(TypedDict):
    """Answer to ``AwaitCallback``."""

    id: str
    called: bool
    #: When it was called, RFC 3339; None before.
    date: str | None
    #: The object that was sent; None before.
    body: Any


@dataclass(frozen=True)
class AwaitCallback(Answering):
    """Look whether a callback was called. Answer: ``AwaitAnswer | Refused`` (``gone``: no such id, or not an id at
    all).

    Not called yet: this step is woken by the call.
    """

    id: str


@final
class CacheAnswer(TypedDict):
    """Answer to ``CacheGet``: a miss has the value None."""

    hit: bool
    value: Any


@dataclass(frozen=True)
class CacheGet(Answering):
    """Look up a key. Answer: ``CacheAnswer``. An expired entry is deleted, and is a miss."""

    key: str


@dataclass(frozen=True)
class CachePut(Telling):
    """Insert or replace a value. ``lifetime`` None: never expires."""

    key: str
    value: Any
    lifetime: timedelta | None = None


@dataclass(frozen=True)
class CacheDelete(Telling):
    """Delete a key, whether it exists or not."""

    key: str


@dataclass(frozen=True)
class Notify(Telling):
    """Send a message through the named notification backends; none named: through all."""

    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    backends: Sequence[str] = ()
