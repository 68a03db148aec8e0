"""The one clock: that of the database. Every time that is stored, and every decision about one, is read from it.

Between two looks at the database's clock the machine's steady clock goes on from the last one, so a machine whose time
of day is wrong, or is set right while the service runs, decides as all others do.
"""

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

#: How long the machine's steady clock is trusted before the database's is looked at again.
TRUSTED = timedelta(seconds=10)


class _Clock:
    def __init__(self) -> None:
        self._measured: float | None = None
        self._time = datetime.min.replace(tzinfo=UTC)

    def set(self, time_now: datetime) -> datetime:
        """Take over what the database's clock just said."""
        self._measured, self._time = steady_seconds(), time_now
        return time_now

    def read(self, trusted: timedelta) -> datetime | None:
        """The time; None when it was never measured, or too long ago."""
        if self._measured is None:
            return None
        passed = timedelta(seconds=steady_seconds() - self._measured)
        return self._time + passed if passed < trusted else None


_clock = _Clock()


def steady_seconds() -> float:
    """Seconds since some moment, counted while the machine sleeps too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def now() -> datetime:
    """The database's time, to the millisecond or so; asks the database at most once in ``TRUSTED``."""
    return _clock.read(TRUSTED) or measure()


def reckoned() -> datetime:
    """The database's time as last heard of, even if that is long ago: for whoever asks it regularly, or cannot."""
    return _clock.read(timedelta.max) or measure()


def measure() -> datetime:
    """The database's time, asked now."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
            text = cursor.fetchone()[0]
            return _clock.set(datetime.fromisoformat(text).replace(tzinfo=UTC))
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return _clock.set(moment.astimezone(UTC))
