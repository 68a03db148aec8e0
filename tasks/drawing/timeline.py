"""The time line (Gantt chart) of a task as SVG: a row a step, a bar a try, a thin line while it waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from tasks.drawing.looks import look_of
from tasks.drawing.svg import LETTER, element, picture, shortened, text

_ROW, _BAR, _TOP, _WIDTH, _LETTERS = 26.0, 14.0, 26.0, 720.0, 28
#: Round distances between marks of the scale, in seconds.
_MARKS = (0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400, 604800, 2592000)


@dataclass(frozen=True, slots=True)
class Span:
    """What one row did from ``start`` to ``end`` (None: still at it), and the state it came to."""

    row: str
    start: datetime
    end: datetime | None
    state: str
    note: str = ""


def draw_timeline(spans: Sequence[Span], *, now: datetime, title: str) -> str:
    """The whole picture. Rows stand in the order in which they first appear; an open span reaches to ``now``."""
    if not spans:
        return ""
    rows = {name: number for number, name in enumerate(dict.fromkeys(span.row for span in spans))}
    first = min(span.start for span in spans)
    last = max(max(span.end or now for span in spans), first + timedelta(milliseconds=1))
    gutter = (min(max(len(name) for name in rows), _LETTERS) + 2) * LETTER
    scale = _Scale(first, last, gutter)
    height = _TOP + len(rows) * _ROW + 8
    labels = "".join(
        text(shortened(name, _LETTERS), x=4, y=_TOP + number * _ROW + 17, class_="name")
        for name, number in rows.items()
    )
    bars = "".join(_bar(span, rows[span.row], scale, now) for span in spans)
    width = gutter + _WIDTH + 12
    content = f"{scale.marks(height)}{labels}{bars}"
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    return picture(content, title=title, span=(width, height), class_="timeline", **size)


def _bar(span: Span, row: int, scale: "_Scale", now: datetime) -> str:
    x = scale.place(span.start)
    width = max(scale.place(span.end or now) - x, 3.0)
    look = look_of(span.state)
    took = (span.end or now) - span.start
    spoken = f"{span.row}: {span.state}, {readable(took)}" + (f", {span.note}" if span.note else "")
    return element(
        "g",
        f"<title>{escape(spoken)}</title>"
        + element("rect", x=x, y=_TOP + row * _ROW + 5, width=width, height=_BAR, rx="3")
        + (text(look.sign, x=x + width / 2 - 4, y=_TOP + row * _ROW + 16, class_="sign") if width > 16 else ""),
        class_=f"bar {look.family}" + ("" if span.end else " open"),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime
    gutter: float

    def place(self, moment: datetime) -> float:
        return self.gutter + _WIDTH * ((moment - self.first) / (self.last - self.first))

    def marks(self, height: float) -> str:
        whole = (self.last - self.first).total_seconds()
        distance = next((mark for mark in _MARKS if whole / mark <= 8), whole / 8)
        drawn = []
        for number in range(int(whole / distance) + 1):
            after = timedelta(seconds=number * distance)
            x = self.place(self.first + after)
            drawn.append(element("line", x1=x, y1=_TOP - 4, x2=x, y2=height, class_="mark"))
            said = f"+{readable(after)}" if number else "0"
            # The last one ends at the edge where it would reach beyond it.
            fits = x + 2 + len(said) * LETTER < self.gutter + _WIDTH + 12
            at, anchor = (x + 2, "start") if fits else (self.gutter + _WIDTH + 10, "end")
            drawn.append(text(said, x=at, y=_TOP - 10, class_="label", text_anchor=anchor))
        return "".join(drawn)


def readable(span: timedelta) -> str:
    """A span in the two largest units that say something: ``350 ms``, ``2.5 s``, ``3 min 20 s``, ``2 d 4 h``."""
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount:.0f} {unit}")
    return " ".join(parts[:2])
