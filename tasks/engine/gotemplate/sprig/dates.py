"""sprig's dates: now, date, toDate, dateModify, ago, duration and their like.

Layouts, durations and zones are Go's (``times.py``); the local zone is UTC. This is the only place of the language
that reads the clock. Source: docs/template-language.md, "Dates".
"""

from time import time_ns

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, Int32, Int64, wrap
from tasks.engine.gotemplate.sprig.conversion import nearest_int
from tasks.engine.gotemplate.times import (
    UTC,
    ZERO_TIME,
    DurationError,
    Time,
    TimeError,
    format_duration,
    load_zone,
    parse_duration,
    parse_time,
)

FUNCTIONS: dict[str, Function] = {}

_SECOND = 1_000_000_000
_DATE = "2006-01-02"


def _now() -> Time:
    seconds, nanosecond = divmod(time_ns(), _SECOND)
    return Time(seconds, nanosecond)


declare(FUNCTIONS, "now")(_now)


def _moment(value: object) -> Time:
    """The time, or the moment so many seconds after 1970; now for anything else."""
    if isinstance(value, Time):
        return value
    if type(value) in (int, Int64, Int32):
        assert isinstance(value, int)
        return Time(int(value))
    return _now()


@declare(FUNCTIONS, "date", "string", "any")
def _format(layout: str, moment: object) -> str:
    return _moment(moment).in_zone(UTC).format(layout)


@declare(FUNCTIONS, "dateInZone date_in_zone", "string", "any", "string")
def _format_in_zone(layout: str, moment: object, zone_name: str) -> str:
    """The moment as the layout says, in a zone; an unknown zone counts as UTC."""
    try:
        zone = load_zone(zone_name)
    except TimeError:
        zone = UTC
    return _moment(moment).in_zone(zone).format(layout)


@declare(FUNCTIONS, "htmlDate", "any")
def _html_date(moment: object) -> str:
    return str(_format(_DATE, moment))


@declare(FUNCTIONS, "htmlDateInZone", "any", "string")
def _html_date_in_zone(moment: object, zone_name: str) -> str:
    return str(_format_in_zone(_DATE, moment, zone_name))


@declare(FUNCTIONS, "mustToDate", "string", "string")
def _must_to_date(layout: str, text: str) -> Time:
    try:
        return parse_time(layout, text)
    except TimeError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "toDate", "string", "string")
def _to_date(layout: str, text: str) -> Time:
    """The time that the text says; the first day of the year 1 for rubbish."""
    try:
        return parse_time(layout, text)
    except TimeError:
        return ZERO_TIME


@declare(FUNCTIONS, "mustDateModify must_date_modify", "string", Time)
def _must_modify(duration: str, moment: Time) -> Time:
    try:
        return moment.add(parse_duration(duration))
    except DurationError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "dateModify date_modify", "string", Time)
def _modify(duration: str, moment: Time) -> Time:
    """The moment moved by a duration; unmoved where the text is none."""
    try:
        return moment.add(parse_duration(duration))
    except DurationError:
        return moment


@declare(FUNCTIONS, "unixEpoch", Time)
def _unix_seconds(moment: Time) -> str:
    return str(moment.unix())


@declare(FUNCTIONS, "ago", "any")
def _ago(moment: object) -> str:
    """The time since then, in whole seconds."""
    then = _moment(moment) if type(moment) is not Int32 else _now()
    return str(_now().subtract(then).round(_SECOND))


@declare(FUNCTIONS, "duration", "any")
def _duration(seconds: object) -> str:
    """So many seconds, given as a text or an int64; anything else is none."""
    count = 0
    if isinstance(seconds, str):
        count = nearest_int(seconds)
    elif type(seconds) is Int64:
        count = int(seconds)
    return format_duration(wrap(count * _SECOND))


#: From what length on a duration counts in which unit, in seconds; months have 30 days, years 365.
_UNITS = ((365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


@declare(FUNCTIONS, "durationRound", "any")
def _rounded_duration(duration: object) -> str:
    """The largest unit that is exceeded, and how many of it: ``3mo``; a time counts from then to now."""
    nanoseconds = abs(_nanoseconds(duration))
    for seconds, unit in _UNITS:
        if nanoseconds > seconds * _SECOND:
            return f"{nanoseconds // (seconds * _SECOND)}{unit}"
    return "0s"


def _nanoseconds(duration: object) -> int:
    if isinstance(duration, Time):
        return int(_now().subtract(duration))
    if type(duration) is Int64:
        return int(duration)
    if isinstance(duration, str):
        try:
            return int(parse_duration(duration))
        except DurationError:
            return 0
    return 0
