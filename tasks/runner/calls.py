"""One call of an action: rendered, given its context, run, and its answer classified. Runs in any thread.

A ``Piece`` is what a hand is given. What it learns on the way (the rendered call, when the action began) the
coordinator may read while the hand is at work. Source: docs/engine.md, "One try".
"""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from actions import ActionError, ClientError, Context, NotReady, Result, Surroundings, ToRetry
from actions._cancellation import Cancellation
from actions._registry import RegisteredAction, Registry, UnknownAction
from tasks.engine.events import JobEnded
from tasks.engine.jobs import Answer, Call, Failure, Job
from tasks.engine.tries import evaluate, finish, prepare
from tasks.runner import checkpoints
from tasks.runner.checkpoints import Moment
from tasks.runner.held import Held, Question
from tasks.telemetry import traces

log = logging.getLogger("actions")

_FAILURES: Sequence[tuple[type[ActionError], Failure]] = (
    (ClientError, Failure.CLIENT),
    (NotReady, Failure.NOT_READY),
    (ToRetry, Failure.TO_RETRY),
    (ActionError, Failure.SERVER),
)


@dataclass
class Prepared:
    """A call that only has to be made."""

    call: Call
    action: RegisteredAction
    configuration: Any
    #: Names of the resources to be held meanwhile.
    resources: list[str]


@dataclass(eq=False, slots=True)
class Piece:
    """One job of one resolution, as it is done by whoever does it."""

    held: Held
    lease: int
    job: Job
    #: None: it is done at once, and nobody can stop it.
    cancelled: Cancellation | None = None
    prepared: Prepared | None = None
    #: ``time.monotonic()`` when the action itself began.
    began: float | None = None
    timed_out: bool = False

    @property
    def timeout(self) -> timedelta:
        """The step's own limit; zero: none, or not known yet."""
        return self.prepared.call.timeout if self.prepared else timedelta()

    def stop(self) -> None:
        """Tell the action to stop."""
        if self.cancelled is not None:
            self.cancelled.set()


#: What comes of a piece: the engine's event, a question to be answered first, or the call ready to be made.
Outcome = JobEnded | Question | Prepared


@dataclass(frozen=True)
class Done:
    """What a hand brings back."""

    piece: Piece
    outcome: Outcome


def judge(piece: Piece) -> Done:
    """Do an evaluation."""
    return Done(piece, evaluate(piece.job))


def render(piece: Piece, registry: Registry) -> Done:
    """Only prepare a call, so that its resources are known."""
    outcome = _prepared(piece, registry)
    if isinstance(outcome, Prepared):
        piece.prepared = outcome
    return Done(piece, outcome)


def make(piece: Piece, registry: Registry) -> Done:
    """Make a call, from its texts or from where ``render`` left it."""
    prepared = piece.prepared or _prepared(piece, registry)
    if not isinstance(prepared, Prepared):
        return Done(piece, prepared)
    piece.prepared = prepared
    outcome = _called(piece, prepared, registry.surroundings)
    checkpoints.reached(Moment.ACTION_ENDED)
    return Done(piece, outcome)


def failed(piece: Piece, failure: Failure, error: str = "") -> JobEnded:
    """The end of a call on whose behalf the runner speaks; it has been prepared."""
    assert piece.prepared is not None
    return finish(piece.job, piece.prepared.call, Answer(failure=failure, error=error))


def answered(question: Question, answer: Any) -> JobEnded:
    """The end of a call whose question was answered."""
    started = time.monotonic()
    try:
        result = question.action.answered(question.configuration, question.context, answer)
    except ActionError as error:
        reply = _failure(error)
    else:
        reply = _success(result)
    duration = question.duration + timedelta(seconds=time.monotonic() - started)
    effects = (*question.tellings, *reply.effects)
    return finish(question.job, question.call, _with(reply, effects, duration))


def _prepared(piece: Piece, registry: Registry) -> Prepared | JobEnded:
    call = prepare(piece.job)
    if isinstance(call, JobEnded):
        return call
    try:
        action = registry.get(call.action)
        configuration = action.decode(call.base_configuration, call.configuration, registry.surroundings)
        resources = [*call.resources, *action.resources(configuration, registry.surroundings)]
    except UnknownAction as error:
        return finish(piece.job, call, Answer(failure=Failure.CLIENT, error=str(error)))
    except ActionError as error:
        return finish(piece.job, call, _failure(error))
    return Prepared(call, action, configuration, resources)


def _called(piece: Piece, prepared: Prepared, surroundings: Surroundings) -> Outcome:
    call = prepared.call
    began = piece.began = time.monotonic()
    task_id, resolution_id = piece.held.facts.task_id, str(piece.held.key)
    with traces.step_span(task_id, resolution_id, call.step, call.action, call.try_number) as span:
        context = _context(piece, call, began, surroundings, span.traceparent)
        return _ran(piece, prepared, context, began, span)


def _ran(piece: Piece, prepared: Prepared, context: Context, began: float, span: traces.StepSpan) -> Outcome:
    call = prepared.call
    try:
        result = prepared.action.run(prepared.configuration, context)
    except ActionError as error:
        span.failed(type(error).__name__)
        reply = Answer(failure=Failure.TIMED_OUT) if piece.timed_out else _failure(error)
        return finish(piece.job, call, _with(reply, (), _since(began)))
    if result.question is not None:
        return Question(
            job=piece.job,
            call=call,
            action=prepared.action,
            configuration=prepared.configuration,
            context=context,
            effect=result.question,
            tellings=result.tellings,
            seed=uuid.uuid4(),
            duration=_since(began),
        )
    answer = Answer(result.output, result.metadata, result.tags or {}, effects=result.tellings, duration=_since(began))
    return finish(piece.job, call, answer)


#: For calls that are over before anybody could want to stop them.
_NEVER = Cancellation()


def _context(piece: Piece, call: Call, began: float, surroundings: Surroundings, traceparent: str) -> Context:
    held = piece.held
    return Context(
        task_id=held.facts.task_id,
        resolution_id=str(held.key),
        step=call.step,
        surroundings=surroundings,
        try_number=call.try_number,
        requester=held.requester,
        resolver=held.facts.resolver_username or "",
        output=call.output,
        metadata=call.metadata,
        deadline=began + call.timeout.total_seconds() if call.timeout else None,
        cancelled=piece.cancelled or _NEVER,
        traceparent=traceparent,
        log=log,
    )


def _success(result: Result) -> Answer:
    return Answer(result.output, result.metadata, result.tags or {}, effects=result.tellings)


def _failure(error: ActionError) -> Answer:
    failure = next(failure for kind, failure in _FAILURES if isinstance(error, kind))
    waits_for = error.message if failure is Failure.NOT_READY else ""
    return Answer(error.output, error.metadata, failure=failure, error=error.message, waits_for=waits_for)


def _with(answer: Answer, effects: tuple[Any, ...], duration: timedelta) -> Answer:
    return replace(answer, effects=effects, duration=duration)


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)
