"""Go's durations: whole nanoseconds within 64 bits, read from and written as ``1h2m3.5s``."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from .errors import DurationError

if TYPE_CHECKING:
    from tasks.engine.gotemplate.functions import Function

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

_MAXIMUM: Final = (1 << 63) - 1
_MINIMUM: Final = -(1 << 63)

_UNITS: Final = {
    "ns": 1,
    "us": MICROSECOND,
    "µs": MICROSECOND,  # U+00B5, the micro sign
    "μs": MICROSECOND,  # U+03BC, the Greek letter
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}

_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]*)")


class Duration(int):
    """A span of time in nanoseconds; prints as Go prints it. Sums and differences are plain integers."""

    go_type: ClassVar[str] = "time.Duration"
    go_kind: ClassVar[str] = "int64"
    go_methods: ClassVar[Mapping[str, "Function"]]

    @classmethod
    def saturated(cls, nanoseconds: int) -> Self:
        """The duration, or the longest one of its sign when 64 bits cannot hold it."""
        return cls(max(_MINIMUM, min(_MAXIMUM, nanoseconds)))

    def hours(self) -> float:
        return self._in_units_of(HOUR)

    def minutes(self) -> float:
        return self._in_units_of(MINUTE)

    def seconds(self) -> float:
        return self._in_units_of(SECOND)

    def milliseconds(self) -> int:
        return _quotient(int(self), MILLISECOND)

    def microseconds(self) -> int:
        return _quotient(int(self), MICROSECOND)

    def nanoseconds(self) -> int:
        return int(self)

    def absolute(self) -> "Duration":
        return Duration.saturated(abs(int(self)))

    def truncate(self, unit: int) -> "Duration":
        """Cut off towards zero to a multiple of ``unit`` nanoseconds; unchanged when that is not positive."""
        if unit <= 0:
            return self
        return Duration(_quotient(int(self), unit) * unit)

    def round(self, unit: int) -> "Duration":
        """The nearest multiple of ``unit`` nanoseconds, halves away from zero; unchanged when that is not positive."""
        if unit <= 0:
            return self
        rounded = (abs(int(self)) * 2 + unit) // (2 * unit) * unit
        return Duration.saturated(-rounded if self < 0 else rounded)

    def go_string(self) -> str:
        return format_duration(int(self))

    def go_fields(self) -> Mapping[str, object]:
        return {}

    def go_json(self) -> int:
        return int(self)

    def _in_units_of(self, unit: int) -> float:
        # Whole units and the rest apart, as Go does: one division would round differently.
        whole = _quotient(int(self), unit)
        return float(whole) + float(int(self) - whole * unit) / unit

    def __str__(self) -> str:
        return format_duration(int(self))

    def __repr__(self) -> str:
        return f"Duration({int(self)})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def parse_duration(text: str) -> Duration:
    """The duration that ``text`` (``1h30m``, ``-1.5s``, ``0``) names; a fraction of a nanosecond is cut off.

    Raises DurationError where it is none, has no or an unknown unit, or is beyond 64 bits.
    Source: docs/templates.md, "Durations".
    """
    rest = text[1:] if text[:1] in {"-", "+"} and text else text
    if rest == "0":
        return Duration(0)
    if not rest:
        raise DurationError(f'"{text}" is no duration: write a number with a unit, as in 1h30m or 500ms')
    total, position = 0, 0
    while position < len(rest):
        part = _PART.match(rest, position)
        # Every piece of the pattern may be empty, so that it always matches.
        assert part is not None
        total += _part_nanoseconds(text, *part.groups())
        position = part.end()
        if total > 1 << 63:
            raise DurationError(f'the duration "{text}" is longer than 292 years')
    signed = -total if text[0] == "-" else total
    if signed > _MAXIMUM:
        raise DurationError(f'the duration "{text}" is longer than 292 years')
    return Duration(signed)


def _part_nanoseconds(text: str, whole: str, fraction: str | None, unit: str) -> int:
    if not whole and not fraction:
        raise DurationError(f'"{text}" is no duration: a number is missing')
    if not unit:
        raise DurationError(f'the duration "{text}" lacks a unit: use one of ns, us, ms, s, m, h')
    scale = _UNITS.get(unit)
    if scale is None:
        raise DurationError(f'the duration "{text}" has the unknown unit "{unit}": use one of ns, us, ms, s, m, h')
    # Beyond 20 digits no unit can keep the number within 64 bits, and int() refuses thousands of digits.
    significant = whole.lstrip("0")
    if len(significant) > 20:
        raise DurationError(f'the duration "{text}" is longer than 292 years')
    nanoseconds = int(significant or "0") * scale
    if fraction:
        nanoseconds += _fraction_nanoseconds(fraction, scale)
    if nanoseconds > 1 << 63:
        raise DurationError(f'the duration "{text}" is longer than 292 years')
    return nanoseconds


def _fraction_nanoseconds(fraction: str, scale: int) -> int:
    value, divisor = 0, 1.0
    for digit in fraction:
        if value > _MAXIMUM // 10:
            break
        value = value * 10 + int(digit)
        divisor *= 10
    # In floating point, as Go computes it, so that the last nanosecond is the same.
    return int(float(value) * (float(scale) / divisor))


def format_duration(nanoseconds: int) -> str:
    """The duration as Go writes it: ``1h0m1.5s``, ``1.5ms``, ``0s``. Source: docs/templates.md, "Durations"."""
    if nanoseconds == 0:
        return "0s"
    sign, size = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if size < MICROSECOND:
        return f"{sign}{size}ns"
    if size < MILLISECOND:
        return f"{sign}{_decimal(size, 3)}µs"
    if size < SECOND:
        return f"{sign}{_decimal(size, 6)}ms"
    minutes, rest = divmod(size, MINUTE)
    seconds = f"{_decimal(rest, 9)}s"
    if not minutes:
        return sign + seconds
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}h{minutes}m{seconds}" if hours else f"{sign}{minutes}m{seconds}"


def _decimal(value: int, places: int) -> str:
    whole, fraction = divmod(value, 10**places)
    digits = f"{fraction:0{places}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _quotient(value: int, divisor: int) -> int:
    """Division of integers towards zero, as Go divides."""
    return -(-value // divisor) if value < 0 else value // divisor
