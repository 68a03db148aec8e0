"""A text read by a layout, with all that Go lets pass and all that it refuses."""

import re
from dataclasses import dataclass
from typing import Final

from . import calendar
from .errors import TimeError
from .formatting import MONTHS, WEEKDAYS
from .layouts import OffsetStyle, Part, Piece, read_layout
from .moments import Time
from .zones import UTC, Zone, fixed_zone

_LONG_MONTHS: Final = tuple(name.lower() for name in MONTHS)
_SHORT_MONTHS: Final = tuple(name[:3].lower() for name in MONTHS)
_LONG_WEEKDAYS: Final = tuple(name.lower() for name in WEEKDAYS)
_SHORT_WEEKDAYS: Final = tuple(name[:3].lower() for name in WEEKDAYS)

_SIGNED_OFFSET: Final = re.compile(r"[+-]0*([0-9]{1,2})(?![0-9])")
#: Three letters; four that end in T; five that end in T; and the exceptions.
_ZONE_NAME: Final = re.compile(r"ChST|MeST|(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3}(?![A-Z]))(?![A-Z])")
_FRACTION: Final = re.compile(r"[.,][0-9]+")


@dataclass(slots=True)
class _Found:
    """What has been read so far; None where the layout has not named it yet."""

    year: int = 0
    month: int | None = None
    day: int | None = None
    day_of_year: int | None = None
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    afternoon: bool | None = None
    utc: bool = False
    offset: int | None = None
    abbreviation: str = ""


class _Misfit(Exception):
    """The text does not go on as the layout says; with a reason where it is a range that is left."""

    def __init__(self, out_of_range: str = "") -> None:
        super().__init__(out_of_range)
        self.out_of_range = out_of_range


def parse_time(layout: str, text: str) -> Time:
    """The time that ``text`` names when read by ``layout``; what the layout does not name is zero, the zone UTC.

    Raises TimeError, which tells the first place where text and layout part.
    Source: docs/templates.md, "Time layouts".
    """
    found = _Found()
    reader = _Reader(text)
    pieces = read_layout(layout)
    for index, piece in enumerate(pieces):
        try:
            reader.skip(piece.literal)
        except _Misfit:
            raise _refusal(layout, text, reader.rest, piece.literal) from None
        if piece.part is None:
            break
        before = reader.rest
        try:
            _read_part(piece, reader, found, fraction_follows=pieces[index + 1].part is Part.FRACTION)
        except _Misfit as misfit:
            if misfit.out_of_range:
                raise TimeError(f'parsing time "{text}": {misfit.out_of_range} out of range') from None
            raise _refusal(layout, text, before, piece.sample) from None
    if reader.rest:
        raise TimeError(f'parsing time "{text}": extra text: "{reader.rest}"')
    try:
        return _assembled(found)
    except _Misfit as misfit:
        raise TimeError(f'parsing time "{text}": {misfit.out_of_range}') from None


def _refusal(layout: str, text: str, rest: str, sample: str) -> TimeError:
    return TimeError(f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{sample}"')


class _Reader:
    """The part of the text that is still to be read."""

    __slots__ = ("_position", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    @property
    def rest(self) -> str:
        return self._text[self._position :]

    def take(self, length: int) -> str:
        taken = self._text[self._position : self._position + length]
        if len(taken) < length:
            raise _Misfit
        self._position += length
        return taken

    def take_match(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._position)
        if match is None:
            return None
        self._position = match.end()
        return match.group()

    def starts_with(self, prefix: str) -> bool:
        return self._text.startswith(prefix, self._position)

    def skip(self, literal: str) -> None:
        """Pass over literal text; a run of blanks stands for any number of them, none at the end too."""
        index = 0
        while index < len(literal):
            if literal[index] == " ":
                if self.rest and not self.starts_with(" "):
                    raise _Misfit
                index += len(literal) - index - len(literal[index:].lstrip(" "))
                self._position = len(self._text) - len(self.rest.lstrip(" "))
                continue
            if not self.starts_with(literal[index]):
                raise _Misfit
            index += 1
            self._position += 1

    def skip_blank(self) -> None:
        if self.starts_with(" "):
            self._position += 1

    def number(self, *, most: int, exactly: bool) -> int:
        """A whole number of at most, or exactly, so many digits."""
        digits = ""
        while len(digits) < most and self._position < len(self._text) and self._text[self._position] in "0123456789":
            digits += self._text[self._position]
            self._position += 1
        if not digits or (exactly and len(digits) < most):
            raise _Misfit
        return int(digits)

    def name(self, names: tuple[str, ...]) -> int:
        """Index of the name that stands here, in any case."""
        for index, name in enumerate(names):
            written = self._text[self._position : self._position + len(name)]
            if written.isascii() and written.lower() == name:
                self._position += len(name)
                return index
        raise _Misfit


def _read_part(piece: Piece, reader: _Reader, found: _Found, *, fraction_follows: bool) -> None:
    match piece.part:
        case Part.YEAR | Part.LONG_YEAR:
            found.year = _year(piece.part, reader)
        case Part.MONTH | Part.LONG_MONTH | Part.NUMBER_MONTH | Part.ZERO_MONTH:
            found.month = _month(piece.part, reader)
        case Part.WEEKDAY:
            reader.name(_SHORT_WEEKDAYS)
        case Part.LONG_WEEKDAY:
            reader.name(_LONG_WEEKDAYS)
        case Part.DAY | Part.UNDER_DAY | Part.ZERO_DAY:
            if piece.part is Part.UNDER_DAY:
                reader.skip_blank()
            found.day = reader.number(most=2, exactly=piece.part is Part.ZERO_DAY)
        case Part.UNDER_YEAR_DAY:
            reader.skip_blank()
            reader.skip_blank()
            found.day_of_year = reader.number(most=3, exactly=False)
        case Part.ZERO_YEAR_DAY:
            found.day_of_year = reader.number(most=3, exactly=True)
        case Part.HOUR:
            found.hour = _below(24, reader.number(most=2, exactly=False), "hour")
        case Part.HOUR_12 | Part.ZERO_HOUR_12:
            found.hour = _below(13, reader.number(most=2, exactly=piece.part is Part.ZERO_HOUR_12), "hour")
        case Part.MINUTE | Part.ZERO_MINUTE:
            found.minute = _below(60, reader.number(most=2, exactly=piece.part is Part.ZERO_MINUTE), "minute")
        case Part.SECOND | Part.ZERO_SECOND:
            found.second = _below(60, reader.number(most=2, exactly=piece.part is Part.ZERO_SECOND), "second")
            if not fraction_follows:
                # Decimals pass although the layout does not name them.
                found.nanosecond = _optional_fraction(reader, found.nanosecond)
        case Part.UPPER_PM | Part.LOWER_PM:
            found.afternoon = _afternoon(piece.sample, reader, found.afternoon)
        case Part.ZONE_OFFSET:
            assert piece.offset is not None
            _read_offset(piece.offset, reader, found)
        case Part.ZONE_NAME:
            _read_zone_name(reader, found)
        case Part.FRACTION:
            if piece.trimmed:
                found.nanosecond = _optional_fraction(reader, found.nanosecond)
            else:
                found.nanosecond = _nanoseconds(reader.take(1 + piece.digits))


def _year(part: Part, reader: _Reader) -> int:
    if part is Part.LONG_YEAR:
        digits = reader.take(4)
        if digits[0] not in "0123456789":
            raise _Misfit
        return _signed(digits)
    year = _signed(reader.take(2))
    return year + (1900 if year >= 69 else 2000)


def _month(part: Part, reader: _Reader) -> int:
    if part is Part.MONTH:
        return reader.name(_SHORT_MONTHS) + 1
    if part is Part.LONG_MONTH:
        return reader.name(_LONG_MONTHS) + 1
    month = reader.number(most=2, exactly=part is Part.ZERO_MONTH)
    if not 1 <= month <= 12:
        raise _Misfit("month")
    return month


def _below(limit: int, value: int, name: str) -> int:
    if value >= limit:
        raise _Misfit(name)
    return value


def _signed(digits: str) -> int:
    # Kept: a sign is digit enough for Go where it takes a fixed number of characters.
    unsigned = digits[1:] if digits[:1] in {"+", "-"} else digits
    if not (unsigned.isascii() and unsigned.isdigit()):
        raise _Misfit
    return -int(unsigned) if digits[0] == "-" else int(unsigned)


def _afternoon(sample: str, reader: _Reader, before: bool | None) -> bool:
    written = reader.take(2)
    morning = "AM" if sample == "PM" else "am"
    if written not in {sample, morning}:
        raise _Misfit
    # Kept: said twice, the afternoon wins.
    return written == sample or bool(before)


def _optional_fraction(reader: _Reader, otherwise: int) -> int:
    written = reader.take_match(_FRACTION)
    return otherwise if written is None else _nanoseconds(written)


def _nanoseconds(written: str) -> int:
    if written[0] not in ".,":
        raise _Misfit
    nanosecond = _signed(written[1:10].ljust(9, "0"))
    if nanosecond < 0:
        raise _Misfit("fractional second")
    return nanosecond


def _read_offset(style: OffsetStyle, reader: _Reader, found: _Found) -> None:
    if style.z_for_utc and reader.starts_with("Z"):
        reader.take(1)
        found.utc = True
        return
    sign = reader.take(1)
    hours, minutes, seconds = reader.take(2), "00", "00"
    if style.minutes:
        _take_colon(style, reader)
        minutes = reader.take(2)
    if style.seconds:
        _take_colon(style, reader)
        seconds = reader.take(2)
    # A whole day, hour or minute passes: some people write it so.
    numbers = (
        _below(25, _two_digits(hours), "time zone offset hour"),
        _below(61, _two_digits(minutes), "time zone offset minute"),
        _below(61, _two_digits(seconds), "time zone offset second"),
    )
    offset = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2]
    if sign not in {"+", "-"}:
        raise _Misfit
    found.offset = -offset if sign == "-" else offset


def _take_colon(style: OffsetStyle, reader: _Reader) -> None:
    if style.colons and reader.take(1) != ":":
        raise _Misfit


def _two_digits(written: str) -> int:
    if not (written.isascii() and written.isdigit()):
        raise _Misfit
    return int(written)


def _read_zone_name(reader: _Reader, found: _Found) -> None:
    if reader.starts_with("UTC"):
        reader.take(3)
        found.utc = True
        return
    if reader.starts_with("GMT"):
        found.abbreviation = reader.take(3) + (_taken_offset(reader) or "")
        return
    name = _taken_offset(reader) if reader.starts_with("+") or reader.starts_with("-") else None
    name = name or reader.take_match(_ZONE_NAME)
    if name is None or len(name) < 3:
        raise _Misfit
    found.abbreviation = name


def _taken_offset(reader: _Reader) -> str | None:
    match = _SIGNED_OFFSET.match(reader.rest)
    if match is None or int(match.group(1)) > 23:
        return None
    return reader.take(len(match.group()))


def _assembled(found: _Found) -> Time:
    hour = found.hour
    if found.afternoon and hour < 12:
        hour += 12
    elif found.afternoon is False and hour == 12:
        hour = 0
    month, day = _date(found)

    def at(zone: Zone) -> Time:
        return Time.of_parts(found.year, month, day, hour, found.minute, found.second, found.nanosecond, zone)

    if found.utc:
        return at(UTC)
    # Kept: an offset of one second to the west is no offset for Go, which marks "none" so.
    if found.offset is not None and found.offset != -1:
        zone = UTC if found.offset == 0 and found.abbreviation in {"", "UTC"} else None
        return at(zone or fixed_zone(found.abbreviation, found.offset))
    if found.abbreviation:
        # Kept: an abbreviation does not tell its offset, and GMT+3 moves the clock: docs/templates.md, "Time layouts".
        hours = found.abbreviation[3:] if found.abbreviation.startswith("GMT") else ""
        return at(UTC).in_zone(fixed_zone(found.abbreviation, _signed(hours) * 3600 if hours else 0))
    return at(UTC)


def _date(found: _Found) -> tuple[int, int]:
    month, day = found.month, found.day
    if found.day_of_year is not None:
        length = 366 if calendar.is_leap(found.year) else 365
        if not 1 <= found.day_of_year <= length:
            raise _Misfit("day-of-year out of range")
        _, named_month, named_day = calendar.date_of_days(calendar.days_since_epoch(found.year, 1, found.day_of_year))
        if month not in {None, named_month}:
            raise _Misfit("day-of-year does not match month")
        if day not in {None, named_day}:
            raise _Misfit("day-of-year does not match day")
        return named_month, named_day
    month, day = month or 1, 1 if day is None else day
    if not 1 <= day <= calendar.days_in_month(found.year, month):
        raise _Misfit("day out of range")
    return month, day
