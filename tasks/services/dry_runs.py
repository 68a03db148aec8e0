"""A dry run: the engine's simulation of a template that need not be stored, each action's answer scripted.

Nothing is called, nothing stored, time jumps. Configuration items are masked: a template that anybody can type must
not print them. Source: docs/templates.md, "Editor".
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tasks.engine.definition import InputDefinition, InputType, TemplateDefinition
from tasks.engine.errors import EventMisfit
from tasks.engine.inputs import accept_inputs
from tasks.engine.jobs import Answer, Call, Job, JobKind, Rendered
from tasks.engine.orders import Move
from tasks.engine.scripts import BadScript, read_script
from tasks.engine.simulation import EPOCH, NeverEnds, Simulation
from tasks.engine.tries import evaluate
from tasks.services.errors import BadRequest
from tasks.services.installation import installation
from tasks.services.secrets import MASK
from tasks.states import StepState

_SECONDS, _MOST_RUNS, _MOST_JOBS = 8.0, 200, 2_000
_LONGEST_EXPRESSION = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Called:
    """One call of an action: what it was given, and what the script answered."""

    step: str
    action: str
    attempt: int
    is_pre_hook: bool
    configuration: Any
    answer: Answer


@dataclass(frozen=True, slots=True)
class Moment:
    """One move; ``after_start``: in simulated time; ``calls``: those made since the move before."""

    move: Move
    after_start: timedelta
    calls: tuple[Called, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """Everything that happened, and how it ended; ``cut_off``: why it was stopped, "" where it came to its rest."""

    moments: tuple[Moment, ...]
    state: str
    title: str
    result: Any
    result_error: str
    tags: Mapping[str, str]
    outputs: Mapping[str, Any]
    errors: Mapping[str, str]
    cut_off: str = ""


class _Watched(Simulation):
    """A simulation that notes every call, and stops when its time is over."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.calls: list[tuple[int, Called]] = []
        self._until = time.monotonic() + _SECONDS

    def _do(self, job: Job) -> None:
        if time.monotonic() > self._until:
            raise NeverEnds(f"it takes longer than {_SECONDS:.0f} seconds")
        super()._do(job)

    def _answer(self, job: Job, call: Call) -> Answer:
        answer = super()._answer(job, call)
        called = Called(
            job.step, call.action, call.try_number, job.kind is JobKind.PRE_HOOK, call.configuration, answer
        )
        self.calls.append((len(self.timeline), called))
        return answer


def run(definition: TemplateDefinition, *, inputs: Any, resolver_inputs: Any, script: Any) -> DryRun:
    """Run it until nothing is planned any more. Raises BadRequest: inputs or script are not accepted (``fields``)."""
    given = {
        "inputs": _accepted("inputs", definition.inputs, inputs),
        "resolver_inputs": _accepted("resolver_inputs", definition.resolver_inputs, resolver_inputs),
    }
    try:
        answers = read_script(script or {})
    except BadScript as bad:
        raise BadRequest(str(bad), fields={"script": [str(bad)]}) from None
    known = installation()
    masked = replace(known, config=_masked(known.config))
    watched = _Watched(_hurried(definition), answers, installation=masked, max_jobs=_MOST_JOBS, **given)
    cut_off = ""
    try:
        watched.run_to_rest(_MOST_RUNS)
    except (NeverEnds, EventMisfit) as reason:
        cut_off = str(reason)
    return _told(watched, cut_off)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Inputs and a script to begin with."""

    inputs: Mapping[str, Any]
    resolver_inputs: Mapping[str, Any]
    script: Mapping[str, Any] = field(default_factory=dict)


#: Tried where an input has a pattern; its author writes a better one where none of them fits.
_GUESSES = (
    *("a", "abc", "example", "ABC", "1", "42", "2026", "v1", "v1.2.3", "1.2.3", "a1", "A-1", "2026-01-31"),
    *("2026-01-31T12:00:00Z", "example.org", "www.example.org", "someone@example.org", "https://example.org/"),
    *("192.0.2.1", "192.0.2.0/24", "2001:db8::1", "00:00:5e:00:53:01", "0a", "deadbeef", "/tmp/example"),  # noqa: S108  # nosec B108
    "6f1d9c6e-3a52-4c0f-9c0a-0d1f6a7b8c9d",
)


def suggestion(definition: TemplateDefinition) -> Suggestion:
    """A value for each input, and for each step whose action does something an answer without content."""
    return Suggestion(
        {each.name: _example(each) for each in definition.inputs},
        {each.name: _example(each) for each in definition.resolver_inputs},
        {
            name: {"state": str(StepState.DONE), "output": {}}
            for name, step in definition.steps.items()
            if step.action.type != "echo" and not step.is_loop
        },
    )


def _example(definition: InputDefinition) -> Any:
    if definition.default is not None:
        return definition.default
    value: Any = {InputType.NUMBER: 1, InputType.BOOL: True}.get(definition.type, definition.name)
    value = definition.legal_values[0] if definition.legal_values else value
    guesses = [value, *_GUESSES] if definition.regex else [value]
    shaped = [[guess] if definition.collection else guess for guess in guesses]
    return next((each for each in shaped if not accept_inputs([definition], {definition.name: each})[1]), shaped[0])


def _accepted(which: str, definitions: Sequence[InputDefinition], given: Any) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise BadRequest(
            f"{which}: a mapping is expected", fields={which: ["a mapping of names to values is expected"]}
        )
    accepted, problems = accept_inputs(definitions, given)
    if problems:
        raise BadRequest("; ".join(map(str, problems)), fields={which: [str(problem) for problem in problems]})
    return accepted


def _masked(value: Any) -> Any:
    """The same shape with no value in it."""
    if isinstance(value, Mapping):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return MASK


def _hurried(definition: TemplateDefinition) -> TemplateDefinition:
    """The template with short limits for its expressions: somebody waits for the answer."""
    return replace(
        definition,
        variables=tuple(
            replace(each, expression_timeout=min(each.expression_timeout, _LONGEST_EXPRESSION))
            for each in definition.variables
        ),
    )


def _told(watched: _Watched, cut_off: str) -> DryRun:
    moments, calls = [], list(watched.calls)
    for number, move in enumerate(watched.timeline):
        mine = tuple(called for at, called in calls if at == number)
        moments.append(Moment(move, move.at - EPOCH, mine))
    task, steps = watched.resolution.task, list(watched.resolution.steps())
    return DryRun(
        moments=tuple(moments),
        state=str(watched.state),
        title=task.title or _title(watched),
        result=task.result,
        result_error=task.result_error,
        tags=task.tags,
        outputs={step.name: step.output for step in steps if step.output is not None},
        errors={step.name: step.error for step in steps if step.error},
        cut_off=cut_off,
    )


def _title(watched: _Watched) -> str:
    """As it would be when the task is made; a run renders it again only where that changes anything."""
    text = watched.resolution.definition.title_format
    outcome = evaluate(Job(0, JobKind.TITLE, "", watched.resolution.values(), text=text)).outcome
    assert isinstance(outcome, Rendered)
    return outcome.problem or str(outcome.value)
