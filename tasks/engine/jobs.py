"""Work that is done outside ``advance``: which text to evaluate or which action to call, and what came of it.

A job is given out by ``advance`` in a ``RunJob`` order; ``tries.py`` does it (any thread; nothing of the running
resolution is touched, the job holds a snapshot of all values); what came of it goes back to ``advance`` as a
``JobEnded``:

    an evaluation (``job.calls`` is false):    event = tries.evaluate(job)
    a call (``job.calls`` is true):            call = tries.prepare(job)        (or a JobEnded: cannot be prepared)
                                               answer = … run call.action …     (an Answer)
                                               event = tries.finish(job, call, answer)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tasks.engine.steps import Step

if TYPE_CHECKING:
    from tasks.engine.plans import Plan
    from tasks.engine.values import Values


class JobKind(StrEnum):
    TITLE = "title"  # render the task's title
    SKIP = "skip"  # judge a step's skip conditions
    LIST = "list"  # judge a loop's own skip conditions, then render its list
    PRE_HOOK = "pre_hook"  # call a step's pre_hook
    ACTION = "action"  # call a step's action
    CHECK = "check"  # judge a step's check conditions
    RESULT = "result"  # render the task's result


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, to be done once. Equal serials do not occur twice in one ``Resolution`` object."""

    serial: int
    kind: JobKind
    #: "" for TITLE and RESULT.
    step: str
    #: All values as they were when the job was given out.
    values: "Values"
    #: True: no effect outside the database, and quick: may run in the coordinator, needs no durable RUNNING before.
    pure: bool = False
    #: True: its texts may take long to render (JavaScript, loops): not in the coordinator, but in a hand.
    slow: bool = False
    plan: "Plan | None" = None
    #: The step as it was when the job was given out (state RUNNING, output and error of the previous try).
    before: Step | None = None
    #: ACTION: what its pre_hook gave, ``{"output", "metadata"}``; None: it has none.
    pre_hook: Mapping[str, Any] | None = None
    #: CHECK: the arguments of each function of the step in this try, outermost first; None: to be rendered anew.
    function_args: tuple[Any, ...] | None = None
    #: TITLE and RESULT: what to render.
    text: Any = None
    #: Results of ``evalCache``, shared by the jobs of one try.
    cache: dict[str, Any] = field(default_factory=dict)

    @property
    def calls(self) -> bool:
        """Whether an action is called."""
        return self.kind in (JobKind.ACTION, JobKind.PRE_HOOK)

    @property
    def is_quick(self) -> bool:
        """Whether whoever has the resolution in hand may do it here and now: no effect outside, and soon over."""
        return not self.slow and (self.pure or not self.calls)


@dataclass(frozen=True, slots=True)
class Call:
    """One action to be called, everything rendered. Source: docs/engine.md, "One try"."""

    action: str
    configuration: Any
    #: Lies under the configuration; None: none is named.
    base_configuration: Any
    #: The step's own ``resources``; those that the action declares come on top. Empty for a pre_hook.
    resources: tuple[str, ...]
    step: str
    #: 1, 2, …
    try_number: int
    #: The step's ``timeout``, counted from the moment the action starts; 0: none.
    timeout: timedelta
    #: Output and metadata of this step's previous try; None before the first, and for a pre_hook.
    output: Any
    metadata: Any
    #: The handles ``.task.*``, as plain values.
    task: Mapping[str, Any]
    #: For ``finish``: merge formats, the handles it needs. Not for the runner.
    prepared: Any = None


class Failure(StrEnum):
    """Why an action gave no result, and the state that follows. Source: docs/engine.md, "One try"."""

    CLIENT = "client"  # CLIENT_ERROR: the request is wrong
    SERVER = "server"  # SERVER_ERROR: the other side failed, or anything unexpected
    NOT_READY = "not ready"  # WAITING: somebody else has to act first
    TO_RETRY = "to retry"  # TO_RETRY: not possible just now
    NO_RESOURCES = "no resources"  # TO_RETRY: never began; output and metadata stay as they were; the try counts
    TIMED_OUT = "timed out"  # SERVER_ERROR: the step's timeout passed
    NOT_STARTED = "not started"  # TODO: shutdown before the action began; nothing is counted


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action answered, or what the runner says on its behalf."""

    output: Any = None
    metadata: Any = None
    #: Laid over the task's tags; an empty value (or None) deletes.
    tags: Mapping[str, str | None] = field(default_factory=dict)
    failure: Failure | None = None
    #: Text of the failure; for NO_RESOURCES what was not to be had, for TIMED_OUT empty (the step's timeout is named).
    error: str = ""
    #: Passed through to ``Changes.effects``.
    effects: tuple[Any, ...] = ()
    #: NOT_READY: for whom or what ("task 4f…"), for people; and when to look again unless woken (None: only woken).
    waits_for: str = ""
    look_again_at: datetime | None = None
    #: How long the action ran.
    duration: timedelta | None = None


# What came of a job, by kind


@dataclass(frozen=True, slots=True)
class Attempt:
    """ACTION, and a PRE_HOOK that failed: how the try ended, before check conditions."""

    state: str
    error: str = ""
    counted: bool = True
    #: False: output and metadata of the previous try stay.
    replaces: bool = True
    output: Any = None
    metadata: Any = None
    tags: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[Any, ...] = ()
    waits_for: str = ""
    look_again_at: datetime | None = None
    duration: timedelta | None = None
    #: The rendered configuration of the real action (None: it did not come to that).
    configuration: Any = None
    function_args: tuple[Any, ...] | None = None
    #: Remarks for the journal (an output that could not be formatted after a failure…).
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HookResult:
    """PRE_HOOK that succeeded."""

    output: Any
    metadata: Any


@dataclass(frozen=True, slots=True)
class StateChange:
    """A condition gives ``state`` to ``step`` (a name; ``this`` is resolved)."""

    step: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """SKIP, CHECK: what the conditions do, in order; ``problem`` when one could not be judged (the rest was not)."""

    met: bool = False
    changes: tuple[StateChange, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """LIST: the verdict on the loop's own skip conditions, then its items, or the problem with them."""

    verdict: Verdict = Verdict()
    items: list[Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """TITLE, RESULT: the value, or why there is none."""

    value: Any = None
    problem: str = ""


JobOutcome = Attempt | HookResult | Verdict | Listed | Rendered
