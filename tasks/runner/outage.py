"""The database is away: when to try it again, and what kind of failure that is."""

import time

import psycopg
from django.db import Error, InterfaceError, OperationalError

_FIRST_SECONDS, _LONGEST_SECONDS = 0.05, 5.0

#: The transaction lost against another one; the connection is as good as before.
_LOST_A_RACE = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.LockNotAvailable)


def is_outage(error: Error) -> bool:
    """Whether the database, or the way to it, is at fault: nothing is wrong with what was to be written."""
    # What is too large for a row or an index is called operational too, and will be too large again.
    too_large = isinstance(error.__cause__, psycopg.errors.ProgramLimitExceeded)
    return isinstance(error, OperationalError | InterfaceError) and not too_large


def lost_a_race(error: Error) -> bool:
    """Whether the same transaction can be tried again at once."""
    return isinstance(error.__cause__, _LOST_A_RACE)


class Outage:
    """Waits that double from 50 ms up to 5 s."""

    def __init__(self) -> None:
        self._pause = 0.0
        self._next_try = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the last attempt failed."""
        return self._pause > 0

    @property
    def may_try(self) -> bool:
        """Whether the next attempt is due."""
        return time.monotonic() >= self._next_try

    def again(self) -> None:
        """An attempt failed."""
        self._pause = min(self._pause * 2 or _FIRST_SECONDS, _LONGEST_SECONDS)
        self._next_try = time.monotonic() + self._pause

    def over(self) -> None:
        """The database is back."""
        self._pause = self._next_try = 0.0
