"""The end of a run: what the steps that are left make of the resolution and the task, and when it is run again.

Source: docs/engine.md, "The end of a run".
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tasks.engine.configuration import texts_in
from tasks.engine.jobs import Job, JobKind, Rendered
from tasks.engine.lifecycle import RETRIABLE, TASK_STATE_AFTER, StepEvent
from tasks.engine.orders import RunEnded, RunJob
from tasks.engine.outcome import ASKED_BY, CUT_OFF, outcome
from tasks.engine.plans import may_take_long
from tasks.engine.retries import delay_of
from tasks.engine.waiting import why_resolution_waits
from tasks.states import ResolutionState, StepState

if TYPE_CHECKING:
    from tasks.engine.run import Run

S, R = StepState, ResolutionState

#: What they wait for wakes them, during a run too; there is nothing to be found by looking a second time.
_NOT_LOOKED_AT_AGAIN: Final = frozenset({"batch", "callback", "subtask"})


def end(run: "Run", now: datetime) -> None:
    """Nothing is awaited any more: look again at what waits, render the result, or end the run."""
    state = outcome(run.network.states(), shutdown=run.is_shutting_down)
    if state == R.WAITING and not run.looked_again and not run.is_shutting_down:
        run.looked_again = True
        _look_again(run, now)
    elif state != R.DONE or run.resolution.definition.result_format is None:
        end_as(run, state, now)
    elif run.grace_is_over:
        end_as(run, R.CRASHED, now)
    else:
        _render_result(run)


def result_rendered(run: "Run", rendered: Rendered, now: datetime) -> None:
    """A result that cannot be rendered leaves the task DONE, without one and with the reason."""
    run.record.move_task("", now, result=rendered.value, result_error=rendered.problem)
    if rendered.problem:
        run.record.note("", "result not rendered", "", now, rendered.problem)
    end_as(run, R.DONE, now)


def end_as(run: "Run", state: ResolutionState, now: datetime) -> None:
    """The run is over, in this state unless the runs are used up."""
    fields = run.resolution.fields
    if state in (R.ERROR, R.CRASHED) and fields.run_count >= fields.run_max:
        state = R.BLOCKED_MAXRETRIES
    come_back_at = _come_back_at(run, state, now)
    asking = [node.name for node in run.network.in_state(*_asking(run, state))]
    run.record.move_resolution(
        "run ended",
        now,
        state=state,
        last_stop=now,
        next_retry=come_back_at,
        waiting=why_resolution_waits(state, come_back_at, asking),
    )
    run.record.move_task("run ended", now, state=TASK_STATE_AFTER[state])
    run.orders.append(RunEnded(state, come_back_at))
    run.is_over = True


def _look_again(run: "Run", now: datetime) -> None:
    """What a step waits for may have happened while the run went on: once in a run all are tried a second time."""
    for node in run.network.in_state(S.WAITING):
        if node.plan.chain.real.type not in _NOT_LOOKED_AT_AGAIN and node.spent:
            node.spent = False
            run.fresh[node] = None
    run.propagate(now)


def _render_result(run: "Run") -> None:
    definition = run.resolution.definition
    run.result_job = Job(
        run.resolution.next_serial(),
        JobKind.RESULT,
        "",
        run.resolution.values(),
        slow=may_take_long(texts_in(definition.result_format), definition),
        text=definition.result_format,
    )
    run.orders.append(RunJob(run.result_job))


def _come_back_at(run: "Run", state: ResolutionState, now: datetime) -> datetime | None:
    """When the resolution is to be run again by itself; also gives each step that is to be retried its due time."""
    match state:
        case R.ERROR:
            due = _schedule(run, now)
            return now if run.resolution.fields.woken else min([*due, *_looks(run)])
        case R.WAITING:
            return now if run.resolution.fields.woken else min(_looks(run), default=None)
        case R.CRASHED:
            return now
    for node in run.network.in_state(*RETRIABLE):
        if node.step.due_at is not None:  # whenever a human lets it go on
            run.resolution.change(node, now, StepEvent.ENDED, node.state, due_at=None)
    return None


def _schedule(run: "Run", now: datetime) -> list[datetime]:
    """Give each step that is to be retried its due time; one that this run left alone keeps its own.

    Fixed: the original lets the shortest delay of any step decide for all. Source: docs/engine.md, "Retry delays".
    """
    left = run.network.in_state(*RETRIABLE)
    # What still waits for another step has no time of its own: it goes as soon as that one is through.
    reachable = [node for node in left if node.unmet == 0] or left
    moments = []
    for node in reachable:
        due_at = node.step.due_at
        if due_at is None or run.is_due(node):
            step = replace(node.step, rounds=node.step.rounds + (not node.counted))
            due_at = now + delay_of(step, node.plan.definition.retry_pattern)
            run.resolution.change(node, now, StepEvent.ENDED, node.state, due_at=due_at, rounds=step.rounds)
        moments.append(due_at)
    return moments


def _looks(run: "Run") -> list[datetime]:
    """When actions that wait asked to be looked at again."""
    return [node.step.due_at for node in run.network.in_state(S.WAITING) if node.step.due_at is not None]


def _asking(run: "Run", state: ResolutionState) -> list[str]:
    """The states of the steps that brought the resolution there."""
    if state == R.BLOCKED_MAXRETRIES:
        return [each for states, _ in ASKED_BY for each in states]
    if state == R.CRASHED:
        return list(CUT_OFF)
    return [each for states, asked in ASKED_BY if asked == state for each in states]
