"""Random graphs, random results in random order, random crashes: what holds for all of them.

A machine plays the runner: it keeps rows, commits when an order wants it or by chance, does jobs in any order, and
loses everything that was not committed when it is killed.
"""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine import simulate, tries
from tasks.engine.errors import EventMisfit
from tasks.engine.events import GraceOver, JobEnded, RunStarted, ShutdownBegan, Woken
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.jobs import Answer, Attempt, Call, Failure, JobKind
from tasks.engine.lifecycle import RUNNABLE, is_final, may_set_by_hand
from tasks.engine.network import Trial
from tasks.engine.orders import ComeBackAt, RunEnded, RunJob
from tasks.engine.resolution import Resolution, advance
from tasks.engine.simulation import EPOCH, NeverEnds, Simulation, echo
from tasks.engine.steps import Step
from tasks.states import ResolutionState as R
from tasks.states import StepState
from tests.engine.random_graphs import CUSTOM_STATES, defined, random_document
from tests.examples import examples

_FAILURES = (None, None, None, None, Failure.CLIENT, Failure.SERVER, Failure.NOT_READY, Failure.TO_RETRY)

#: Jobs that may be the first of a try.
_STARTING = (JobKind.SKIP, JobKind.PRE_HOOK, JobKind.ACTION, JobKind.LIST)

seeds = st.integers(0, 2**32)


@dataclass
class Rows:
    """What the database holds: exactly what changes told it to."""

    task: TaskFields
    resolution: ResolutionFields
    steps: dict[str, Step] = field(default_factory=dict)


class Machine:
    """A runner that may be killed, and that checks every rule it can after every event."""

    confluent = False

    def __init__(self, seed: int, crashes: int) -> None:
        self.random = Random(seed)
        self.definition = defined(
            random_document(self.random, self.random.choice((3, 8, 20, 40)), confluent=self.confluent)
        )
        retry_max = self.definition.retry_max or 0
        self.rows = Rows(TaskFields(), ResolutionFields(run_max=retry_max))
        self.now: datetime = EPOCH
        self.crashes_left = crashes
        #: Calls with an effect outside that have begun, and whose result no row has.
        self.begun: set[str] = set()
        self.with_result: set[str] = set()
        #: Steps that were started in the present run.
        self.started: set[str] = set()
        self.trials: dict[str, Trial | None] = {}
        self.resolution: Resolution
        self.waiting: list[object] = []
        self.ended: RunEnded | None = None
        self.rebuild()

    def rebuild(self) -> None:
        """A new process: all it knows is in the rows."""
        self.resolution = Resolution(
            self.definition,
            facts=TaskFacts("task", EPOCH, EPOCH, "me"),
            inputs={},
            resolver_inputs={},
            task=self.rows.task,
            fields=self.rows.resolution,
            steps=self.rows.steps.values(),
            installation=Installation(),
        )
        self.waiting = []
        self.with_result = set()

    def play(self, most_events: int = 4_000) -> None:
        """Runs until nothing is planned any more; then a human runs it by hand, a few times."""
        by_hand_left, by_hand, recovered = 3, False, False
        for _ in range(200):
            self.ended = None
            self.started.clear()
            self.take(RunStarted(manual=by_hand, recovered=recovered))
            by_hand, recovered = False, False
            while self.ended is None and not recovered:
                most_events -= 1
                assert most_events > 0, "it does not end"
                if self.crashes_left and self.random.random() < 0.05:
                    self.crashes_left -= 1
                    recovered = self.rows.resolution.state == R.RUNNING
                    self.rebuild()
                    if not recovered:
                        break
                else:
                    self.do_something()
            if self.ended is not None:
                self.commit()
                self.waiting.clear()
                if self.ended.come_back_at is not None:
                    self.now = max(self.now, self.ended.come_back_at)
                elif self.ended.state == R.DONE or not by_hand_left:
                    return
                else:
                    by_hand_left, by_hand = by_hand_left - 1, True
                    self.edit_states()
                    self.begun.clear()  # the human has seen to it
        raise AssertionError("it never comes to rest")

    def edit_states(self) -> None:
        """An operator gives some steps other states, as far as the table lets him."""
        for step in self.resolution.steps():
            state = self.random.choice((*StepState, *CUSTOM_STATES))
            if self.random.random() < 0.15 and may_set_by_hand(state, CUSTOM_STATES):
                waiting = "" if is_final(state) else "set by hand"
                self.rows.steps[step.name] = replace(step, state=state, waiting=waiting)
        self.rows.resolution = replace(self.rows.resolution, state=R.PAUSED, waiting="paused")
        self.rebuild()
        self.rows.task = replace(self.rows.task, steps_done=self.resolution.network.done_count)
        self.rebuild()

    def do_something(self) -> None:
        chance = self.random.random()
        if chance < 0.3:
            self.commit()
        elif chance < 0.32:
            self.take(Woken())
        elif chance < 0.33:
            self.shut_down()
        if self.ended is None:
            self.do_a_job()

    def shut_down(self) -> None:
        """Nothing new starts; perhaps the grace time ends before all results are there."""
        self.take(ShutdownBegan())
        while self.ended is None and self.random.random() < 0.8:
            self.do_a_job()
        if self.ended is None:
            jobs = [order.job for order in self.waiting if isinstance(order, RunJob) and order.job.calls]
            unstarted = [job for job in jobs if self.random.random() < 0.5]
            self.take(GraceOver(frozenset(job.serial for job in unstarted)))
            self.begun -= {job.step for job in unstarted}

    def do_a_job(self) -> None:
        order = self.waiting.pop(self.random.randrange(len(self.waiting)))
        self.now += self.pause()
        if isinstance(order, ComeBackAt):
            self.now = max(self.now, order.moment)
            self.take(order.event)
            return
        assert isinstance(order, RunJob)
        job = order.job
        if not job.calls:
            self.take(tries.evaluate(job))
            return
        call = tries.prepare(job)
        self.with_result.add(job.step)
        self.take(tries.finish(job, call, self.answer(call)) if isinstance(call, Call) else call)

    def pause(self) -> timedelta:
        return timedelta(milliseconds=self.random.randint(0, 2_000))

    def answer(self, call: Call) -> Answer:
        failure = self.random.choice(_FAILURES)
        return Answer(output={"n": self.random.randint(0, 9)}, failure=failure, error="failed" if failure else "")

    def commit(self) -> None:
        changes = self.resolution.take_changes()
        for name in changes.deleted:
            self.rows.steps.pop(name, None)
        self.rows.steps.update(changes.steps)
        self.rows.resolution = replace(self.rows.resolution, **changes.resolution)
        self.rows.task = replace(self.rows.task, **changes.task)
        self.begun -= self.with_result
        self.with_result = set()
        check_rows(self)

    def take(self, event: object) -> None:
        orders = advance(self.resolution, event, self.now)  # type: ignore[arg-type]
        for order in orders:
            if isinstance(order, RunEnded):
                self.ended = order
            else:
                if isinstance(order, RunJob) and order.durable:
                    check_effect(self, order)
                self.waiting.append(order)
        if any(isinstance(order, RunJob) and order.durable for order in orders):
            self.commit()
            for order in orders:
                if isinstance(order, RunJob) and order.durable:
                    self.begun.add(order.job.step)
        check_starts(self, orders)
        check_indexes(self.resolution)
        check_outcome(self)


# --- what must hold


def check_effect(machine: Machine, order: RunJob) -> None:
    """An effect that may have happened is not repeated, unless the step says that this does no harm."""
    plan = order.job.plan
    assert plan is not None
    unknown_end = machine.begun - machine.with_result
    assert plan.definition.idempotent or order.job.step not in unknown_end, f"{order.job.step} is repeated blindly"


def check_starts(machine: Machine, orders: list[object]) -> None:
    """No step runs before its dependencies, and none that was final."""
    for order in orders:
        if isinstance(order, RunEnded) or (isinstance(order, RunJob) and order.job.kind not in _STARTING):
            continue
        name = order.event.step if isinstance(order, ComeBackAt) else order.job.step
        node = machine.resolution.network.nodes[name]
        if node.trial is not None and machine.trials.get(node.name) is node.trial:
            continue  # it goes on with a try that was begun earlier
        machine.trials[node.name] = node.trial
        state = node.state if node.trial is None else node.trial.before
        assert state in RUNNABLE
        if node.name in machine.started and node.loop is None and not node.is_loop:
            assert state in ("RETRY_NOW", "WAITING"), f"{node.name} is tried twice in one run"
        machine.started.add(node.name)
        for edge in node.waits_for:
            others = machine.resolution.network.nodes
            if edge.any:
                assert settled(others, edge.on.name), f"{node.name} started before {edge.on.name} was settled"
            else:
                assert edge.on.state in edge.states
                assert not edge.on.children


def settled(nodes: dict[str, object], name: str) -> bool:
    """The rule of ANY, word for word: final, and so is everything before it, directly or not."""
    seen, pending = set(), [name]
    while pending:
        node = nodes[pending.pop()]
        if node.children or not is_final(node.state):
            return False
        for edge in node.waits_for:
            if edge.on.name not in seen:
                seen.add(edge.on.name)
                pending.append(edge.on.name)
    return True


def check_indexes(resolution: Resolution) -> None:
    """Every counter is what counting anew gives."""
    network = resolution.network
    nodes = network.nodes
    for name, node in nodes.items():
        assert node.step is network.steps.get(name)
        assert node in network.by_state[node.state]
        met = [
            settled(nodes, e.on.name) if e.any else e.on.state in e.states and not e.on.children for e in node.waits_for
        ]
        assert [edge.met for edge in node.waits_for] == met
        assert node.unmet == met.count(False)
        assert node.settled is settled(nodes, name)
        assert node.unfinished_children == sum(not is_final(child.state) for child in node.children)
        assert node.unsettled_children == sum(not child.settled for child in node.children)
        assert node.busy_children == sum(child.is_busy for child in node.children)
        assert all(nodes[child.name] is child for child in node.children)
    assert sum(map(len, network.by_state.values())) == len(nodes)
    assert network.done_count == sum(is_final(node.state) for node in nodes.values() if node.loop is None)
    if resolution.run is not None:
        assert resolution.run.pending == sum(node.is_busy for node in nodes.values())


def check_outcome(machine: Machine) -> None:
    """What a run leaves behind."""
    resolution = machine.resolution
    states = {step.name: step.state for step in resolution.steps()}
    unfinished = {name for name, state in states.items() if not is_final(state)}
    if machine.ended is None:
        return
    assert resolution.run is None
    if resolution.fields.state == R.DONE:
        assert not unfinished
        assert not any(step.loop for step in resolution.steps())
    assert resolution.task.steps_done == resolution.network.done_count
    assert bool(resolution.fields.waiting) is (resolution.fields.state != R.DONE)
    may_come_back = (R.ERROR, R.CRASHED, R.WAITING)
    assert machine.ended.come_back_at is None or resolution.fields.state in may_come_back
    assert machine.ended.come_back_at is not None or resolution.fields.state not in may_come_back[:2]
    if resolution.fields.state != R.BLOCKED_TOCHECK:
        check_pruned(resolution)


def check_pruned(resolution: Resolution) -> None:
    """PRUNE has reached every step that has not started and never can."""
    for node in resolution.network.nodes.values():
        for edge in node.waits_for:
            impossible = not edge.any and edge.on.is_done_with and edge.on.state not in edge.states
            assert not (impossible and node.state == "TODO"), f"{node.name} can never start after {edge.on.name}"


def check_rows(machine: Machine) -> None:
    """The rows are the resolution: a crash right now loses nothing."""
    resolution = machine.resolution
    assert machine.rows.resolution == resolution.fields
    assert machine.rows.task == resolution.task
    stored = machine.rows.steps
    for step in resolution.steps():
        if step.name in stored:
            assert stored[step.name] is step
            assert bool(step.waiting) is not is_final(step.state)
        else:
            untouched = Step(step.name, max_retries=step.max_retries)
            assert all(getattr(step, each.name) == getattr(untouched, each.name) for each in fields(Step))
    assert set(stored) <= set(resolution.network.nodes)


@given(seed=seeds)
@examples(80)
def test_every_task_comes_to_rest_whatever_its_actions_answer_and_in_whatever_order(seed):
    machine = Machine(seed, crashes=0)
    machine.play()
    assert machine.resolution.fields.state in set(R) - {R.RUNNING, R.ERROR, R.CRASHED}


@given(seed=seeds, crashes=st.integers(1, 6))
@examples(80)
def test_a_crash_at_any_moment_loses_nothing_and_repeats_no_effect(seed, crashes):
    machine = Machine(seed, crashes)
    machine.play()
    assert machine.resolution.fields.state in set(R) - {R.RUNNING, R.ERROR, R.CRASHED}


@given(seed=seeds)
@examples(40)
def test_the_same_events_give_the_same_states(seed):
    definition = defined(random_document(Random(seed), most_steps=20))
    try:
        first, second = (simulate(definition, max_jobs=20_000) for _ in range(2))
    except NeverEnds:
        return
    assert first.timeline == second.timeline
    assert first.resolution.steps() == second.resolution.steps()


@given(seed=seeds)
@examples(40)
def test_a_process_that_starts_anew_before_every_run_goes_on_as_one_that_did_not(seed):
    definition = defined(random_document(Random(seed), most_steps=15, confluent=True))
    kept = simulate(definition, max_jobs=20_000)
    fresh = Simulation(definition)
    for _ in range(1_000):
        ended = fresh.run()
        if ended.come_back_at is None:
            break
        fresh = Simulation(
            definition, steps=fresh.resolution.steps(), fields=fresh.resolution.fields, now=ended.come_back_at
        )
    assert (fresh.states, fresh.state) == (kept.states, kept.state)


def test_an_event_that_does_not_fit_changes_nothing():
    machine = Machine(1, crashes=0)
    advance(machine.resolution, RunStarted(), EPOCH)
    machine.commit()
    before = machine.resolution.steps()
    for event in (RunStarted(), RunStarted(recovered=True), JobEnded(10_000, "s0", Attempt("DONE"))):
        with pytest.raises(EventMisfit):
            advance(machine.resolution, event, EPOCH)
        assert machine.resolution.steps() == before
        assert not machine.resolution.take_changes()


class Echoing(Machine):
    """Actions answer as ``echo``, no time passes by itself, nobody interferes: only the order of results is random."""

    confluent = True

    def __init__(self, seed: int) -> None:
        super().__init__(seed, crashes=0)

    def play_alone(self) -> None:
        for _ in range(200):
            self.ended = None
            self.started.clear()
            self.take(RunStarted())
            while self.ended is None:
                self.do_a_job()
            self.waiting.clear()
            if self.ended.come_back_at is None:
                return
            self.now = max(self.now, self.ended.come_back_at)

    def answer(self, call: Call) -> Answer:
        return echo(call)

    def pause(self) -> timedelta:
        return timedelta(0)


@given(seed=seeds)
@examples(60)
def test_without_conditions_on_other_steps_the_order_of_results_does_not_matter(seed):
    machine = Echoing(seed)
    machine.play_alone()
    simulated = simulate(machine.definition)
    assert {step.name: step.state for step in machine.resolution.steps()} == simulated.states
    assert machine.resolution.fields.state == simulated.state
