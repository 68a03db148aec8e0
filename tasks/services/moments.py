"""Moments in sums over many rows, worked out by the database itself: on SQLite, Django's own ways call Python for each.

``DayOf`` is the day (UTC) of a moment, as ``2026-01-31``; ``SecondsBetween`` the time from one moment to a later one.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import FloatField, Func, TextField
from django.db.models.sql.compiler import SQLCompiler


class DayOf(Func):
    """``DayOf(F("moment"))``."""

    output_field = TextField()
    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)", **context)


class SecondsBetween(Func):
    """``SecondsBetween(F("begin"), F("end"))``, to a millisecond."""

    output_field = FloatField()
    arity = 2
    arg_joiner = " - "
    template = "-EXTRACT(EPOCH FROM %(expressions)s)"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        days = "(julianday(%(expressions)s))"
        return self.as_sql(compiler, connection, template=f"-86400 * {days}", arg_joiner=") - julianday(", **context)
