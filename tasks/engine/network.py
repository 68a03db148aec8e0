"""The steps of one resolution as a network: who waits for whom, indexed so that a change costs what it touches.

It knows states only through ``lifecycle.is_final``, and no rule about which change is right. Three facts are kept up to
date for every step: how many of its dependencies are not met, whether it is *settled* (final, and everything that it
waits for, directly or not, as well: what ``ANY`` asks for), and for loops how their children stand.
Start at ``Node``; then ``Network.put``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rpds import HashTrieMap

from tasks.engine.definition import Dependency
from tasks.engine.jobs import HookResult, Job
from tasks.engine.lifecycle import is_final
from tasks.engine.plans import Plan
from tasks.engine.steps import Step
from tasks.engine.values import Values
from tasks.states import StepState

Rank = tuple[int, int]


@dataclass(slots=True, eq=False)
class Edge:
    """``waiter`` waits for ``on`` in one of ``states``, or (``any``) for it to be settled."""

    waiter: "Node"
    on: "Node"
    states: frozenset[str]
    any: bool
    met: bool = False


@dataclass(slots=True, eq=False)
class Trial:
    """What one try of a step keeps between its jobs; gone with the run."""

    values: Values
    started_at: datetime
    before: str  # the state it had before it was RUNNING
    hook: HookResult | None = None
    cache: dict[str, Any] = field(default_factory=dict)  # of ``evalCache``


@dataclass(slots=True, eq=False)
class Node:
    """One step in the network. ``step`` is its value; all else is derived, or lasts no longer than the run."""

    step: Step
    plan: Plan
    rank: Rank  # order of writing; a loop stands before its children
    dependencies: tuple[Dependency, ...]
    loop: "Node | None" = None
    waits_for: list[Edge] = field(default_factory=list)
    waited_by: list[Edge] = field(default_factory=list)
    unmet: int = 0
    unsettled: int = 0
    settled: bool = False
    # a loop's
    children: list["Node"] = field(default_factory=list)
    unfinished_children: int = 0
    unsettled_children: int = 0
    busy_children: int = 0
    # of the run
    spent: bool = False  # not to be started again, unless by RETRY_NOW
    counted: bool = False  # a try was counted
    stopped: bool = False  # a loop that was given a state which is not final: collected, and done anew
    job: Job | None = None  # awaited
    delay: int | None = None  # serial of the awaited end of its execution_delay
    trial: Trial | None = None
    given_error: str | None = None  # the message that came with ``step.given_state``

    def forget_run(self) -> None:
        """As before the first event of a run."""
        self.spent = self.counted = self.stopped = False
        self.job = self.delay = self.trial = self.given_error = None
        self.busy_children = 0

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def state(self) -> str:
        return self.step.state

    @property
    def is_loop(self) -> bool:
        return self.loop is None and self.plan.definition.is_loop

    @property
    def is_expanded(self) -> bool:
        """Whether it has children, or is a loop that found none to have."""
        return bool(self.children) or (self.is_loop and self.step.state == StepState.EXPANDED)

    @property
    def is_busy(self) -> bool:
        """Whether something is awaited for it: a job, or the end of a delay."""
        return self.job is not None or self.delay is not None

    @property
    def is_done_with(self) -> bool:
        """Whether others may go by its state: it is final, and as a loop has collected its children."""
        return not self.children and is_final(self.step.state)


class Network:
    """All nodes by name. ``steps`` is what values are read from: a persistent map, replaced at each change."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.steps: HashTrieMap[str, Step] = HashTrieMap()
        self.by_state: dict[str, set[Node]] = {}
        #: Final steps that are no children.
        self.done_count = 0
        #: Steps that changed since last taken: True where their state did, False where they were only (un)settled.
        self.touched: dict[Node, bool] = {}

    def add(self, node: Node) -> None:
        """Put a node in; ``connect`` it once all that it waits for are in too."""
        self.nodes[node.name] = node
        self.steps = self.steps.insert(node.name, node.step)
        self.by_state.setdefault(node.state, set()).add(node)
        if node.loop is None:
            self.done_count += is_final(node.state)
        else:
            node.loop.children.append(node)
            node.loop.unsettled_children += 1
            node.loop.unfinished_children += not is_final(node.state)

    def connect(self, nodes: Iterable[Node]) -> None:
        """Make the edges of new nodes. A dependency on a step that does not exist is never met."""
        nodes = list(nodes)
        for node in nodes:
            for dependency in node.dependencies:
                on = self.nodes.get(dependency.step)
                if on is None:
                    node.unmet += 1
                    continue
                edge = Edge(node, on, dependency.states, dependency.any)
                node.waits_for.append(edge)
                on.waited_by.append(edge)
                edge.met = on.settled if edge.any else self._accepts(edge)
                node.unmet += not edge.met
                node.unsettled += not on.settled
        for node in nodes:
            self._resettle(node)

    def put(self, node: Node, step: Step) -> None:
        """Give a node its new value; everything that follows for others is brought up to date."""
        before, after = node.step.state, step.state
        node.step = step
        self.steps = self.steps.insert(step.name, step)
        if before == after:
            return
        self.by_state[before].discard(node)
        self.by_state.setdefault(after, set()).add(node)
        finished = is_final(after) - is_final(before)
        if node.loop is None:
            self.done_count += finished
        else:
            node.loop.unfinished_children -= finished
        self._reconsider(node)

    def remove_children(self, loop: Node) -> list[Node]:
        """Take a loop's children out, in order of their index. Their values stay readable for the rest of the run."""
        children, loop.children = loop.children, []
        for child in children:
            del self.nodes[child.name]
            self.by_state[child.state].discard(child)
        for on in {edge.on for child in children for edge in child.waits_for if edge.on.loop is not loop}:
            on.waited_by = [edge for edge in on.waited_by if edge.waiter.loop is not loop]
        loop.unfinished_children = loop.unsettled_children = loop.busy_children = 0
        self._reconsider(loop)
        return children

    def in_state(self, *states: str) -> Sequence[Node]:
        """The nodes in one of these states, in order of writing."""
        return sorted((node for state in states for node in self.by_state.get(state, ())), key=by_rank)

    def states(self) -> Iterator[str]:
        """Every state that at least one step is in."""
        return (state for state, nodes in self.by_state.items() if nodes)

    def take_touched(self) -> dict[Node, bool]:
        """The nodes touched since the last call, in the order of touching."""
        touched, self.touched = self.touched, {}
        return touched

    def _accepts(self, edge: Edge) -> bool:
        return edge.on.state in edge.states and not edge.on.children

    def _reconsider(self, node: Node) -> None:
        self.touched[node] = True
        for edge in node.waited_by:
            if not edge.any:
                self._set_met(edge, self._accepts(edge))
        self._resettle(node)

    def _set_met(self, edge: Edge, met: bool) -> None:
        if edge.met is not met:
            edge.met = met
            edge.waiter.unmet += -1 if met else 1

    def _resettle(self, node: Node) -> None:
        """Bring ``settled`` up to date for a node and for all behind it that it concerns."""
        pending = [node]
        while pending:
            node = pending.pop()
            settled = node.unsettled == 0 and node.is_done_with
            if settled is node.settled:
                continue
            node.settled = settled
            self.touched.setdefault(node, False)
            step = -1 if settled else 1
            for edge in node.waited_by:
                edge.waiter.unsettled += step
                if edge.any:
                    self._set_met(edge, settled)
                pending.append(edge.waiter)
            if node.loop is not None:
                node.loop.unsettled_children += step


def by_rank(node: Node) -> Rank:
    return node.rank
