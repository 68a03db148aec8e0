"""Spans of time as Go writes them: ``300ms``, ``1.5h``, ``2m30s``. Source: docs/actions.md, "Little formats"."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5, the micro sign
    "μs": 1_000,  # U+03BC, the Greek letter
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3600 * 1_000_000_000,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)(?![^0-9.])")
_LARGEST = (1 << 63) - 1


def parse_nanoseconds(text: str) -> int:
    """Nanoseconds of a duration; fractions are cut off. Raises ValueError for what Go refuses."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, position = 0, 0
    while position < len(rest) or not rest:
        part = _PART.match(rest, position)
        if part is None or not (part[1] or part[2]):
            raise ValueError(f"{text[:40]!r} is not a duration")
        unit = _UNITS[part[3]]
        total += int(part[1] or 0) * unit + _fraction(part[2] or "", unit)
        position = part.end()
    # Go's negative range is longer by one.
    if total > _LARGEST + (sign < 0):
        raise ValueError(f"{text[:40]!r} is too long a duration")
    return sign * total


def _fraction(digits: str, unit: int) -> int:
    """Nanoseconds of the digits behind a point, by Go's arithmetic: digits past 64 bits do not count, then floats."""
    value, scale = 0, 1.0
    for digit in digits:
        longer = value * 10 + int(digit)
        if value > _LARGEST // 10 or longer > _LARGEST + 1:
            break
        value, scale = longer, scale * 10
    return int(value * (unit / scale))


def parse_duration(text: str) -> timedelta:
    """The span that ``text`` names, to the microsecond; a rest below that counts as a whole one: 1ns is not 0."""
    nanoseconds = parse_nanoseconds(text)
    return timedelta(microseconds=-(-nanoseconds // 1_000) if nanoseconds > 0 else nanoseconds // 1_000)


def format_nanoseconds(nanoseconds: int) -> str:
    """A span as Go prints it: ``0s``, ``846.889µs``, ``1.5s``, ``1h0m2s``."""
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if left < 1_000_000_000:
        unit = next((unit for unit in ("ms", "µs", "ns") if left >= _UNITS[unit]), "")
        return f"{sign}{_decimal(left, _UNITS[unit])}{unit}" if unit else "0s"
    minutes, rest = divmod(left, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    said = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{said}{_decimal(rest, _UNITS['s'])}s"


def _decimal(value: int, unit: int) -> str:
    whole, fraction = divmod(value, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}d}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)
