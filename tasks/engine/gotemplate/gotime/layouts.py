"""Go's layouts: a sample time, cut into what is literal and what stands for a part of the time."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final


class Part(Enum):
    """What a piece of a layout stands for."""

    LONG_YEAR = auto()
    YEAR = auto()
    LONG_MONTH = auto()
    MONTH = auto()
    NUMBER_MONTH = auto()
    ZERO_MONTH = auto()
    LONG_WEEKDAY = auto()
    WEEKDAY = auto()
    DAY = auto()
    UNDER_DAY = auto()
    ZERO_DAY = auto()
    UNDER_YEAR_DAY = auto()
    ZERO_YEAR_DAY = auto()
    HOUR = auto()
    HOUR_12 = auto()
    ZERO_HOUR_12 = auto()
    MINUTE = auto()
    ZERO_MINUTE = auto()
    SECOND = auto()
    ZERO_SECOND = auto()
    UPPER_PM = auto()
    LOWER_PM = auto()
    ZONE_NAME = auto()
    ZONE_OFFSET = auto()
    FRACTION = auto()


@dataclass(frozen=True, slots=True)
class OffsetStyle:
    """How an offset is written."""

    z_for_utc: bool
    colons: bool
    minutes: bool
    seconds: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal text, then a part of the time (None: the layout's end)."""

    literal: str
    part: Part | None = None
    sample: str = ""
    offset: OffsetStyle | None = None
    digits: int = 0  # of a fraction
    trimmed: bool = False  # a fraction whose zeroes at the end are left out


#: Each sample, longer before shorter where one begins like another. Source: docs/templates.md, "Time layouts".
_SAMPLES: Final = (
    ("January", Part.LONG_MONTH),
    ("Jan(?![a-z])", Part.MONTH),
    ("Monday", Part.LONG_WEEKDAY),
    ("Mon(?![a-z])", Part.WEEKDAY),
    ("MST", Part.ZONE_NAME),
    ("01", Part.ZERO_MONTH),
    ("02", Part.ZERO_DAY),
    ("03", Part.ZERO_HOUR_12),
    ("04", Part.ZERO_MINUTE),
    ("05", Part.ZERO_SECOND),
    ("06", Part.YEAR),
    ("002", Part.ZERO_YEAR_DAY),
    ("15", Part.HOUR),
    ("1", Part.NUMBER_MONTH),
    ("2006", Part.LONG_YEAR),
    ("_2(?!006)", Part.UNDER_DAY),
    ("2", Part.DAY),
    ("__2", Part.UNDER_YEAR_DAY),
    ("3", Part.HOUR_12),
    ("4", Part.MINUTE),
    ("5", Part.SECOND),
    ("PM", Part.UPPER_PM),
    ("pm", Part.LOWER_PM),
    ("[-Z]07(?:0000|:00:00|00|:00)?", Part.ZONE_OFFSET),
    ("[.,](?:0+|9+)(?![0-9])", Part.FRACTION),
)

_SAMPLE: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _SAMPLES))


@lru_cache(maxsize=512)
def read_layout(layout: str) -> tuple[Piece, ...]:
    """The pieces of a layout in order; the last holds the literal text at its end."""
    pieces, position = [], 0
    for found in _SAMPLE.finditer(layout):
        assert found.lastindex is not None
        part, sample = _SAMPLES[found.lastindex - 1][1], found.group()
        pieces.append(_piece(layout[position : found.start()], part, sample))
        position = found.end()
    pieces.append(Piece(layout[position:]))
    return tuple(pieces)


def _piece(literal: str, part: Part, sample: str) -> Piece:
    match part:
        case Part.ZONE_OFFSET:
            digits = sample[1:].replace(":", "")
            style = OffsetStyle(sample[0] == "Z", ":" in sample, len(digits) > 2, len(digits) > 4)
            return Piece(literal, part, sample, offset=style)
        case Part.FRACTION:
            return Piece(literal, part, sample, digits=len(sample) - 1, trimmed=sample[1] == "9")
        case _:
            return Piece(literal, part, sample)
