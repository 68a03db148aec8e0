"""Values of services -> pictures for pages: the graph of steps, the time line, states as shares of a whole."""

from collections.abc import Callable, Mapping, Sequence

from django.utils.safestring import SafeString, mark_safe

from tasks.drawing import Edge, Node, Share, Span, draw_graph, draw_timeline, look_of, share_bar
from tasks.models import clock
from tasks.services.task_graph import TaskGraph
from tasks.services.task_timeline import Stretch


def graph_picture(found: TaskGraph, *, link: Callable[[str], str], title: str, chosen: str = "") -> SafeString:
    """The graph as SVG; a click on a step leads to ``link(name)``; ``chosen`` is marked."""
    nodes = [Node(node.name, node.state, node.note, link(node.name), node.loop) for node in found.nodes]
    edges = [Edge(edge.source, edge.target, edge.label, edge.influence) for edge in found.edges]
    drawn = draw_graph(nodes, edges, title=title, chosen=chosen)
    return mark_safe(drawn)  # noqa: S308 - drawn and escaped by us  # nosec B308 B703


def timeline_picture(found: Sequence[Stretch], *, title: str) -> SafeString:
    """The time line as SVG; "" where nothing has happened."""
    spans = [Span(each.step, each.start, each.end, each.state, each.note) for each in found]
    drawn = draw_timeline(spans, now=clock.now(), title=title)
    return mark_safe(drawn)  # noqa: S308 - drawn and escaped by us  # nosec B308 B703


def shares_picture(counts: Mapping[str, int], *, title: str) -> SafeString:
    """States and how many are in each, as one bar; "" where there is none."""
    shares = [Share(look_of(state).family, state, number) for state, number in counts.items()]
    return mark_safe(share_bar(shares, title=title))  # noqa: S308 - drawn and escaped by us  # nosec B308 B703
