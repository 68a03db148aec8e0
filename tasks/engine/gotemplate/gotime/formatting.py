"""A time's parts written by a layout."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .layouts import OffsetStyle, Part, Piece, read_layout

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a clock and a calendar on the wall of one zone show."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    nanosecond: int
    weekday: int  # 0 is Sunday
    day_of_year: int
    offset: int  # seconds east of Greenwich
    abbreviation: str


def format_parts(layout: str, parts: Parts) -> str:
    """The text that ``layout`` makes of the parts. Source: docs/templates.md, "Time layouts"."""
    written: list[str] = []
    for piece in read_layout(layout):
        written.append(piece.literal)
        if piece.part is Part.FRACTION:
            written.append(_fraction(piece, parts.nanosecond))
        elif piece.part is Part.ZONE_OFFSET:
            assert piece.offset is not None
            written.append(_offset(piece.offset, parts.offset))
        elif piece.part is not None:
            written.append(_WRITERS[piece.part](parts))
    return "".join(written)


def padded(value: int, width: int) -> str:
    """A whole number with zeroes in front of its digits, the sign not counted."""
    return f"-{-value:0{width}d}" if value < 0 else f"{value:0{width}d}"


_WRITERS: Final[dict[Part, Callable[[Parts], str]]] = {
    Part.LONG_YEAR: lambda parts: padded(parts.year, 4),
    Part.YEAR: lambda parts: padded(max(parts.year, 0) % 100, 2),
    Part.LONG_MONTH: lambda parts: MONTHS[parts.month - 1],
    Part.MONTH: lambda parts: MONTHS[parts.month - 1][:3],
    Part.NUMBER_MONTH: lambda parts: str(parts.month),
    Part.ZERO_MONTH: lambda parts: f"{parts.month:02d}",
    Part.LONG_WEEKDAY: lambda parts: WEEKDAYS[parts.weekday],
    Part.WEEKDAY: lambda parts: WEEKDAYS[parts.weekday][:3],
    Part.DAY: lambda parts: str(parts.day),
    Part.UNDER_DAY: lambda parts: f"{parts.day:2d}",
    Part.ZERO_DAY: lambda parts: f"{parts.day:02d}",
    Part.UNDER_YEAR_DAY: lambda parts: f"{parts.day_of_year:3d}",
    Part.ZERO_YEAR_DAY: lambda parts: f"{parts.day_of_year:03d}",
    Part.HOUR: lambda parts: f"{parts.hour:02d}",
    Part.HOUR_12: lambda parts: str(parts.hour % 12 or 12),
    Part.ZERO_HOUR_12: lambda parts: f"{parts.hour % 12 or 12:02d}",
    Part.MINUTE: lambda parts: str(parts.minute),
    Part.ZERO_MINUTE: lambda parts: f"{parts.minute:02d}",
    Part.SECOND: lambda parts: str(parts.second),
    Part.ZERO_SECOND: lambda parts: f"{parts.second:02d}",
    Part.UPPER_PM: lambda parts: "PM" if parts.hour >= 12 else "AM",
    Part.LOWER_PM: lambda parts: "pm" if parts.hour >= 12 else "am",
    Part.ZONE_NAME: lambda parts: parts.abbreviation or _nameless(parts.offset),
}


def _fraction(piece: Piece, nanosecond: int) -> str:
    digits = f"{nanosecond:09d}"[: piece.digits]
    if piece.trimmed:
        digits = digits.rstrip("0")
        return piece.sample[0] + digits if digits else ""
    return piece.sample[0] + digits


def _offset(style: OffsetStyle, offset: int) -> str:
    if style.z_for_utc and offset == 0:
        return "Z"
    minutes, seconds = _minutes_towards_zero(offset), offset
    sign = "+"
    if minutes < 0:
        sign, minutes, seconds = "-", -minutes, -offset
    numbers = [f"{minutes // 60:02d}"]
    if style.minutes:
        numbers.append(f"{minutes % 60:02d}")
    if style.seconds:
        # Kept: an offset of less than a minute to the west shows its sign here, as in Go.
        numbers.append(padded(seconds % 60 if seconds >= 0 else -(-seconds % 60), 2))
    return sign + (":" if style.colons else "").join(numbers)


def _nameless(offset: int) -> str:
    minutes = _minutes_towards_zero(offset)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02d}{minutes % 60:02d}"


def _minutes_towards_zero(offset: int) -> int:
    return -(-offset // 60) if offset < 0 else offset // 60
