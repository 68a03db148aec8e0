"""What comes of the jobs of one step: its skip conditions, its pre_hook, its action, its check conditions.

Source: docs/engine.md, "One try".
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tasks.engine.conditions import error_after
from tasks.engine.errors import EventMisfit
from tasks.engine.events import DelayOver
from tasks.engine.jobs import Attempt, HookResult, JobKind, Verdict
from tasks.engine.lifecycle import CHECKED, StepEvent, is_final
from tasks.engine.network import Node
from tasks.engine.retries import is_used_up, limit_error
from tasks.states import StepState

if TYPE_CHECKING:
    from tasks.engine.run import Run

S, E = StepState, StepEvent

#: What a skip condition without an outcome for its own step does.
NO_OUTCOME: Final = "skipped, no outcome given"
_UNJUDGED: Final = "cut off before its check conditions were judged"
#: Between the problem with a check condition and the failure of the action that it was to judge.
_HAD_FAILED: Final = "; the action had failed: "


def skips_judged(run: "Run", node: Node, verdict: Verdict, now: datetime) -> None:
    """Not met: the step goes on. Met, or not to be judged: it does not."""
    run.job_over(node)
    if verdict.met or verdict.problem:
        state, error = skip_outcome(run, node, verdict, now)
        if is_used_up(node.step):
            ended(run, node, now, E.LIMIT, S.FATAL_ERROR, error=limit_error(node.step))
        else:
            ended(run, node, now, E.SKIP_FAILED if verdict.problem else E.SKIPPED, state, error=error)
    elif run.is_shutting_down or node.step.given_state:
        give_back(run, node, now)
    else:
        run.proceed(node, now)


def skip_outcome(run: "Run", node: Node, verdict: Verdict, now: datetime) -> tuple[str, str]:
    """Give the other steps what the skip conditions of ``node`` say; the answer is its own new state and error.

    Fixed: without a state of its own it is PRUNE, and RETRY_NOW, which would be judged again at once, is TO_RETRY.
    Source: docs/engine.md, "Conditions".
    """
    state, error = _judged(run, node, verdict, now, "", node.step.error)
    if verdict.problem:
        return S.SERVER_ERROR, verdict.problem
    if not state:
        return S.PRUNE, NO_OUTCOME
    return S.TO_RETRY if state == S.RETRY_NOW else state, error


def hook_ended(run: "Run", node: Node, result: HookResult, now: datetime) -> None:
    """The action follows, as soon as the execution_delay is over too."""
    assert node.trial is not None
    run.job_over(node)
    node.trial.hook = result
    if run.is_shutting_down:
        give_back(run, node, now)
    elif node.delay is None:
        run.call_action(node)


def delay_over(run: "Run", event: DelayOver, now: datetime) -> None:
    """The action follows, as soon as the pre_hook has ended too."""
    if not 0 < event.serial <= run.resolution.last_serial:
        raise EventMisfit(f"no delay {event.serial} was begun")
    node = run.network.nodes.get(event.step)
    if node is None or node.delay != event.serial:
        return
    run.delay_over(node)
    if node.step.due_at is not None:
        run.resolution.change(node, now, E.STARTED, S.RUNNING, due_at=None)
    if node.job is None:
        run.call_action(node)


def try_ended(run: "Run", node: Node, attempt: Attempt, now: datetime) -> None:
    """Take a result in; check conditions come next, where there are any for it."""
    assert node.trial is not None
    run.release(node)
    if attempt.state == S.TODO:
        give_back(run, node, now)
        return
    run.record.effects(node.name, attempt.effects)
    _lay_over_tags(run, attempt.tags, now)
    for note in attempt.notes:
        run.record.note(node.name, "note", attempt.state, now, note)
    changes = _result_of(node, attempt, now)
    if attempt.state not in CHECKED or not node.plan.checks:
        ended(run, node, now, E.ENDED, attempt.state, waits_for=attempt.waits_for, **changes)
        return
    # The result is kept at once; should the run be cut off now, only the conditions are judged again.
    run.resolution.change(node, now, E.ENDED, S.RUNNING, prior_state=attempt.state, **changes)
    _judge_checks(run, node, attempt.function_args)


def judge_again(run: "Run", node: Node, now: datetime) -> None:
    """AFTERRUN_ERROR: the action is not called again, the check conditions are judged from the state that it gave.

    Fixed: the original forgets that state. Source: docs/engine.md, "Conditions".
    """
    if node.plan.checks:
        _judge_checks(run, node, None)
    else:
        prior = node.step.prior_state or S.DONE
        ended(run, node, now, E.JUDGED, prior, error="" if prior == S.DONE else node.step.error)


def checks_judged(run: "Run", node: Node, verdict: Verdict, now: datetime) -> None:
    """The conditions have their say on what the action gave."""
    run.job_over(node)
    prior = node.step.prior_state or S.DONE
    failure = _action_error(node, prior)
    state, error = _judged(run, node, verdict, now, prior, failure)
    if verdict.problem:
        error = _told(verdict.problem, failure)
        ended(run, node, now, E.CHECK_FAILED, S.AFTERRUN_ERROR, error=error, prior_state=prior)
    else:
        given = any(change.step == node.name for change in verdict.changes)
        ended(run, node, now, E.JUDGED if given or node.trial is None else E.ENDED, state, error=error)


def ended(
    run: "Run", node: Node, now: datetime, event: StepEvent, state: str, *, waits_for: str = "", **changes: Any
) -> None:
    """The step is through for this run, in ``state``, or in the one it was given meanwhile."""
    trial, given, before = node.trial, node.step.given_state, node.state
    changes.setdefault("prior_state", "")
    changes.setdefault("due_at", None)
    run.resolution.change(
        node,
        now,
        event,
        state,
        attempt=changes.get("try_count", node.step.try_count) or None,
        duration=None if trial is None or before != S.RUNNING else now - trial.started_at,
        detail=changes.get("error", ""),
        waits_for=waits_for,
        given_state="",
        **changes,
    )
    node.spent = True
    node.trial = None
    if given:
        message, node.given_error = node.given_error or "", None
        error = message if message or is_final(given) else node.step.error
        run.resolution.change(node, now, E.GIVEN, given, error=error, prior_state="", due_at=None, detail=message)
    if node.state == S.RETRY_NOW:
        run.fresh[node] = None


def give_back(run: "Run", node: Node, now: datetime) -> None:
    """Nothing of it has begun: as before the try, or in the state that it was given meanwhile."""
    run.release(node)
    ended(run, node, now, E.NOT_STARTED, S.TODO)
    if node.state == S.TODO:
        node.spent = False


def cut_off(run: "Run", node: Node, now: datetime, *, began: bool) -> None:
    """The grace time is over. ``began``: the job that was awaited was begun by a hand."""
    job = node.job
    run.release(node)
    kind = None if job is None else job.kind
    match kind:
        case JobKind.LIST:
            return
        case JobKind.CHECK:
            prior, failure = node.step.prior_state, _action_error(node, node.step.prior_state)
            ended(run, node, now, E.CHECK_FAILED, S.AFTERRUN_ERROR, error=_told(_UNJUDGED, failure), prior_state=prior)
        case JobKind.ACTION | JobKind.PRE_HOOK if began and job is not None and not job.pure:
            node.trial = None  # stays RUNNING: whoever goes on with it decides
        case _:
            give_back(run, node, now)


def _judged(run: "Run", node: Node, verdict: Verdict, now: datetime, state: str, error: str) -> tuple[str, str]:
    """Give other steps their states, in order; the answer is the last that the step gives itself, else as it was."""
    for change in verdict.changes:
        if change.step == node.name:
            state, error = change.state, error_after(error, change.state, change.message)
        else:
            run.give(change, now)
    return state, error


def _told(problem: str, failure: str) -> str:
    return f"{problem}{_HAD_FAILED}{failure}" if failure else problem


def _action_error(node: Node, prior: str) -> str:
    """What the action had failed with, whatever the conditions said since."""
    if prior == S.DONE:
        return ""
    return node.step.error if node.trial is not None else node.step.error.partition(_HAD_FAILED)[2]


def _judge_checks(run: "Run", node: Node, function_args: tuple[Any, ...] | None) -> None:
    """Conditions see the step as its action left it."""
    seen = replace(node.step, state=node.step.prior_state or S.DONE)
    run.order(
        node,
        JobKind.CHECK,
        slow=node.plan.slow_checks,
        values=run.resolution.values().with_step(seen),
        before=seen,
        function_args=function_args,
    )


def _result_of(node: Node, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """The values that a result changes in its step."""
    assert node.trial is not None
    # Fixed: a look that finds the step still waiting uses up no try.
    counted = attempt.counted and not (attempt.state == node.trial.before == S.WAITING)
    node.counted = node.counted or counted
    changes: dict[str, Any] = {
        "error": attempt.error,
        "try_count": node.step.try_count + counted,
        "last_run": now,
        "due_at": attempt.look_again_at if attempt.state == S.WAITING else None,
    }
    if attempt.replaces:
        changes |= {"output": attempt.output, "metadata": attempt.metadata, "tags": attempt.tags}
    if attempt.configuration is not None:
        changes["configuration"] = attempt.configuration
    return changes


def _lay_over_tags(run: "Run", tags: Mapping[str, str], now: datetime) -> None:
    """An action's tags replace the task's; an empty value deletes one."""
    if tags:
        merged = {**run.resolution.task.tags, **tags}
        run.record.move_task("", now, tags={key: value for key, value in merged.items() if value})
