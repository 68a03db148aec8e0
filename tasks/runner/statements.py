"""Many rows with one statement: ``unnest`` on PostgreSQL, ``executemany`` on SQLite.

Django's ORM writes a row in 0.2 to 0.7 ms, these in 10 µs. Values are given as Python has them; what a column needs is
said once, in a ``Table``. PostgreSQL gets them through a plain psycopg cursor: Django's own quotes on the client.
Source: docs/performance.md, "Writing many rows".
"""
# ruff: noqa: S608 - what is put into the texts are names of our own tables, columns and types

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import psycopg
from django.db import connection, models

Row = Sequence[Any]

_POSTGRESQL_TYPES: Mapping[str, str] = {
    "BigAutoField": "bigint",
    "BigIntegerField": "bigint",
    "BinaryField": "bytea",
    "BooleanField": "boolean",
    "CharField": "text",
    "DateTimeField": "timestamptz",
    "DurationField": "interval",
    "EncryptedTextField": "bytea",
    "ForeignKey": "bigint",
    "IntegerField": "integer",
    "OneToOneField": "bigint",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "TextField": "text",
    "UUIDField": "uuid",
}


def _sqlite_time(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))


#: How SQLite stores what it has no type for, as Django does.
_SQLITE_VALUES: Mapping[type, Callable[[Any], Any]] = {
    datetime: _sqlite_time,
    timedelta: lambda value: value // timedelta(microseconds=1),
    uuid.UUID: lambda value: value.hex,
}


def sqlite_value(value: Any) -> Any:
    """A value as Django stores it in SQLite."""
    convert = _SQLITE_VALUES.get(type(value))
    return convert(value) if convert else value


@dataclass(frozen=True)
class Table:
    """Some columns of a table, in the order of the rows that are to be written."""

    model: type[models.Model]
    columns: tuple[str, ...]

    @cached_property
    def name(self) -> str:
        return str(self.model._meta.db_table)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """PostgreSQL's types of the columns."""
        by_column = {field.column: type(field).__name__ for field in self.model._meta.concrete_fields}
        return tuple(_POSTGRESQL_TYPES[by_column[column]] for column in self.columns)

    @cached_property
    def _arrays(self) -> str:
        return ", ".join(f"%b::{kind}[]" for kind in self.types)

    @cached_property
    def _quoted(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)

    @cached_property
    def _marks(self) -> str:
        return ", ".join(["?"] * len(self.columns))

    def insert(self, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        if not rows:
            return
        if connection.vendor == "postgresql":
            _arrays_into(f'INSERT INTO "{self.name}" ({self._quoted}) SELECT * FROM unnest({self._arrays})', rows)
        else:
            _each_row(f'INSERT INTO "{self.name}" ({self._quoted}) VALUES ({self._marks})', rows)

    def upsert(self, rows: Sequence[Row], key: tuple[str, ...]) -> None:
        """Insert the rows, or replace these columns where a row with the same ``key`` columns exists."""
        if not rows:
            return
        changed = ", ".join(f'"{c}" = EXCLUDED."{c}"' for c in self.columns if c not in key)
        conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
        if connection.vendor == "postgresql":
            source = f"SELECT * FROM unnest({self._arrays})"
            _arrays_into(f'INSERT INTO "{self.name}" ({self._quoted}) {source} {conflict}', rows)
        else:
            _each_row(f'INSERT INTO "{self.name}" ({self._quoted}) VALUES ({self._marks}) {conflict}', rows)

    def update(self, rows: Sequence[Row], key: tuple[str, ...], *, raw: Mapping[str, str] | None = None) -> int:
        """Change the rows found by the ``key`` columns; answers how many were found.

        ``raw``: column -> an SQL expression in the place of its plain value; ``t`` is the row as it was, and
        ``{column}`` the value given for a column.
        """
        if not rows:
            return 0
        on_postgresql = connection.vendor == "postgresql"
        given = {
            column: f'd."{column}"' if on_postgresql else f"?{number}" for number, column in enumerate(self.columns, 1)
        }
        changed = ", ".join(
            f'"{c}" = ' + (raw or {}).get(c, "{" + c + "}").format(**given) for c in self.columns if c not in key
        )
        found = " AND ".join(f't."{c}" = {given[c]}' for c in key)
        if on_postgresql:
            source = f"unnest({self._arrays}) AS d({self._quoted})"
            return _arrays_into(f'UPDATE "{self.name}" t SET {changed} FROM {source} WHERE {found}', rows)
        return _each_row(f'UPDATE "{self.name}" AS t SET {changed} WHERE {found}', rows)

    def delete(self, rows: Sequence[Row]) -> None:
        """Delete the rows that have these columns."""
        if not rows:
            return
        if connection.vendor == "postgresql":
            found = " AND ".join(f't."{c}" = d."{c}"' for c in self.columns)
            _arrays_into(
                f'DELETE FROM "{self.name}" t USING unnest({self._arrays}) AS d({self._quoted}) WHERE {found}', rows
            )
        else:
            found = " AND ".join(f'"{c}" = ?' for c in self.columns)
            _each_row(f'DELETE FROM "{self.name}" WHERE {found}', rows)


def _arrays_into(sql: str, rows: Sequence[Row]) -> int:
    with connection.wrap_database_errors, plain_cursor() as cursor:
        cursor.execute(_encoded(sql), [list(column) for column in zip(*rows, strict=True)])
        return cursor.rowcount


def _each_row(sql: str, rows: Iterable[Row]) -> int:
    # Past Django's own cursor, which would look for %s: the statements are SQLite's, with its numbered places.
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.executemany(sql, [tuple(map(sqlite_value, row)) for row in rows])
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()


@lru_cache(maxsize=512)
def _encoded(sql: str) -> bytes:
    """The same object for the same text: psycopg then knows the statement again."""
    return sql.encode()


def plain_cursor() -> psycopg.Cursor[Any]:
    """A cursor of psycopg's own on Django's PostgreSQL connection, in its running transaction."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def query(postgresql: str, sqlite: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that one statement answers; places are ``%s`` on PostgreSQL, ``?`` on SQLite."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with plain_cursor() as cursor:
                cursor.execute(_encoded(postgresql), parameters)
                return cursor.fetchall() if cursor.description else []
        cursor = connection.connection.execute(sqlite, tuple(map(sqlite_value, parameters)))
        try:
            return list(cursor.fetchall())
        finally:
            cursor.close()
