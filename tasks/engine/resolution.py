"""The running value of one resolution, owned by one coordinator and changed only by ``advance``.

Start at ``advance``; a run's own logic is in ``run.py``, the index of steps in ``network.py``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tasks.engine.definition import Dependency, StepDefinition, TemplateDefinition
from tasks.engine.errors import EventMisfit
from tasks.engine.events import Event, RunsGiven, RunStarted, SetAside, Woken
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.foreach import child_dependencies
from tasks.engine.lifecycle import FINISHED, StepEvent, is_final, step_may_move, woken
from tasks.engine.network import Network, Node
from tasks.engine.orders import Changes, Order, RunEnded
from tasks.engine.plans import plan_of
from tasks.engine.recording import Record
from tasks.engine.retries import max_retries
from tasks.engine.run import Run
from tasks.engine.steps import Step
from tasks.engine.values import Values, fixed_values
from tasks.engine.waiting import why_step_waits
from tasks.states import ResolutionState, StepState, TaskState

S, R = StepState, ResolutionState


class Resolution:
    """One resolution in hand: its steps, indexed so that an event costs what it changes.

    ``steps``: those that have a stored value, in any order, children included; a step of the template that is not among
    them is TODO and untouched (it will not be in ``take_changes()`` before something happens to it). Raises ValueError
    for a step that neither the template nor an operator's definition describes.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        *,
        facts: TaskFacts,
        inputs: Mapping[str, Any],
        resolver_inputs: Mapping[str, Any],
        task: TaskFields,
        fields: ResolutionFields,
        steps: Iterable[Step] = (),
        installation: Installation,
    ) -> None:
        self.definition = definition
        self.installation = installation
        self.record = Record(task, fields)
        self.network = Network()
        self.run: Run | None = None
        self.last_serial = 0
        self._fixed = fixed_values(definition, facts, inputs, resolver_inputs, installation.config)
        self._load(steps)

    @property
    def task(self) -> TaskFields:
        """The task's fields as changed by events; read freely."""
        return self.record.task

    @property
    def fields(self) -> ResolutionFields:
        """The resolution's fields as changed by events; read freely."""
        return self.record.resolution

    def step(self, name: str) -> Step:
        """The step's present value; KeyError when there is none of that name."""
        return self.network.nodes[name].step

    def steps(self) -> list[Step]:
        """All steps in order of writing, each loop followed by its children."""
        return [node.step for node in sorted(self.network.nodes.values(), key=lambda node: node.rank)]

    def take_changes(self) -> Changes:
        """What changed since the last call; the caller writes exactly that in one transaction, or keeps it."""
        return self.record.take()

    # --- for run.py ---------------------------------------------------------------------------------------------------

    def next_serial(self) -> int:
        self.last_serial += 1
        return self.last_serial

    def values(self) -> Values:
        """A snapshot of everything that texts may name."""
        return Values(self.definition, self.installation, self._fixed, self.network.steps)

    def change(
        self,
        node: Node,
        now: datetime,
        event: StepEvent,
        state: str,
        *,
        attempt: int | None = None,
        duration: timedelta | None = None,
        detail: str = "",
        waits_for: str = "",
        **changes: Any,
    ) -> None:
        """Give a step a state (perhaps the one it has) and other values; the only place where a step changes.

        Raises AssertionError for a move that the table of ``lifecycle.py`` does not have.
        """
        before = node.step
        due_at = changes.get("due_at", before.due_at)
        waiting = why_step_waits(state, due_at, node.dependencies, waits_for)
        step = replace(before, state=state, waiting=waiting, **changes)
        if state != before.state:
            if not step_may_move(event, before.state, state):
                raise AssertionError(f"step {node.name}: {event} cannot lead from {before.state} to {state}")
            self.record.step_moved(
                node.name, event, before.state, state, now, attempt=attempt, duration=duration, detail=detail
            )
        self.network.put(node, step)
        self.record.step(step)
        if self.task.steps_done != self.network.done_count:
            self.record.move_task("", now, steps_done=self.network.done_count)

    def add_children(self, loop: Node, items: list[Any]) -> list[Node]:
        """Put a child for each item into the network, and into the changes."""
        children = []
        limit = max_retries(loop.plan.definition)
        for index, item in enumerate(items):
            step = Step(
                name=f"{loop.name}-{index}",
                loop=loop.name,
                index=index,
                item=item,
                max_retries=limit,
                waiting=why_step_waits(S.TODO, None, child_dependencies(loop.plan.definition, index)),
            )
            self.network.add(child := self._child_node(step, loop))
            self.record.step(step)
            children.append(child)
        self.network.connect(children)
        return children

    # --- loading ------------------------------------------------------------------------------------------------------

    def _load(self, steps: Iterable[Step]) -> None:
        stored = {step.name: step for step in steps}
        names = [*self.definition.steps, *(s.name for s in stored.values() if s.loop is None)]
        for position, name in enumerate(dict.fromkeys(names)):
            self._load_step(stored.get(name) or Step(name=name), position)
        children = [step for step in stored.values() if step.loop is not None]
        for step in sorted(children, key=lambda step: step.index or 0):
            loop = self.network.nodes.get(step.loop or "")
            if loop is None:
                raise ValueError(f"step {step.name} is a child of {step.loop}, which is no step")
            self.network.add(self._child_node(self._bounded(step, step.definition or loop.plan.definition), loop))
        self.network.connect(self.network.nodes.values())
        self.network.take_touched()

    def _load_step(self, step: Step, position: int) -> None:
        definition = step.definition or self.definition.steps.get(step.name)
        if definition is None:
            raise ValueError(f"step {step.name} is neither in the template nor defined by an operator")
        step = self._bounded(step, definition)
        node = Node(step, plan_of(definition, self.definition), (position, 0), definition.dependencies)
        self.network.add(node)

    def _child_node(self, step: Step, loop: Node) -> Node:
        definition = step.definition or loop.plan.definition
        dependencies: tuple[Dependency, ...]
        if step.definition is not None:
            dependencies = step.definition.dependencies
        else:
            dependencies = child_dependencies(loop.plan.definition, step.index or 0)
        return Node(
            step, plan_of(definition, self.definition), (loop.rank[0], (step.index or 0) + 1), dependencies, loop
        )

    @staticmethod
    def _bounded(step: Step, definition: StepDefinition) -> Step:
        limit = max_retries(definition)
        return step if step.max_retries == limit else replace(step, max_retries=limit)


def advance(resolution: Resolution, event: Event, now: datetime) -> list[Order]:
    """Take one event in, and say what to do next, in this order.

    The only way to change a ``Resolution``. Renders no text and calls nothing: it costs microseconds, and does not grow
    with the number of steps. Raises EventMisfit, having changed nothing, for an event that does not fit.
    Source: docs/engine.md, "Events".
    """
    match event:
        case RunStarted():
            return _start_run(resolution, event, now)
        case Woken():
            return _wake(resolution, now)
        case RunsGiven():
            if resolution.fields.state in FINISHED:
                raise EventMisfit(f"runs given to a resolution that is {resolution.fields.state}")
            resolution.record.move_resolution("", now, run_max=resolution.fields.run_max + event.count)
            return []
        case SetAside():
            return _set_aside(resolution, event.reason, now)
        case _:
            if resolution.run is None:
                raise EventMisfit(f"{type(event).__name__}: no run is on")
            orders = resolution.run.take(event, now)
            if resolution.run.is_over:
                resolution.run = None
            return orders


def _start_run(resolution: Resolution, event: RunStarted, now: datetime) -> list[Order]:
    state = resolution.fields.state
    if state in FINISHED or (state == R.RUNNING and (resolution.run is not None or not event.recovered)):
        told = {R.DONE: "already done", R.CANCELLED: "cancelled", R.RUNNING: "already running"}[R(state)]
        raise EventMisfit(f"can't run resolution: {told}")
    if state == R.RUNNING:
        resolution.record.move_resolution("found cut off", now, state=R.CRASHED)
    crashed = _recover(resolution, now)
    if crashed:
        names = ", ".join(node.name for node in crashed)
        return _block(resolution, "recovery blocked", f"cut off and not idempotent: {names}", now)
    resolution.run = Run(resolution, event, now)
    orders = resolution.run.begin(now)
    if resolution.run.is_over:
        resolution.run = None
    return orders


_UNJUDGED = "cut off before its check conditions were judged"


def _recover(resolution: Resolution, now: datetime) -> list[Node]:
    """Bring back every step that was cut off; the answer is those that a human must look at.

    Source: docs/engine.md, "After a crash".
    """
    crashed = []
    for node in resolution.network.in_state(S.RUNNING):
        step = node.step
        if step.given_state and is_final(step.given_state):
            resolution.change(node, now, StepEvent.GIVEN, step.given_state, given_state="", prior_state="", due_at=None)
        elif step.prior_state:
            resolution.change(node, now, StepEvent.RECOVERED, S.AFTERRUN_ERROR, error=_UNJUDGED, due_at=None)
        elif _may_be_repeated(resolution, node):
            event, state = (StepEvent.GIVEN, step.given_state) if step.given_state else (StepEvent.RECOVERED, S.TODO)
            resolution.change(node, now, event, state, given_state="", due_at=None)
        else:
            resolution.change(node, now, StepEvent.CUT_OFF, S.CRASHED)
            crashed.append(node)
    return crashed


def _may_be_repeated(resolution: Resolution, node: Node) -> bool:
    not_begun = node.step.due_at is not None  # held by its execution_delay
    return not_begun or node.plan.definition.idempotent or node.plan.is_pure(resolution.installation.pure_actions)


def _wake(resolution: Resolution, now: datetime) -> list[Order]:
    fields = resolution.fields
    if fields.state in FINISHED:
        raise EventMisfit(f"woken, but the resolution is {fields.state}")
    after = woken(fields, now)
    resolution.record.move_resolution(
        "woken", now, woken=after.woken, next_retry=after.next_retry, waiting=after.waiting
    )
    return []


def _set_aside(resolution: Resolution, reason: str, now: datetime) -> list[Order]:
    if resolution.fields.state in FINISHED:
        raise EventMisfit(f"set aside, but the resolution is {resolution.fields.state}")
    resolution.run = None
    _recover(resolution, now)
    return _block(resolution, "set aside", reason, now)


def _block(resolution: Resolution, event: str, reason: str, now: datetime) -> list[Order]:
    resolution.record.move_resolution(
        event, now, state=R.BLOCKED_TOCHECK, next_retry=None, last_stop=now, waiting=f"blocked: {reason}"
    )
    resolution.record.move_task(event, now, state=TaskState.BLOCKED)
    return [RunEnded(R.BLOCKED_TOCHECK, None)]
