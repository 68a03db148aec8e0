"""A whole task without clock, database or actions: each answer is scripted, time jumps to the next thing due.

The same ``advance`` and ``tries`` as in production, in the deterministic order that ``RunJob`` names: first come, first
served. Start at ``simulate``. Source: docs/engine.md, "Simulation".
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from tasks.engine import tries
from tasks.engine.definition import TemplateDefinition
from tasks.engine.events import DelayOver, Event, RunStarted, Woken
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.jobs import Answer, Call, Failure, Job, JobKind
from tasks.engine.lifecycle import DEFAULT_RUN_MAX
from tasks.engine.orders import ComeBackAt, Move, Order, RunEnded, RunJob
from tasks.engine.resolution import Resolution, advance
from tasks.engine.steps import Step
from tasks.states import ResolutionState

#: What a step answers: one answer for all its tries; one for each try, the last for all that follow; or a function.
Scripted = Answer | Sequence[Answer] | Callable[[Call], Answer]

#: A moment for those who do not care.
EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)


class NeverEnds(Exception):
    """The simulated task did more than it was allowed to."""


def echo(call: Call) -> Answer:
    """What a step answers that is not in the script: as the action ``echo`` would; any other succeeds, with nothing."""
    configuration = call.configuration if isinstance(call.configuration, Mapping) else {}
    if call.action != "echo":
        return Answer()
    message = str(configuration.get("error_message") or "")
    failure = Failure.CLIENT if configuration.get("error_type") == "client" else Failure.SERVER
    return Answer(
        output=configuration.get("output"),
        metadata=configuration.get("metadata"),
        failure=failure if message else None,
        error=message,
    )


class Simulation:
    """One simulated task. ``timeline`` has every move so far, ``resolution`` its present values.

    ``steps`` and ``fields``: where it begins; left out: at the beginning.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        script: Mapping[str, Scripted] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        resolver_inputs: Mapping[str, Any] | None = None,
        installation: Installation | None = None,
        steps: Iterable[Step] = (),
        fields: ResolutionFields | None = None,
        now: datetime = EPOCH,
        max_jobs: int = 1_000_000,
    ) -> None:
        self.now = now
        self.timeline: list[Move] = []
        self._script = script or {}
        self._tries: dict[str, int] = {}
        self._jobs_left = max_jobs
        self._queue: deque[Job] = deque()
        self._timers: list[tuple[datetime, int, DelayOver]] = []
        self._order_of_timers = count()
        self._ended: list[RunEnded] = []
        run_max = DEFAULT_RUN_MAX if definition.retry_max is None else definition.retry_max
        self.resolution = Resolution(
            definition,
            facts=TaskFacts("task", now, now, "requester", resolution_id="resolution", resolver_username="resolver"),
            inputs=inputs or {},
            resolver_inputs=resolver_inputs or {},
            task=TaskFields(steps_total=len(definition.steps)),
            fields=fields or ResolutionFields(run_max=run_max),
            steps=steps,
            installation=installation or Installation(),
        )

    @property
    def states(self) -> dict[str, str]:
        """State by step, in order of writing."""
        return {step.name: str(step.state) for step in self.resolution.steps()}

    @property
    def state(self) -> ResolutionState:
        return ResolutionState(self.resolution.fields.state)

    def step(self, name: str) -> Step:
        return self.resolution.step(name)

    def run(self, *, manual: bool = False, woken: frozenset[str] | None = None) -> RunEnded:
        """One run, to its end. Raises EventMisfit where none can begin, NeverEnds."""
        self._ended.clear()
        self._take(RunStarted(manual=manual, woken=woken))
        while not self._ended:
            if self._queue:
                self._do(self._queue.popleft())
            else:
                moment, _, event = heapq.heappop(self._timers)
                self.now = max(self.now, moment)
                self._take(event)
        self._timers.clear()
        return self._ended[0]

    def run_to_rest(self, max_runs: int = 1_000) -> "Simulation":
        """Automatic runs, each when it is due, until none is planned any more. Raises NeverEnds."""
        for _ in range(max_runs):
            ended = self.run()
            if ended.come_back_at is None:
                return self
            self.now = max(self.now, ended.come_back_at)
        raise NeverEnds(f"more than {max_runs} runs")

    def wake(self) -> None:
        """What a step waits for has happened."""
        self._take(Woken())

    def _do(self, job: Job) -> None:
        self._jobs_left -= 1
        if self._jobs_left < 0:
            raise NeverEnds("too many tries")
        if not job.calls:
            self._take(tries.evaluate(job))
            return
        call = tries.prepare(job)
        self._take(tries.finish(job, call, self._answer(job, call)) if isinstance(call, Call) else call)

    def _answer(self, job: Job, call: Call) -> Answer:
        key = f"{job.step}:pre_hook" if job.kind is JobKind.PRE_HOOK else job.step
        scripted = self._script.get(key, echo)
        if callable(scripted):
            return scripted(call)
        if isinstance(scripted, Answer):
            return scripted
        done = self._tries.get(key, 0)
        self._tries[key] = done + 1
        return scripted[min(done, len(scripted) - 1)]

    def _take(self, event: Event) -> None:
        orders = advance(self.resolution, event, self.now)
        self.timeline.extend(self.resolution.take_changes().journal)
        for order in orders:
            self._obey(order)

    def _obey(self, order: Order) -> None:
        match order:
            case RunJob():
                self._queue.append(order.job)
            case ComeBackAt():
                heapq.heappush(self._timers, (order.moment, next(self._order_of_timers), order.event))
            case RunEnded():
                self._ended.append(order)


def simulate(
    definition: TemplateDefinition,
    script: Mapping[str, Scripted] | None = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    resolver_inputs: Mapping[str, Any] | None = None,
    installation: Installation | None = None,
    max_runs: int = 1_000,
    max_jobs: int = 1_000_000,
) -> Simulation:
    """Run a task by itself until nothing is planned any more: every automatic run, each at its time.

    ``script``: the answers by step (a child of a loop: ``loop-0``; a pre_hook: ``step:pre_hook``); a step that is not
    there answers as ``echo``. ``inputs`` as stored, defaults included. Raises NeverEnds.
    Source: docs/engine.md, "Simulation".
    """
    simulation = Simulation(
        definition,
        script,
        inputs=inputs,
        resolver_inputs=resolver_inputs,
        installation=installation,
        max_jobs=max_jobs,
    )
    return simulation.run_to_rest(max_runs)
