"""Small bar charts as SVG: counts or durations over days, stacked by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tasks.drawing.svg import element, picture, text

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560.0, 150.0, 44.0, 22.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One place on the axis: its label, and for each part the class name that colours it, a name and an amount."""

    label: str
    parts: Sequence[tuple[str, str, float]]


def bar_chart(bars: Sequence[Bar], *, title: str, unit: str = "", counted: bool = False) -> str:
    """The whole picture; every part tells its amount when pointed at. A scale of what is ``counted`` is whole."""
    tallest = max((sum(amount for *_, amount in bar.parts) for bar in bars), default=0.0)
    top = _round_up(tallest) or 1.0
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    drawn = [
        element("line", x1=_LEFT, y1=_y(level, top), x2=_WIDTH, y2=_y(level, top), class_="mark")
        + text(f"{level:g}", x=_LEFT - 6, y=_y(level, top) + 4, class_="label", text_anchor="end")
        for level in (0.0, top / 2, top)
        if level.is_integer() or not counted
    ]
    every = max(1, round(len(bars) / 8))
    for number, bar in enumerate(bars):
        x, base = _LEFT + number * step + step * 0.15, 0.0
        for family, name, amount in bar.parts:
            if amount <= 0:
                continue
            upper, lower = _y(base + amount, top), _y(base, top)
            spoken = escape(f"{bar.label}: {name} {amount:g}{' ' + unit if unit else ''}")
            rect = element("rect", x=x, y=upper, width=step * 0.7, height=max(lower - upper, 1.0))
            drawn.append(element("g", f"<title>{spoken}</title>{rect}", class_=f"bar {family}"))
            base += amount
        if number % every == 0:
            drawn.append(text(bar.label, x=x + step * 0.35, y=_HEIGHT - 6, class_="label", text_anchor="middle"))
    return picture("".join(drawn), title=title, span=(_WIDTH, _HEIGHT), class_="chart")


def _y(amount: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - 12) * amount / top


def _round_up(amount: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 1.0
    while power * 5 < amount:
        power *= 10
    while amount and power > amount:
        power /= 10
    return next((factor * power for factor in (1, 2, 5, 10) if factor * power >= amount), power) if amount else 0.0
