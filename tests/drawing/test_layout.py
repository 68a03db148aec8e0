"""Every graph gets places: dependents to the right, no two boxes on one spot."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tasks.drawing.layout import lay_out

NAMES = [f"s{number}" for number in range(12)]
pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))


@given(
    edges=st.lists(pairs, max_size=40).map(lambda found: [(a, b) for a, b in found if NAMES.index(a) < NAMES.index(b)])
)
def test_whoever_waits_stands_to_the_right_of_whom_he_waits_for(edges):
    placed = lay_out(NAMES, edges)
    assert all(placed.layer[source] < placed.layer[target] for source, target in edges)


@given(edges=st.lists(pairs, max_size=40))
def test_no_two_nodes_and_bends_share_a_spot_even_with_cycles(edges):
    placed = lay_out(NAMES, edges)
    spots = {}
    for name in NAMES:
        spots.setdefault(placed.layer[name], []).append(placed.height[name])
    for heights in spots.values():
        heights.sort()
        assert all(upper - lower > 0.99 for lower, upper in itertools.pairwise(heights))


def test_a_long_edge_bends_round_the_layers_it_passes():
    placed = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    assert placed.layer == {"a": 0, "b": 1, "c": 2}
    [(layer, height)] = placed.bends["a", "c"]
    assert layer == 1
    assert abs(height - placed.height["b"]) > 0.99


def test_unknown_ends_and_loops_on_itself_are_passed_over():
    placed = lay_out(["a"], [("a", "a"), ("a", "nowhere")])
    assert placed.layer == {"a": 0}
    assert placed.bends == {}
