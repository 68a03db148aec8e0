"""One bar divided into shares, as SVG: how many of a whole are in each state. As wide as its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tasks.drawing.svg import element, picture

_WIDTH, _HEIGHT, _GAP = 1000.0, 10.0, 2.0
#: The least that is drawn: one failure among ten thousand must be seen.
_LEAST = 8.0


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the bar: the class name that colours it, its name and how many it stands for."""

    family: str
    name: str
    amount: int


def share_bar(shares: Sequence[Share], *, title: str) -> str:
    """The whole picture, shares from left to right; each tells its amount when pointed at. "" without an amount."""
    present = [share for share in shares if share.amount > 0]
    whole = sum(share.amount for share in present)
    wanted = [max(_WIDTH * share.amount / whole, _LEAST) for share in present]
    # Small shares take their least from the large ones.
    scale = (_WIDTH + _GAP) / sum(width + _GAP for width in wanted) if wanted else 1.0
    drawn, x = [], 0.0
    for share, width in zip(present, wanted, strict=True):
        spoken = escape(f"{share.name}: {share.amount} of {whole}")
        rect = element("rect", x=x, y=0, width=(width + _GAP) * scale - _GAP, height=_HEIGHT)
        drawn.append(element("g", f"<title>{spoken}</title>{rect}", class_=f"bar {share.family}"))
        x += (width + _GAP) * scale
    if not drawn:
        return ""
    return picture("".join(drawn), title=title, span=(_WIDTH, _HEIGHT), class_="shares", preserveAspectRatio="none")
