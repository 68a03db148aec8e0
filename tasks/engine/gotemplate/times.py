"""Times, durations and zones as Go's package ``time`` has them: the front door of ``gotime``.

``Time``, ``Duration``, ``Month``, ``Weekday`` and ``Zone`` are values of the template language (``golang.GoValue``).
Nothing here reads the clock.
"""

from .gotime.durations import Duration, format_duration, parse_duration
from .gotime.errors import DurationError, TimeError
from .gotime.moments import RFC3339_NANO, ZERO_TIME, Month, Time, Weekday
from .gotime.parsing import parse_time
from .gotime.zones import UTC, Zone, fixed_zone, load_zone, zone_names

__all__ = [
    "RFC3339_NANO",
    "UTC",
    "ZERO_TIME",
    "Duration",
    "DurationError",
    "Month",
    "Time",
    "TimeError",
    "Weekday",
    "Zone",
    "fixed_zone",
    "format_duration",
    "load_zone",
    "parse_duration",
    "parse_time",
    "zone_names",
]
