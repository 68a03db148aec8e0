"""Which methods of a time, a duration, a month, a weekday and a zone a template may call, under Go's names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .durations import Duration
from .moments import Month, Time, Weekday
from .zones import Zone


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what to call with the value and the arguments, and the names of Go's types on both sides.

    ``call`` may raise TimeError; several ``results`` (none of them an error) make it one that templates refuse.
    """

    call: Callable[..., Any]
    parameters: tuple[str, ...]
    results: tuple[str, ...]


def _iso_week(time: Time) -> tuple[int, int]:
    # The week belongs to the year that holds its Thursday.
    thursday = time.add_date(0, 0, 3 - (time.weekday() - 1) % 7)
    return thursday.year(), (thursday.day_of_year() - 1) // 7 + 1


def _clock(time: Time) -> tuple[int, int, int]:
    parts = time.parts()
    return parts.hour, parts.minute, parts.second


def _date(time: Time) -> tuple[int, Month, int]:
    parts = time.parts()
    return parts.year, Month(parts.month), parts.day


def _zone(time: Time) -> tuple[str, int]:
    parts = time.parts()
    return parts.abbreviation, parts.offset


_TIME: Final[Mapping[str, Method]] = {
    "Add": Method(Time.add, ("time.Duration",), ("time.Time",)),
    "AddDate": Method(Time.add_date, ("int", "int", "int"), ("time.Time",)),
    "After": Method(Time.after, ("time.Time",), ("bool",)),
    "Before": Method(Time.before, ("time.Time",), ("bool",)),
    "Clock": Method(_clock, (), ("int", "int", "int")),
    "Compare": Method(Time.compare, ("time.Time",), ("int",)),
    "Date": Method(_date, (), ("int", "time.Month", "int")),
    "Day": Method(Time.day, (), ("int",)),
    "Equal": Method(Time.same_instant, ("time.Time",), ("bool",)),
    "Format": Method(Time.format, ("string",), ("string",)),
    "GoString": Method(Time.go_source, (), ("string",)),
    "Hour": Method(Time.hour, (), ("int",)),
    "ISOWeek": Method(_iso_week, (), ("int", "int")),
    "In": Method(Time.in_zone, ("*time.Location",), ("time.Time",)),
    "IsDST": Method(Time.is_summer_time, (), ("bool",)),
    "IsZero": Method(Time.is_zero, (), ("bool",)),
    "Local": Method(Time.utc, (), ("time.Time",)),
    "Location": Method(lambda time: time.zone, (), ("*time.Location",)),
    "MarshalJSON": Method(lambda time: f'"{time.json_text()}"'.encode(), (), ("[]uint8", "error")),
    "MarshalText": Method(lambda time: time.json_text().encode(), (), ("[]uint8", "error")),
    "Minute": Method(Time.minute, (), ("int",)),
    "Month": Method(Time.month, (), ("time.Month",)),
    "Nanosecond": Method(lambda time: time.nanosecond, (), ("int",)),
    "Round": Method(Time.round, ("time.Duration",), ("time.Time",)),
    "Second": Method(Time.second, (), ("int",)),
    "String": Method(str, (), ("string",)),
    "Sub": Method(Time.subtract, ("time.Time",), ("time.Duration",)),
    "Truncate": Method(Time.truncate, ("time.Duration",), ("time.Time",)),
    "UTC": Method(Time.utc, (), ("time.Time",)),
    "Unix": Method(Time.unix, (), ("int64",)),
    "UnixMicro": Method(Time.unix_microseconds, (), ("int64",)),
    "UnixMilli": Method(Time.unix_milliseconds, (), ("int64",)),
    "UnixNano": Method(Time.unix_nanoseconds, (), ("int64",)),
    "Weekday": Method(Time.weekday, (), ("time.Weekday",)),
    "Year": Method(Time.year, (), ("int",)),
    "YearDay": Method(Time.day_of_year, (), ("int",)),
    "Zone": Method(_zone, (), ("string", "int")),
}

_DURATION: Final[Mapping[str, Method]] = {
    "Abs": Method(Duration.absolute, (), ("time.Duration",)),
    "Hours": Method(Duration.hours, (), ("float64",)),
    "Microseconds": Method(Duration.microseconds, (), ("int64",)),
    "Milliseconds": Method(Duration.milliseconds, (), ("int64",)),
    "Minutes": Method(Duration.minutes, (), ("float64",)),
    "Nanoseconds": Method(Duration.nanoseconds, (), ("int64",)),
    "Round": Method(Duration.round, ("time.Duration",), ("time.Duration",)),
    "Seconds": Method(Duration.seconds, (), ("float64",)),
    "String": Method(str, (), ("string",)),
    "Truncate": Method(Duration.truncate, ("time.Duration",), ("time.Duration",)),
}

_PRINTED: Final[Mapping[str, Method]] = {"String": Method(str, (), ("string",))}

#: By type of the value, then by Go's name of the method.
METHODS: Final[Mapping[type, Mapping[str, Method]]] = {
    Time: _TIME,
    Duration: _DURATION,
    Month: _PRINTED,
    Weekday: _PRINTED,
    Zone: _PRINTED,
}

#: Go's name of each type's values.
TYPE_NAMES: Final[Mapping[type, str]] = {
    Time: "time.Time",
    Duration: "time.Duration",
    Month: "time.Month",
    Weekday: "time.Weekday",
    Zone: "*time.Location",
}
