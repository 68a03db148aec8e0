"""Which methods of a time, a duration, a month, a weekday and a zone a template may call, under Go's names.

Methods with several results (``Date``, ``Clock``, ``Zone``…) are not here: Go's templates refuse to call them.
"""

from collections.abc import Callable
from typing import Any

from tasks.engine.gotemplate.functions import Function, Parameter
from tasks.engine.gotemplate.golang import Int64

from .durations import Duration
from .moments import Month, Time, Weekday
from .zones import Zone


def _methods(*rows: tuple[str, Callable[..., Any], *tuple[Parameter, ...]]) -> dict[str, Function]:
    return {name: Function(name, call, tuple(parameters)) for name, call, *parameters in rows}


def _as_int64(count: Callable[[Any], int]) -> Callable[[Any], Int64]:
    def counted(value: Any) -> Int64:
        return Int64(count(value))

    return counted


_TEXT = ("String", str)

Time.go_methods = _methods(
    ("Add", Time.add, Duration),
    ("AddDate", Time.add_date, "int", "int", "int"),
    ("After", Time.after, Time),
    ("Before", Time.before, Time),
    ("Compare", Time.compare, Time),
    ("Day", Time.day),
    ("Equal", Time.same_instant, Time),
    ("Format", Time.format, "string"),
    ("GoString", Time.go_source),
    ("Hour", Time.hour),
    ("In", Time.in_zone, Zone),
    ("IsDST", Time.is_summer_time),
    ("IsZero", Time.is_zero),
    ("Local", Time.utc),
    ("Location", lambda time: time.zone),
    ("Minute", Time.minute),
    ("Month", Time.month),
    ("Nanosecond", lambda time: time.nanosecond),
    ("Round", Time.round, Duration),
    ("Second", Time.second),
    _TEXT,
    ("Sub", Time.subtract, Time),
    ("Truncate", Time.truncate, Duration),
    ("UTC", Time.utc),
    ("Unix", _as_int64(Time.unix)),
    ("UnixMicro", _as_int64(Time.unix_microseconds)),
    ("UnixMilli", _as_int64(Time.unix_milliseconds)),
    ("UnixNano", _as_int64(Time.unix_nanoseconds)),
    ("Weekday", Time.weekday),
    ("Year", Time.year),
    ("YearDay", Time.day_of_year),
)

Duration.go_methods = _methods(
    ("Abs", Duration.absolute),
    ("Hours", Duration.hours),
    ("Microseconds", _as_int64(Duration.microseconds)),
    ("Milliseconds", _as_int64(Duration.milliseconds)),
    ("Minutes", Duration.minutes),
    ("Nanoseconds", _as_int64(Duration.nanoseconds)),
    ("Round", Duration.round, Duration),
    ("Seconds", Duration.seconds),
    _TEXT,
    ("Truncate", Duration.truncate, Duration),
)

Month.go_methods = Weekday.go_methods = Zone.go_methods = _methods(_TEXT)
