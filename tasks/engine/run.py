"""One run of a resolution: from its start to the moment when nothing is under way any more and nothing can be started.

Every event changes steps; what changed prunes, and lets others start; when nothing is awaited, the run ends.
Here: the events, what follows from a change, and how a step is started. What comes of a step's jobs is in
``results.py``, loops are in ``loops.py``, the end in ``ending.py``. Source: docs/engine.md, "One run".
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tasks.engine import ending, loops, results
from tasks.engine.conditions import error_after
from tasks.engine.errors import EventMisfit
from tasks.engine.events import DelayOver, Event, GraceOver, JobEnded, RunStarted, ShutdownBegan
from tasks.engine.jobs import Attempt, HookResult, Job, JobKind, JobOutcome, Listed, Rendered, StateChange, Verdict
from tasks.engine.lifecycle import BLOCKING, RETRIABLE, RUNNABLE, StepEvent, is_final
from tasks.engine.network import Node, Trial, by_rank
from tasks.engine.orders import ComeBackAt, Order, RunJob
from tasks.engine.plans import may_take_long
from tasks.engine.readable import wrong_text
from tasks.engine.retries import is_used_up, limit_error
from tasks.states import ResolutionState, StepState, TaskState

if TYPE_CHECKING:
    from tasks.engine.resolution import Resolution

S, E = StepState, StepEvent

_OUTCOME_OF: Final[Mapping[JobKind, tuple[type, ...]]] = {
    JobKind.TITLE: (Rendered,),
    JobKind.SKIP: (Verdict,),
    JobKind.LIST: (Listed,),
    JobKind.PRE_HOOK: (HookResult, Attempt),
    JobKind.ACTION: (Attempt,),
    JobKind.CHECK: (Verdict,),
    JobKind.RESULT: (Rendered,),
}


class Run:
    """What lasts as long as one run. Made by ``RunStarted``, gone when ``is_over``."""

    def __init__(self, resolution: "Resolution", started: RunStarted, now: datetime) -> None:
        self.resolution = resolution
        self.network = resolution.network
        self.record = resolution.record
        self.manual = started.manual
        self.woken = started.woken
        self.started_at = now
        self.is_over = False
        self.is_shutting_down = False
        self.grace_is_over = False
        self.looked_again = False
        #: How many steps are busy.
        self.pending = 0
        #: Jobs of the whole resolution, not of a step.
        self.title_job: Job | None = None
        self.result_job: Job | None = None
        #: Steps to be looked at although nothing that they wait for has changed.
        self.fresh: dict[Node, None] = {}
        self.orders: list[Order] = []

    # --- events -------------------------------------------------------------------------------------------------------

    def begin(self, now: datetime) -> list[Order]:
        """The resolution is RUNNING, and everything that can start does."""
        for node in self.network.nodes.values():
            node.forget_run()
        self.record.move_resolution(
            "run started",
            now,
            state=ResolutionState.RUNNING,
            run_count=self.resolution.fields.run_count + 1,
            last_start=now,
            next_retry=None,
            woken=False,
            waiting="",
        )
        self.record.move_task("run started", now, state=TaskState.RUNNING)
        self._render_title()
        self._prune_from_the_start(now)
        self.fresh = dict.fromkeys(self.network.nodes.values())
        return self._go_on(now)

    def take(self, event: Event, now: datetime) -> list[Order]:
        """Take in what happened during the run. Raises EventMisfit, having changed nothing."""
        match event:
            case JobEnded():
                self._job_ended(event, now)
            case DelayOver():
                results.delay_over(self, event, now)
            case ShutdownBegan():
                self.is_shutting_down = True
                for node in list(self._busy()):
                    if node.job is None:
                        results.give_back(self, node, now)
            case GraceOver():
                self._cut_off(event.unstarted, now)
            case _:
                raise EventMisfit(f"{type(event).__name__} does not fit a run")
        return self._go_on(now)

    def _job_ended(self, event: JobEnded, now: datetime) -> None:
        if not 0 < event.serial <= self.resolution.last_serial:
            raise EventMisfit(f"no job {event.serial} was given out")
        node = self.network.nodes.get(event.step)
        candidates = (self.title_job, self.result_job, None if node is None else node.job)
        job = next((job for job in candidates if job is not None and job.serial == event.serial), None)
        if job is None:
            self.record.note(event.step, "late result", "" if node is None else node.state, now)
            return
        if not isinstance(event.outcome, _OUTCOME_OF[job.kind]):
            raise EventMisfit(f"job {event.serial} is {job.kind}, not {type(event.outcome).__name__}")
        if isinstance(event.outcome, Rendered):
            self._task_text_rendered(job, event.outcome, now)
        elif node is not None:
            self._step_job_ended(node, job, event.outcome, now)

    def _task_text_rendered(self, job: Job, outcome: Rendered, now: datetime) -> None:
        if job is self.result_job:
            self.result_job = None
            ending.result_rendered(self, outcome, now)
            return
        self.title_job = None
        if problem := outcome.problem or wrong_text(str(outcome.value)):
            self.record.note("", "title not rendered", "", now, problem)
        else:
            self.record.move_task("", now, title=outcome.value)

    def _step_job_ended(self, node: Node, job: Job, outcome: JobOutcome, now: datetime) -> None:
        match job.kind, outcome:
            case JobKind.SKIP, Verdict():
                results.skips_judged(self, node, outcome, now)
            case JobKind.CHECK, Verdict():
                results.checks_judged(self, node, outcome, now)
            case _, Listed():
                loops.listed(self, node, outcome, now)
            case _, HookResult():
                results.hook_ended(self, node, outcome, now)
            case _, Attempt():
                results.try_ended(self, node, outcome, now)

    def _cut_off(self, unstarted: frozenset[int], now: datetime) -> None:
        """The end of the grace time: nothing is awaited any more."""
        self.is_shutting_down = self.grace_is_over = True
        for node in list(self._busy()):
            results.cut_off(self, node, now, began=node.job is not None and node.job.serial not in unstarted)
        self.title_job = self.result_job = None

    def _busy(self) -> Iterator[Node]:
        return (node for node in self.network.nodes.values() if node.is_busy)

    # --- what follows from a change -----------------------------------------------------------------------------------

    def _go_on(self, now: datetime) -> list[Order]:
        self.propagate(now)
        while not self.is_over and not self.is_awaiting:
            ending.end(self, now)
        orders, self.orders = self.orders, []
        return orders

    @property
    def is_awaiting(self) -> bool:
        """Whether anything is still to come."""
        return self.pending > 0 or self.title_job is not None or self.result_job is not None

    def propagate(self, now: datetime) -> None:
        """Prune, and start what can start, until nothing changes any more."""
        while True:
            touched = self._pruned(now)
            candidates, self.fresh = self.fresh, {}
            for node in touched:
                for edge in node.waited_by:
                    candidates[edge.waiter] = None
                if node.loop is not None:
                    candidates[node.loop] = None
                elif node.children:
                    candidates[node] = None
            if not candidates:
                return
            ready = sorted((node for node in candidates if self._may_start(node)), key=by_rank)
            at_once = [node for node in ready if _ends_at_once(node)]
            for node in at_once or ready:
                if self._may_start(node):  # an earlier one of this pass may have changed it
                    self._start(node, now)
            if at_once:  # what they prune does not start
                self.fresh |= candidates

    def _pruned(self, now: datetime) -> dict[Node, bool]:
        """Prune behind every step whose state changed; the answer is all that was touched on the way."""
        touched = self.network.take_touched()
        pending = touched
        while pending:
            for node, moved in pending.items():
                if moved and node.is_done_with:
                    for edge in node.waited_by:
                        if not edge.any and not edge.met:
                            self.prune(edge.waiter, now)
            pending = self.network.take_touched()
            touched = {**touched, **pending} if pending else touched
        return touched

    def _prune_from_the_start(self, now: datetime) -> None:
        """What an operator finished by hand prunes too. Fixed: the original leaves a deadlock.

        Source: docs/engine.md, "Pruning".
        """
        for node in list(self.network.nodes.values()):
            if node.children and is_final(node.state):
                loops.prune_unstarted(self, node, now)
            if node.is_done_with:
                for edge in node.waited_by:
                    if not edge.any and not edge.met and edge.waiter.state == S.TODO:
                        self.prune(edge.waiter, now)

    def prune(self, node: Node, now: datetime) -> None:
        """One step becomes PRUNE, whatever it was; a busy one when its result comes."""
        if node.state == S.PRUNE:
            return
        if node.is_busy and not node.is_loop:
            self._remember(node, S.PRUNE, now, None)
            return
        self._drop_list(node)
        self.resolution.change(node, now, E.PRUNED, S.PRUNE, prior_state="", due_at=None)
        loops.prune_unstarted(self, node, now)

    def give(self, change: StateChange, now: datetime) -> None:
        """A condition gives a state to a step other than the one it belongs to; an unknown name is ignored.

        Source: docs/engine.md, "Conditions".
        """
        node = self.network.nodes.get(change.step)
        if node is None:
            return
        if node.is_busy and not node.is_loop:
            self._remember(node, change.state, now, change.message)
            return
        self._drop_list(node)
        error = error_after(node.step.error, change.state, change.message)
        self.resolution.change(
            node, now, E.GIVEN, change.state, error=error, prior_state="", due_at=None, detail=change.message
        )
        if node.children:
            loops.stopped(self, node, now)
        elif change.state == S.RETRY_NOW and node.spent:
            self.fresh[node] = None

    def _remember(self, node: Node, state: str, now: datetime, message: str | None) -> None:
        """A state given to a busy step counts when its result comes. Fixed: the original loses it."""
        node.given_error = message
        if node.step.given_state != state:
            self.resolution.change(node, now, E.GIVEN, node.state, given_state=state)

    def _drop_list(self, node: Node) -> None:
        if node.is_busy:  # a loop whose list is being rendered
            self.release(node)
            node.spent = True

    # --- starting -----------------------------------------------------------------------------------------------------

    def _may_start(self, node: Node) -> bool:
        if node.is_busy or (self.is_shutting_down and not loops.is_complete(node)):
            return False
        if node.is_expanded:
            return loops.may_go_on(self, node)
        return (
            node.unmet == 0
            and (not node.spent or node.state == S.RETRY_NOW)
            and node.state in RUNNABLE
            and (node.loop is None or node.loop.state == S.EXPANDED or is_final(node.loop.state))
            and self.is_due(node)
        )

    def is_due(self, node: Node) -> bool:
        """Whether this run may try a step. A run by hand tries all. Source: docs/engine.md, "Retry delays"."""
        if self.manual:
            return True
        state, due_at = node.state, node.step.due_at
        if state in BLOCKING:
            return False
        if self.woken is not None and node.name in self.woken:
            return True
        if state in RETRIABLE:
            return due_at is None or due_at <= self.started_at
        if state == S.WAITING and self.woken is not None:
            return due_at is not None and due_at <= self.started_at
        return True

    def _start(self, node: Node, now: datetime) -> None:
        if node.is_expanded:
            loops.go_on(self, node, now)
        elif node.is_loop:
            loops.begin(self, node, now)
        elif node.state == S.AFTERRUN_ERROR:
            results.judge_again(self, node, now)
        else:
            before = node.state
            self.resolution.change(
                node, now, E.STARTED, S.RUNNING, attempt=node.step.try_count + 1, prior_state="", due_at=None
            )
            node.trial = Trial(self.resolution.values(), now, before)
            if node.plan.skips:
                self.order(node, JobKind.SKIP, slow=node.plan.slow_skips)
            else:
                self.proceed(node, now)

    def proceed(self, node: Node, now: datetime) -> None:
        """No skip condition is met: the step is really tried. Source: docs/engine.md, "One try"."""
        assert node.trial is not None
        if is_used_up(node.step):
            results.ended(self, node, now, E.LIMIT, S.FATAL_ERROR, error=limit_error(node.step))
            return
        definition = node.plan.definition
        if node.plan.pre_hook is not None:
            pure = node.plan.pre_hook.real.type in self.resolution.installation.pure_actions
            self.order(node, JobKind.PRE_HOOK, pure=pure, slow=node.plan.slow_hook)
        if definition.execution_delay:
            self._hold(node)
            node.delay = self.resolution.next_serial()
            due_at = now + definition.execution_delay
            if node.plan.pre_hook is None:  # nothing of it has begun before that moment
                self.resolution.change(node, now, E.STARTED, S.RUNNING, due_at=due_at)
            self.orders.append(ComeBackAt(due_at, DelayOver(node.delay, node.name)))
        if not node.is_busy:
            self.call_action(node)

    def call_action(self, node: Node) -> None:
        assert node.trial is not None
        hook = node.trial.hook
        self.order(
            node,
            JobKind.ACTION,
            pure=node.plan.chain.real.type in self.resolution.installation.pure_actions,
            slow=node.plan.slow_call,
            pre_hook=None if hook is None else {"output": hook.output, "metadata": hook.metadata},
        )

    def order(self, node: Node, kind: JobKind, **rest: Any) -> None:
        """Give out a job of a step, and await it."""
        trial = node.trial
        rest.setdefault("values", self.resolution.values() if trial is None else trial.values)
        rest.setdefault("before", node.step)
        if trial is not None:
            rest["cache"] = trial.cache
        self._hold(node)
        node.job = Job(self.resolution.next_serial(), kind, node.name, plan=node.plan, **rest)
        self.orders.append(RunJob(node.job))

    def _hold(self, node: Node) -> None:
        if not node.is_busy:
            self.pending += 1
            if node.loop is not None:
                node.loop.busy_children += 1

    def job_over(self, node: Node) -> None:
        """The awaited job has ended."""
        node.job = None
        self._let_go(node)

    def delay_over(self, node: Node) -> None:
        """The awaited delay has ended."""
        node.delay = None
        self._let_go(node)

    def release(self, node: Node) -> None:
        """Nothing is awaited for this step any more."""
        if node.is_busy:
            node.job = node.delay = None
            self._let_go(node)

    def _let_go(self, node: Node) -> None:
        if node.is_busy:
            return
        self.pending -= 1
        if node.loop is not None:
            node.loop.busy_children -= 1
            self.fresh[node.loop] = None

    def _render_title(self) -> None:
        """Only ``.task`` can have changed since the title was last made, when the task was created or edited."""
        text = self.resolution.definition.title_format
        if "task" not in text and "eval" not in text:
            return
        slow = may_take_long([text], self.resolution.definition)
        self.title_job = Job(
            self.resolution.next_serial(), JobKind.TITLE, "", self.resolution.values(), slow=slow, text=text
        )
        self.orders.append(RunJob(self.title_job))


def _ends_at_once(node: Node) -> bool:
    """Whether starting it ends it: a loop to be collected, a result without conditions to be judged."""
    return node.is_expanded or (node.state == S.AFTERRUN_ERROR and not node.is_loop and not node.plan.checks)
