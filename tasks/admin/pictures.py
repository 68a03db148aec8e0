"""Values of services -> pictures for pages: the graph of steps and the time line."""

from collections.abc import Callable, Sequence

from django.utils.safestring import SafeString, mark_safe

from tasks.drawing import Edge, Node, Span, draw_graph, draw_timeline
from tasks.models import clock
from tasks.services.task_graph import TaskGraph
from tasks.services.task_timeline import Stretch


def graph_picture(found: TaskGraph, *, link: Callable[[str], str], title: str, chosen: str = "") -> SafeString:
    """The graph as SVG; a click on a step leads to ``link(name)``; ``chosen`` is marked."""
    nodes = [Node(node.name, node.state, node.note, link(node.name), node.loop) for node in found.nodes]
    edges = [Edge(edge.source, edge.target, edge.label, edge.influence) for edge in found.edges]
    drawn = draw_graph(nodes, edges, title=title, chosen=chosen)
    return mark_safe(drawn)  # noqa: S308 - drawn and escaped by us


def timeline_picture(found: Sequence[Stretch], *, title: str) -> SafeString:
    """The time line as SVG; "" where nothing has happened."""
    spans = [Span(each.step, each.start, each.end, each.state, each.note) for each in found]
    return mark_safe(draw_timeline(spans, now=clock.now(), title=title))  # noqa: S308 - drawn and escaped by us
