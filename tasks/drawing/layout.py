"""Places for the nodes of a directed graph: in layers from left to right, edges short and little crossed.

The usual four steps (Sugiyama): layers by the longest way from a source, bends where an edge passes a layer, order
within a layer by the middle of the neighbours, places by the same middles. Cycles do no harm: an edge that closes one
is laid backwards. Cost is linear in edges for each of a fixed number of sweeps.
"""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Placed:
    """Layer and height of each node, and the heights at which each edge passes the layers between its ends."""

    layer: Mapping[str, int]
    height: Mapping[str, float]
    bends: Mapping[tuple[str, str], Sequence[tuple[int, float]]]


def lay_out(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Placed:
    """Places in units of one layer and one row. Edges to unknown nodes and to the node itself are passed over."""
    known = set(nodes)
    wanted = [edge for edge in dict.fromkeys(edges) if edge[0] in known and edge[1] in known and edge[0] != edge[1]]
    forward = _without_cycles(nodes, wanted)
    layer = _layers(nodes, forward)
    chains = {edge: _chain(edge, layer) for edge in forward}
    rows = _rows(nodes, layer, chains)
    height = _heights(_ordered(rows, chains), chains)
    bends = {}
    for edge in wanted:
        turned = edge if edge in chains else (edge[1], edge[0])
        passed = [(place, height[point]) for place, point in _between(chains[turned], layer[turned[0]])]
        bends[edge] = passed if edge in chains else passed[::-1]
    return Placed(layer, {node: height[node] for node in nodes}, bends)


def _without_cycles(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges, those that close a cycle turned round."""
    targets = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
    turned: dict[tuple[str, str], None] = {}
    done: set[str] = set()
    for start in nodes:
        open_nodes: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                open_nodes.discard(node)
                done.add(node)
            elif node not in done and node not in open_nodes:
                open_nodes.add(node)
                stack.append((node, True))
                for target in targets[node]:
                    turned[(target, node) if target in open_nodes else (node, target)] = None
                stack.extend((target, False) for target in reversed(targets[node]) if target not in open_nodes)
    return list(turned)


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    sources: defaultdict[str, int] = defaultdict(int)
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        sources[target] += 1
        targets[source].append(target)
    layer = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not sources[node]]
    for node in ready:
        for target in targets[node]:
            layer[target] = max(layer[target], layer[node] + 1)
            sources[target] -= 1
            if not sources[target]:
                ready.append(target)
    return layer


def _chain(edge: tuple[str, str], layer: Mapping[str, int]) -> list[Hashable]:
    source, target = edge
    return [source, *((edge, place) for place in range(layer[source] + 1, layer[target])), target]


def _between(chain: Sequence[Hashable], first: int) -> list[tuple[int, Hashable]]:
    return [(first + step, point) for step, point in enumerate(chain)][1:-1]


def _rows(
    nodes: Sequence[str], layer: Mapping[str, int], chains: Mapping[tuple[str, str], Sequence[Hashable]]
) -> list[list[Hashable]]:
    rows: list[list[Hashable]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    for edge, chain in chains.items():
        for place, point in _between(chain, layer[edge[0]]):
            rows[place].append(point)
    return rows


def _neighbours(
    chains: Mapping[tuple[str, str], Sequence[Hashable]],
) -> tuple[dict[Hashable, list[Hashable]], dict[Hashable, list[Hashable]]]:
    before, after = defaultdict(list), defaultdict(list)
    for chain in chains.values():
        for left, right in itertools.pairwise(chain):
            after[left].append(right)
            before[right].append(left)
    return before, after


def _ordered(rows: list[list[Hashable]], chains: Mapping[tuple[str, str], Sequence[Hashable]]) -> list[list[Hashable]]:
    """Each layer sorted by the mean place of its neighbours, forth and back a few times."""
    before, after = _neighbours(chains)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        sequence = range(1, len(rows)) if forth else range(len(rows) - 2, -1, -1)
        for index in sequence:
            fixed = rows[index - 1 if forth else index + 1]
            place = {point: number for number, point in enumerate(fixed)}
            near = before if forth else after
            rows[index] = _sorted_by_mean(rows[index], near, place)
    return rows


def _sorted_by_mean(
    row: list[Hashable], near: Mapping[Hashable, list[Hashable]], place: Mapping[Hashable, float]
) -> list[Hashable]:
    def mean(numbered: tuple[int, Hashable]) -> float:
        places = [place[point] for point in near.get(numbered[1], ()) if point in place]
        return sum(places) / len(places) if places else float(numbered[0])

    return [point for _, point in sorted(enumerate(row), key=mean)]


def _heights(rows: list[list[Hashable]], chains: Mapping[tuple[str, str], Sequence[Hashable]]) -> dict[Hashable, float]:
    """Heights near the mean of the neighbours, at least one apart, the order of each layer kept."""
    before, after = _neighbours(chains)
    tallest = max((len(row) for row in rows), default=0)
    height: dict[Hashable, float] = {
        point: number + (tallest - len(row)) / 2 for row in rows for number, point in enumerate(row)
    }
    for sweep in range(_SWEEPS):
        near = before if sweep % 2 == 0 else after
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _spread(row, near, height)
    lowest = min(height.values(), default=0.0)
    return {point: value - lowest for point, value in height.items()}


def _spread(row: list[Hashable], near: Mapping[Hashable, list[Hashable]], height: dict[Hashable, float]) -> None:
    wishes = []
    for point in row:
        others = near.get(point, ())
        wishes.append(sum(height[other] for other in others) / len(others) if others else height[point])
    # Blocks of points that want to stand closer than one apart share the mean of their wishes.
    blocks: list[tuple[float, int]] = []  # (wished height of the first point, number of points)
    for wish in wishes:
        first, size = wish, 1
        while blocks and blocks[-1][0] + blocks[-1][1] > first:
            left, left_size = blocks.pop()
            first = (left * left_size + (first - left_size) * size) / (left_size + size)
            size += left_size
        blocks.append((first, size))
    points = iter(row)
    for first, size in blocks:
        for step in range(size):
            height[next(points)] = first + step
