"""One bar of shares: as wide as its parts, in their order, and nothing too small to be seen."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.drawing import Share, share_bar


def rects(drawn: str) -> list[tuple[float, float]]:
    return [(float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', drawn)]


def test_shares_stand_side_by_side_in_the_colour_of_their_family_and_tell_their_amount():
    drawn = share_bar([Share("bad", "BLOCKED", 1), Share("gone", "PRUNE", 0), Share("good", "DONE", 3)], title="a <b>")
    assert re.findall(r'class="bar (\w+)"', drawn) == ["bad", "good"]
    assert "<title>BLOCKED: 1 of 4</title>" in drawn
    assert 'aria-label="a &lt;b&gt;"' in drawn
    (first, width), (second, rest) = rects(drawn)
    assert first == 0
    assert width < second
    assert abs(rest / width - 3) < 0.05


def test_nothing_is_drawn_of_nothing():
    assert share_bar([], title="x") == share_bar([Share("good", "DONE", 0)], title="x") == ""


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8))
def test_every_share_is_seen_and_together_they_fill_the_bar(amounts):
    found = rects(share_bar([Share("good", str(at), amount) for at, amount in enumerate(amounts)], title="x"))
    assert len(found) == len(amounts)
    assert all(width > 5 for _, width in found)
    assert abs(sum(found[-1]) - 1000) < 0.5
    assert all(one[0] + one[1] < other[0] for one, other in pairwise(found))
