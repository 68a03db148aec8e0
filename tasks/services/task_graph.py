"""The steps of one task as a graph with their present states, loops folded: plain values for whoever draws them."""

from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Length

from tasks.engine.gotemplate import loads
from tasks.engine.graphs import Graph, graph
from tasks.models import Resolution, Task
from tasks.services import steps, tasks, templates
from tasks.states import StepState

#: What the children of a loop brought is opened up to this size, to be counted.
_MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One step; ``note``: for a loop, how many of its children are over (``3/10``), or brought something (``×10``)."""

    name: str
    state: str
    note: str
    loop: bool


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """``label``: the states that are waited for, "" for DONE; ``influence``: a condition that changes the target."""

    source: str
    target: str
    label: str
    influence: bool


@dataclass(frozen=True, slots=True)
class TaskGraph:
    """Nodes in order of writing."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def graph_of_task(task: Task) -> TaskGraph:
    """The graph of the task's run, or of its template while there is none. At most three queries."""
    resolution = tasks.resolution_of(task)
    if resolution is None:
        return _drawn(graph(templates.definition_of(task.version_id)), {}, {})
    found = graph(steps.definition_of(resolution))
    states, notes = _states(resolution)
    collected = [node.name for node in found.nodes if node.loop and node.name in states and node.name not in notes]
    return _drawn(found, states, {**notes, **(_collected(resolution, collected) if collected else {})})


def graph_of_template(version_id: int) -> TaskGraph:
    """The graph of a template's version, without states."""
    found = graph(templates.definition_of(version_id))
    nodes = tuple(GraphNode(node.name, "", "", node.loop) for node in found.nodes)
    return TaskGraph(nodes, tuple(GraphEdge(e.source, e.target, e.label, e.influence) for e in found.edges))


def children_by_state(resolution: Resolution) -> dict[str, dict[str, int]]:
    """Loop -> state -> how many of its children are in it, however many there are. One query."""
    counted = resolution.steps.filter(parent__isnull=False).order_by().values_list("parent", "state")
    found: dict[str, dict[str, int]] = {}
    for parent, state, number in counted.annotate(Count("pk")).order_by("parent", "state"):
        found.setdefault(parent or "", {})[state] = number
    return found


def _states(resolution: Resolution) -> tuple[dict[str, str], dict[str, str]]:
    states = dict(resolution.steps.filter(parent__isnull=True).values_list("name", "state"))
    notes = {}
    for loop, numbers in children_by_state(resolution).items():
        over = sum(number for state, number in numbers.items() if is_over(state))
        notes[loop] = f"{over}/{sum(numbers.values())}"
    return states, notes


def _collected(resolution: Resolution, loops: list[str]) -> dict[str, str]:
    """How many children brought something, of loops whose children are gone; large ones are not read for that."""
    rows = resolution.steps.filter(name__in=loops).annotate(stored_bytes=Length("children"))
    small = rows.filter(stored_bytes__lte=_MOST_BYTES).only("name", "resolution_key", "children")
    return {row.name: f"×{len(loads(row.children))}" for row in small if row.children is not None}


def is_over(state: str) -> bool:
    """Whether a step came to an end: DONE, PRUNE or a state of its template's own."""
    return state in (StepState.DONE, StepState.PRUNE) or state not in frozenset(StepState)


def _drawn(found: Graph, states: dict[str, str], notes: dict[str, str]) -> TaskGraph:
    return TaskGraph(
        tuple(
            GraphNode(node.name, states.get(node.name, StepState.TODO), notes.get(node.name, ""), node.loop)
            for node in found.nodes
        ),
        tuple(GraphEdge(edge.source, edge.target, edge.label, edge.influence) for edge in found.edges),
    )
