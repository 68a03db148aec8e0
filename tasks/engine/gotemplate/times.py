"""Times, durations and zones as Go's package ``time`` has them: the front door of ``gotime``.

Values for templates and their methods: ``Time``, ``Duration``, ``Month``, ``Weekday``, ``Zone`` and the table
``METHODS``, from a type and Go's name of a method to what it calls. Nothing here reads the clock.
"""

from .gotime.durations import Duration, format_duration, parse_duration
from .gotime.errors import DurationError, TimeError
from .gotime.methods import METHODS, TYPE_NAMES, Method
from .gotime.moments import RFC3339_NANO, ZERO_TIME, Month, Time, Weekday
from .gotime.parsing import parse_time
from .gotime.zones import UTC, Zone, fixed_zone, load_zone, zone_names

__all__ = [
    "METHODS",
    "RFC3339_NANO",
    "TYPE_NAMES",
    "UTC",
    "ZERO_TIME",
    "Duration",
    "DurationError",
    "Method",
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
