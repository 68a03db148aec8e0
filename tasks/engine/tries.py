"""Doing a job: pure functions of the job alone, so any thread may do them. See ``jobs.py`` for who calls what.

``evaluate`` judges and renders; ``prepare`` makes a call of a step's action or pre_hook; ``finish`` makes of its answer
what the step gets. Source: docs/engine.md, "One try".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from tasks.engine.conditions import judge
from tasks.engine.configuration import NotRendered, render_text, render_value
from tasks.engine.definition import ActionDefinition, OutputStrategy
from tasks.engine.events import JobEnded
from tasks.engine.foreach import BadList, read_items
from tasks.engine.gotemplate.gotime.durations import format_duration
from tasks.engine.jobs import Answer, Attempt, Call, Failure, HookResult, Job, JobKind, Listed, Rendered, Verdict
from tasks.engine.outputs import NotJSON, TooLarge, merged, plain_json
from tasks.engine.plans import ActionChain, LeveledCondition, Plan
from tasks.engine.readable import readable, wrong_tags
from tasks.engine.steps import Step
from tasks.engine.values import Values
from tasks.engine.variables import Evaluation
from tasks.states import StepState

S = StepState

#: The state that follows from each failure.
STATE_OF: Final[Mapping[Failure, StepState]] = {
    Failure.CLIENT: S.CLIENT_ERROR,
    Failure.SERVER: S.SERVER_ERROR,
    Failure.NOT_READY: S.WAITING,
    Failure.TO_RETRY: S.TO_RETRY,
    Failure.NO_RESOURCES: S.TO_RETRY,
    Failure.TIMED_OUT: S.SERVER_ERROR,
    Failure.NOT_STARTED: S.TODO,
}


def evaluate(job: Job) -> JobEnded:
    """Judge the conditions, or render the list, title or result, that ``job`` is about (``job.calls`` is false)."""
    match job.kind:
        case JobKind.SKIP:
            return _over(job, _judge(job, _plan(job).skips))
        case JobKind.CHECK:
            return _over(job, _judge(job, _plan(job).checks))
        case JobKind.LIST:
            return _over(job, _list(job))
        case JobKind.TITLE:
            return _over(job, _rendered(job, job.values.handles_at_creation()))
        case JobKind.RESULT:
            return _over(job, _rendered(job, job.values.handles()))
    raise ValueError(f"{job.kind} is a call, not an evaluation")


def prepare(job: Job) -> Call | JobEnded:
    """Render all that the action needs (``job.calls`` is true); a ``JobEnded`` (FATAL_ERROR) where that fails."""
    plan, step = _plan(job), _step(job)
    is_hook = job.kind is JobKind.PRE_HOOK
    chain = plan.pre_hook if is_hook and plan.pre_hook is not None else plan.chain
    scope = _Scope(job)
    try:
        outer = scope.arguments(plan.chain, plan.pre_hook_level)[-1] if is_hook and plan.pre_hook_level else None
        base = _base_configuration(job, chain.actions[0], scope)
        arguments = [outer]
        formats = []
        for action in chain.actions:
            formats.append(_merge_format(action, scope, arguments[-1]))
            arguments.append(render_value(action.configuration, scope.evaluation(arguments[-1])))
    except (NotRendered, _CannotPrepare) as error:
        told = f"prehook: {error}" if is_hook else str(error)
        return _over(job, Attempt(S.FATAL_ERROR, told, counted=False, replaces=False))
    configuration = arguments.pop()
    return Call(
        action=chain.real.type,
        configuration=configuration,
        base_configuration=base,
        resources=() if is_hook else plan.definition.resources,
        step=step.name,
        try_number=step.try_count + 1,
        timeout=plan.definition.timeout,
        output=None if is_hook else step.output,
        metadata=None if is_hook else step.metadata,
        task=job.values.fixed["task"],
        prepared=_Prepared(chain, tuple(formats), tuple(arguments[1:]), arguments[-1]),
    )


def finish(job: Job, call: Call, answer: Answer) -> JobEnded:
    """Classify the answer, lay the output out as declared, check its schema. Never raises for what an answer holds."""
    if job.kind is JobKind.PRE_HOOK:
        return _over(job, _finish_hook(job, call, answer))
    return _over(job, _finish_action(job, call, answer))


# --- evaluations ------------------------------------------------------------------------------------------------------


def _judge(job: Job, conditions: Iterable[LeveledCondition]) -> Verdict:
    scope = _Scope(job)

    def evaluator(values: Values, step: Step, level: int) -> Evaluation:
        seen = _Scope(replace(job, values=values, before=step))
        if not level:
            return seen.evaluation()
        arguments = job.function_args
        if arguments is None:
            arguments = tuple(scope.arguments(_plan(job).chain, level))
        return seen.evaluation(arguments[level - 1])

    return judge(conditions, job.values, _step(job), evaluator)


def _list(job: Job) -> Listed:
    """The loop's own skip conditions, then its items. The text sees neither ``.iterator`` nor ``.step.this``."""
    plan = _plan(job)
    verdict = _judge(job, plan.loop_skips)
    if verdict.met or verdict.problem:
        return Listed(verdict)
    evaluation = Evaluation(job.values.definition, job.values.installation, job.values.handles(), job.cache)
    try:
        return Listed(verdict, read_items(render_text(plan.definition.foreach, evaluation)))
    except (NotRendered, BadList) as error:
        return Listed(verdict, None, str(error))


def _rendered(job: Job, handles: Mapping[str, Any]) -> Rendered:
    """All or nothing. Fixed: the original leaves a result half rendered, and does not enter lists."""
    evaluation = Evaluation(job.values.definition, job.values.installation, handles, job.cache)
    try:
        return Rendered(render_value(job.text, evaluation, keys_too=True))
    except NotRendered as error:
        return Rendered(None, str(error))


# --- calls ------------------------------------------------------------------------------------------------------------


class _CannotPrepare(Exception):
    """The call cannot be made, whatever the values."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What ``finish`` needs of ``prepare``: merge formats from the outside in, and the functions' arguments."""

    chain: ActionChain
    formats: tuple[Any, ...]
    function_args: tuple[Any, ...]
    innermost: Any


class _Scope:
    """What the texts of one job see."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def evaluation(self, function_args: Any = None) -> Evaluation:
        job = self._job
        handles = job.values.handles(job.before, pre_hook=job.pre_hook, function_args=function_args)
        return Evaluation(job.values.definition, job.values.installation, handles, job.cache)

    def arguments(self, chain: ActionChain, depth: int) -> list[Any]:
        """The rendered arguments of the first ``depth`` functions, from the outside in."""
        arguments: list[Any] = []
        for action in chain.actions[:depth]:
            evaluation = self.evaluation(arguments[-1] if arguments else None)
            arguments.append(render_value(action.configuration, evaluation))
        return arguments


def _base_configuration(job: Job, action: ActionDefinition, scope: _Scope) -> Any:
    """The base configuration that the step itself names; those of functions do not count."""
    name = action.base_configuration
    if not name:
        return None
    bases = job.values.definition.base_configurations
    if name not in bases:
        raise _CannotPrepare(f'there is no base configuration "{name}"')
    return render_value(bases[name], scope.evaluation())


def _merge_format(action: ActionDefinition, scope: _Scope, function_args: Any) -> Any:
    """The base that the output is laid over; None where the action has no merge strategy."""
    if action.output.strategy is not OutputStrategy.MERGE:
        return None
    try:
        rendered = render_value(action.output.format, scope.evaluation(function_args))
    except NotRendered as error:
        raise _CannotPrepare(f"failed to template base output: {error}") from error
    if rendered is not None and not isinstance(rendered, Mapping):
        raise _CannotPrepare("the format of a merged output must be an object")
    return rendered


# --- answers ----------------------------------------------------------------------------------------------------------


def _finish_hook(job: Job, call: Call, answer: Answer) -> HookResult | Attempt:
    """A pre_hook's failure is the step's. Fixed: the original makes FATAL_ERROR of every one, and formats no output."""
    if answer.failure is not None:
        failed = _failed(call, answer)
        return replace(failed, error=f"prehook: {failed.error}", replaces=False)
    layout = _lay_out(job, call, answer)
    if layout.problem:
        return Attempt(S.FATAL_ERROR, f"prehook: {layout.problem}", replaces=False)
    return HookResult(layout.output, layout.metadata)


def _finish_action(job: Job, call: Call, answer: Answer) -> Attempt:
    prepared: _Prepared = call.prepared
    display = {"configuration": call.configuration, "function_args": prepared.function_args}
    if answer.failure in (Failure.NO_RESOURCES, Failure.NOT_STARTED):
        return replace(_failed(call, answer), **display)
    layout = _lay_out(job, call, answer)
    tags = {key: value or "" for key, value in answer.tags.items()}
    wrong = wrong_tags(tags)
    if answer.failure is not None:
        # Fixed: an output that cannot be formatted does not hide why the action failed.
        attempt = _failed(call, answer)
        notes = tuple(filter(None, (layout.problem, wrong)))
    else:
        problem = layout.problem or _schema_problem(job, layout.output) or wrong
        attempt = Attempt(S.FATAL_ERROR if problem else S.DONE, problem)
        notes = ()
    return replace(
        attempt,
        output=layout.output,
        metadata=layout.metadata,
        tags={} if wrong else tags,
        effects=answer.effects,
        duration=answer.duration,
        notes=(*notes, *layout.notes),
        **display,
    )


def _failed(call: Call, answer: Answer) -> Attempt:
    failure = answer.failure or Failure.SERVER
    error = answer.error
    if failure is Failure.NO_RESOURCES:
        error = f"failed to acquire resources: {error}"
    elif failure is Failure.TIMED_OUT and not error:
        error = f"timed out after {format_duration(call.timeout // timedelta(microseconds=1) * 1000)}"
    began = failure not in (Failure.NO_RESOURCES, Failure.NOT_STARTED)
    return Attempt(
        STATE_OF[failure],
        error,
        counted=failure is not Failure.NOT_STARTED,
        replaces=began,
        effects=answer.effects,
        waits_for=readable(answer.waits_for),
        look_again_at=answer.look_again_at,
        duration=answer.duration,
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Output and metadata as the step gets them; ``problem``: why that is not what was wanted."""

    output: Any
    metadata: Any
    problem: str = ""
    notes: tuple[str, ...] = ()


def _lay_out(job: Job, call: Call, answer: Answer) -> _Layout:
    """Strategies of the action and of all functions around it, innermost first."""
    largest = job.values.installation.max_output_bytes
    try:
        metadata = plain_json(answer.metadata, largest)
    except (NotJSON, TooLarge) as error:
        return _Layout(None, None, f"metadata: {error}")
    try:
        output = plain_json(answer.output, largest)
    except NotJSON as error:
        return _Layout(str(answer.output)[:largest], metadata, f"the output is not JSON: {error}")
    except TooLarge as error:
        return _Layout(None, metadata, str(error))
    return _formatted(job, call.prepared, output, metadata)


def _formatted(job: Job, prepared: _Prepared, output: Any, metadata: Any) -> _Layout:
    if all(action.output.strategy is OutputStrategy.NONE for action in prepared.chain.actions):
        return _Layout(output, metadata)
    notes = []
    for action, merge_format in reversed(list(zip(prepared.chain.actions, prepared.formats, strict=True))):
        if action.output.strategy is OutputStrategy.MERGE:
            output, lost = merged(merge_format, output)
            notes += [lost] if lost else []
        elif action.output.strategy is OutputStrategy.TEMPLATE:
            # Fixed: the format sees the new metadata, not those of the previous try.
            this = replace(_step(job), output=output, metadata=metadata)
            seen = _Scope(replace(job, values=job.values.with_step(this), before=this))
            try:
                output = render_value(action.output.format, seen.evaluation(prepared.innermost))
            except NotRendered as error:
                return _Layout(output, metadata, f"unable to format output: {error}", tuple(notes))
    try:
        output = plain_json(output, job.values.installation.max_output_bytes)
    except TooLarge as error:
        return _Layout(None, metadata, str(error), tuple(notes))
    return _Layout(output, metadata, notes=tuple(notes))


def _schema_problem(job: Job, output: Any) -> str:
    validator = _plan(job).validator
    problems = [] if validator is None else validator.problems(output)
    return f"the output does not fit json_schema: {'; '.join(problems)}" if problems else ""


# --- the job's parts that its kind promises -------------------------------------------------------------------------


def _over(job: Job, outcome: Attempt | HookResult | Verdict | Listed | Rendered) -> JobEnded:
    return JobEnded(job.serial, job.step, outcome)


def _plan(job: Job) -> Plan:
    assert job.plan is not None
    return job.plan


def _step(job: Job) -> Step:
    assert job.before is not None
    return job.before
