"""The graph of steps as SVG: boxes with sign, name and state, edges labelled with the states they wait for."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tasks.drawing.layout import Placed, lay_out
from tasks.drawing.looks import look_of
from tasks.drawing.svg import LETTER, element, picture, shortened, text

_BOX_HEIGHT, _ROW, _GAP, _MARGIN = 46.0, 74.0, 84.0, 14.0
_LETTERS, _NARROWEST = 26, 110.0


@dataclass(frozen=True, slots=True)
class Node:
    """One step. ``note`` stands behind the state (``3/10`` children); ``link`` is where a click leads."""

    name: str
    state: str = ""
    note: str = ""
    link: str = ""
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` waits for ``source`` in the states of ``label`` ("": done).

    ``influence``: a condition of ``source`` may change the state of ``target``; nobody waits.
    """

    source: str
    target: str
    label: str = ""
    influence: bool = False


def draw_graph(nodes: Sequence[Node], edges: Sequence[Edge], *, title: str, chosen: str = "") -> str:
    """The whole picture, in pixels of its own view box; ``title`` is read out by screen readers.

    The node named ``chosen`` has that class, and is told as the current one.
    """
    placed = lay_out([node.name for node in nodes], [(edge.source, edge.target) for edge in edges])
    left, widths = _columns(nodes, placed)
    width = left[-1] + widths[-1] + _MARGIN if left else 2 * _MARGIN
    heights = [*placed.height.values(), *(at for bends in placed.bends.values() for _, at in bends)]
    height = max(heights, default=0.0) * _ROW + _BOX_HEIGHT + 2 * _MARGIN
    canvas = _Canvas(placed, left, widths)
    drawn = "".join(canvas.edge(edge) for edge in edges if {edge.source, edge.target} <= placed.layer.keys())
    boxes = "".join(canvas.box(node, chosen=node.name == chosen) for node in nodes)
    content = f"{_ARROW}{drawn}{boxes}"
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    return picture(content, title=title, span=(width, height), role="group", class_="graph", **size)


_ARROW = element(
    "defs",
    element(
        "marker",
        element("path", d="M0,0 L8,4 L0,8 z", class_="arrow"),
        id="arrow",
        viewBox="0 0 8 8",
        refX="8",
        refY="4",
        markerWidth="8",
        markerHeight="8",
        orient="auto-start-reverse",
    ),
)


def _columns(nodes: Sequence[Node], placed: Placed) -> tuple[list[float], list[float]]:
    """Left border and width of each layer."""
    widths = [_NARROWEST] * (max(placed.layer.values(), default=-1) + 1)
    for node in nodes:
        letters = max(min(len(node.name), _LETTERS), len(_second_line(node))) + 6
        column = placed.layer[node.name]
        widths[column] = max(widths[column], letters * LETTER)
    left, here = [], _MARGIN
    for width in widths:
        left.append(here)
        here += width + _GAP
    return left, widths


def _second_line(node: Node) -> str:
    return " ".join(part for part in (shortened(node.state, _LETTERS), node.note) if part)


@dataclass(frozen=True, slots=True)
class _Canvas:
    placed: Placed
    left: Sequence[float]
    widths: Sequence[float]

    def _middle(self, height: float) -> float:
        return _MARGIN + height * _ROW + _BOX_HEIGHT / 2

    def box(self, node: Node, *, chosen: bool = False) -> str:
        look = look_of(node.state) if node.state else None
        column = self.placed.layer[node.name]
        x, y, width = (
            self.left[column],
            self._middle(self.placed.height[node.name]) - _BOX_HEIGHT / 2,
            self.widths[column],
        )
        second = _second_line(node)
        parts = [
            element("rect", x=x, y=y, width=width, height=_BOX_HEIGHT, rx="7"),
            text(look.sign if look else "", x=x + 14, y=y + 28, class_="sign", aria_hidden="true"),
            text(shortened(node.name, _LETTERS), x=x + 30, y=y + (20 if second else 28), class_="name"),
            text(second, x=x + 30, y=y + 37, class_="state") if second else "",
        ]
        if node.loop:
            parts.insert(0, element("rect", x=x + 4, y=y + 4, width=width, height=_BOX_HEIGHT, rx="7", class_="behind"))
        # As it can be read: who speaks to the page names what he sees.
        spoken = " ".join(part for part in (node.name, node.state, node.note) if part)
        content = f"<title>{escape(spoken)}</title>" + "".join(parts)
        kind = f"node {look.family if look else 'plain'}" + (" pruned" if node.state == "PRUNE" else "")
        kind += " chosen" if chosen else ""
        if not node.link:
            return element("g", content, class_=kind, data_step=node.name)
        current = {"aria_current": "true"} if chosen else {}
        return element("a", content, href=node.link, class_=kind, data_step=node.name, **current)

    def edge(self, edge: Edge) -> str:
        forward = self.placed.layer[edge.source] < self.placed.layer[edge.target]
        points = [
            self._end(edge.source, right=forward),
            *((self.left[at] + self.widths[at] / 2, self._middle(h)) for at, h in self._bends(edge)),
            self._end(edge.target, right=not forward),
        ]
        kind = "edge influence" if edge.influence else "edge"
        drawn = element("path", d=_curve(points), class_=kind, marker_end="url(#arrow)", fill="none")
        if edge.label:
            (x1, y1), (x2, y2) = points[-2], points[-1]
            drawn += text(
                shortened(edge.label, 18), x=(x1 + x2) / 2, y=(y1 + y2) / 2 - 5, class_="label", text_anchor="middle"
            )
        return element("g", drawn, data_source=edge.source, data_target=edge.target)

    def _bends(self, edge: Edge) -> Sequence[tuple[int, float]]:
        return self.placed.bends.get((edge.source, edge.target), ())

    def _end(self, name: str, *, right: bool) -> tuple[float, float]:
        column = self.placed.layer[name]
        return self.left[column] + (self.widths[column] if right else 0.0), self._middle(self.placed.height[name])


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A smooth line through the points that leaves and arrives level."""
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        reach = math.copysign(max(abs(x2 - x1) / 2, 24.0), x2 - x1)
        path += f" C{x1 + reach:.1f},{y1:.1f} {x2 - reach:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    return path
