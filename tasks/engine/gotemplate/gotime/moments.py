"""An instant seen in a zone: Go's ``time.Time``, with nanoseconds and years without bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from . import calendar
from .durations import SECOND, Duration
from .errors import TimeError
from .formatting import MONTHS, WEEKDAYS, Parts, format_parts
from .zones import UTC, Zone

if TYPE_CHECKING:
    from tasks.engine.gotemplate.functions import Function

RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"
_STRING_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"

#: Unix seconds of Go's zero time, 1 January of the year 1.
_ZERO_SECONDS: Final = -62_135_596_800


class _Named(int):
    """A number that prints as its English name."""

    go_type: ClassVar[str]
    go_kind: ClassVar[str] = "int"
    go_methods: ClassVar[Mapping[str, "Function"]]

    def go_string(self) -> str:
        return str(self)

    def go_fields(self) -> Mapping[str, object]:
        return {}

    def go_json(self) -> int:
        return int(self)


class Month(_Named):
    """1 for January to 12."""

    go_type: ClassVar[str] = "time.Month"

    def __str__(self) -> str:
        return MONTHS[int(self) - 1]


class Weekday(_Named):
    """0 for Sunday to 6."""

    go_type: ClassVar[str] = "time.Weekday"

    def __str__(self) -> str:
        return WEEKDAYS[int(self)]


@dataclass(frozen=True, slots=True)
class Time:
    """An instant (seconds and nanoseconds since 1970 in UTC) and the zone it is shown in.

    Equal are two of the same instant *in the same zone*; ``same_instant`` looks at the instant alone.
    """

    go_type: ClassVar[str] = "time.Time"
    go_kind: ClassVar[str] = "struct"
    go_methods: ClassVar[Mapping[str, "Function"]]

    unix_seconds: int
    nanosecond: int = 0  # 0 to 999,999,999
    zone: Zone = UTC

    # Making one

    @classmethod
    def of_parts(
        cls, year: int, month: int, day: int, hour: int, minute: int, second: int, nanosecond: int, zone: Zone
    ) -> "Time":
        """The instant when a clock in ``zone`` shows these parts; those beyond their range carry over."""
        carried, nanosecond = divmod(nanosecond, SECOND)
        days = calendar.days_since_epoch(year, month, day)
        local = days * 86_400 + hour * 3600 + minute * 60 + second + carried
        return cls(zone.seconds_of_local(local), nanosecond, zone)

    @classmethod
    def of_datetime(cls, moment: datetime) -> "Time":
        """The instant of an aware ``datetime``, shown in UTC."""
        if moment.tzinfo is None:
            raise TimeError("a moment without a time zone is no instant")
        whole, rest = divmod(moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo), timedelta(seconds=1))
        offset = moment.utcoffset() or timedelta(0)
        return cls(whole - int(offset.total_seconds()), rest.microseconds * 1000)

    # Its parts

    def parts(self) -> Parts:
        """All that the wall clock and the calendar show, in one go."""
        offset, abbreviation = self.zone.at(self.unix_seconds)
        days, rest = divmod(self.unix_seconds + offset, 86_400)
        year, month, day = calendar.date_of_days(days)
        return Parts(
            year=year,
            month=month,
            day=day,
            hour=rest // 3600,
            minute=rest // 60 % 60,
            second=rest % 60,
            nanosecond=self.nanosecond,
            weekday=(days + 4) % 7,  # 1 January 1970 was a Thursday
            day_of_year=calendar.day_of_year(year, month, day),
            offset=offset,
            abbreviation=abbreviation,
        )

    def year(self) -> int:
        return self.parts().year

    def month(self) -> Month:
        return Month(self.parts().month)

    def day(self) -> int:
        return self.parts().day

    def hour(self) -> int:
        return self.parts().hour

    def minute(self) -> int:
        return self.parts().minute

    def second(self) -> int:
        return self.parts().second

    def weekday(self) -> Weekday:
        return Weekday(self.parts().weekday)

    def day_of_year(self) -> int:
        return self.parts().day_of_year

    def unix(self) -> int:
        return self.unix_seconds

    def unix_milliseconds(self) -> int:
        return self.unix_seconds * 1000 + self.nanosecond // 1_000_000

    def unix_microseconds(self) -> int:
        return self.unix_seconds * 1_000_000 + self.nanosecond // 1000

    def unix_nanoseconds(self) -> int:
        return self.unix_seconds * SECOND + self.nanosecond

    def is_zero(self) -> bool:
        return self.unix_seconds == _ZERO_SECONDS and self.nanosecond == 0

    def is_summer_time(self) -> bool:
        return self.zone.is_summer_time(self.unix_seconds)

    # Another zone

    def in_zone(self, zone: Zone) -> "Time":
        return replace(self, zone=zone)

    def utc(self) -> "Time":
        return self.in_zone(UTC)

    # Reckoning

    def add(self, nanoseconds: int) -> "Time":
        seconds, nanosecond = divmod(self.nanosecond + nanoseconds, SECOND)
        return Time(self.unix_seconds + seconds, nanosecond, self.zone)

    def add_date(self, years: int, months: int, days: int) -> "Time":
        """The same time of day on another date; 31 October and a month is 1 December."""
        now = self.parts()
        return Time.of_parts(
            now.year + years,
            now.month + months,
            now.day + days,
            now.hour,
            now.minute,
            now.second,
            now.nanosecond,
            self.zone,
        )

    def subtract(self, other: "Time") -> Duration:
        """The time from ``other`` to this, at most 292 years."""
        return Duration.saturated(self.unix_nanoseconds() - other.unix_nanoseconds())

    def truncate(self, unit: int) -> "Time":
        """Back to a multiple of ``unit`` nanoseconds since the zero time; unchanged when that is not positive."""
        return self if unit <= 0 else self.add(-self._beyond(unit))

    def round(self, unit: int) -> "Time":
        """The nearest multiple of ``unit`` nanoseconds since the zero time, halves up."""
        if unit <= 0:
            return self
        beyond = self._beyond(unit)
        return self.add(-beyond if beyond * 2 < unit else unit - beyond)

    def _beyond(self, unit: int) -> int:
        return (self.unix_nanoseconds() - _ZERO_SECONDS * SECOND) % unit

    def before(self, other: "Time") -> bool:
        return self.compare(other) < 0

    def after(self, other: "Time") -> bool:
        return self.compare(other) > 0

    def same_instant(self, other: "Time") -> bool:
        return self.compare(other) == 0

    def compare(self, other: "Time") -> int:
        """-1, 0 or 1 when this is before, at or after the other."""
        mine, others = self.unix_nanoseconds(), other.unix_nanoseconds()
        return (mine > others) - (mine < others)

    # Text

    def format(self, layout: str) -> str:
        """Written by a Go layout. Source: docs/templates.md, "Time layouts"."""
        return format_parts(layout, self.parts())

    def go_string(self) -> str:
        return str(self)

    def go_fields(self) -> Mapping[str, object]:
        return {}

    def go_json(self) -> str:
        """RFC 3339 with as many decimals as needed.

        Raises TimeError where that form has no room for the year or the offset.
        """
        parts = self.parts()
        if not 0 <= parts.year <= 9999:
            raise TimeError(f"the year {parts.year} has not four digits, so that JSON cannot hold this time")
        if abs(parts.offset) >= 24 * 3600:
            raise TimeError("an offset of a day or more cannot be written in JSON")
        return format_parts(RFC3339_NANO, parts)

    def go_source(self) -> str:
        """As Go source code, which the verb ``%#v`` prints."""
        parts = self.parts()
        numbers = f"{parts.day}, {parts.hour}, {parts.minute}, {parts.second}, {parts.nanosecond}"
        zone = "time.UTC" if self.zone is UTC else f'time.Location("{self.zone.name}")'
        return f"time.Date({parts.year}, time.{MONTHS[parts.month - 1]}, {numbers}, {zone})"

    def __str__(self) -> str:
        return self.format(_STRING_LAYOUT)


#: Go's zero value of a time: 1 January of the year 1, midnight, UTC.
ZERO_TIME: Final = Time(_ZERO_SECONDS)
