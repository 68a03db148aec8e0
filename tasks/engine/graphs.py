"""A template's steps as a graph, for whoever draws or explains it: plain values, nothing of a running state.

Source: docs/templates.md, "Dependencies".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.engine.definition import StepDefinition, TemplateDefinition
from tasks.engine.functions import FunctionCycle, conditions_of, custom_states_of


@dataclass(frozen=True, slots=True)
class Node:
    """One step. ``custom_states``: what it may end in besides DONE and PRUNE, its functions' included."""

    name: str
    description: str
    action: str
    loop: bool
    custom_states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """From one step to another: ``target`` waits until ``source`` is in one of the states, or, for an influence, a
    condition of ``source`` may put ``target`` into one of them."""

    source: str
    target: str
    states: tuple[str, ...]
    influence: bool = False

    @property
    def label(self) -> str:
        """The states to write at the edge; none for the ordinary case, waiting for DONE."""
        return "" if self.states == ("DONE",) and not self.influence else ", ".join(self.states)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in order of writing; edges by target in order of writing, dependencies before influences."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(definition: TemplateDefinition, steps: Mapping[str, StepDefinition] | None = None) -> Graph:
    """The graph of a template, or of a resolution's own ``steps``. Edges to steps that do not exist are left out."""
    steps = definition.steps if steps is None else steps
    nodes = tuple(
        Node(name, step.description, step.action.type, step.is_loop, custom_states_of(definition, step))
        for name, step in steps.items()
    )
    waiting = tuple(
        Edge(dependency.step, name, tuple(sorted(dependency.states)))
        for name, step in steps.items()
        for dependency in step.dependencies
        if dependency.step in steps
    )
    influences = tuple(
        Edge(name, target, tuple(states), influence=True)
        for name, step in steps.items()
        for target, states in _influenced(definition, step).items()
        if target in steps
    )
    return Graph(nodes, waiting + influences)


def _influenced(definition: TemplateDefinition, step: StepDefinition) -> dict[str, dict[str, None]]:
    """The steps that the conditions of a step may change, each with the states that it may be given."""
    try:
        conditions = conditions_of(definition, step)
    except FunctionCycle:
        conditions = step.conditions
    found: dict[str, dict[str, None]] = {}
    for condition in conditions:
        for target, state in condition.then:
            # What a step makes of itself is no edge, but a child that changes its loop is one.
            if target != "this":
                found.setdefault(target, {})[state] = None
    return found
