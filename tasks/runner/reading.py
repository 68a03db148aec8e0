"""Rows of our models read past the ORM, which takes a millisecond to write the same statement again.

Statements that every turn repeats are written out once; what they answer becomes the models' own instances, converted
as the ORM does. Source: docs/performance.md, "Reading".
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

from tasks.runner import statements

_Model = TypeVar("_Model", bound=models.Model)
_Converter = Callable[[Any, Any, Any], Any]


def columns_of(model: type[models.Model], alias: str) -> str:
    """All columns of the model, as they stand in a SELECT."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def instances(model: type[_Model], rows: Sequence[Sequence[Any]], start: int = 0) -> list[_Model]:
    """The model's instances of rows whose columns from ``start`` on are ``columns_of`` the model."""
    names, converters = _reading(model, connection.vendor)
    stop = start + len(names)
    return [model.from_db("default", names, _converted(row[start:stop], converters)) for row in rows]


def _converted(values: Sequence[Any], converters: Sequence[tuple[int, Any, tuple[_Converter, ...]]]) -> list[Any]:
    converted = list(values)
    for place, expression, steps in converters:
        for step in steps:
            converted[place] = step(converted[place], expression, connection)
    return converted


@cache
def _reading(model: type[models.Model], vendor: str) -> tuple[list[str], list[tuple[int, Any, tuple[_Converter, ...]]]]:
    """Names of the attributes, and the converters of those that need any."""
    converters = []
    for place, field in enumerate(model._meta.concrete_fields):
        expression = field.get_col("t")
        steps = (*connection.ops.get_db_converters(expression), *field.get_db_converters(connection))
        if steps:
            converters.append((place, expression, steps))
    return [field.attname for field in model._meta.concrete_fields], converters


def select(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement that both databases understand; places are ``%s``."""
    return statements.query(sql, sql.replace("%s", "?"), parameters)


def select_in(sql: str, ids: Sequence[Any], parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """As ``select``; ``{ids}`` in the statement, its first place, is the list of ids."""
    if connection.vendor == "postgresql":
        return statements.query(sql.format(ids="= ANY(%s)"), "", (list(ids), *parameters))
    marks = ", ".join("?" * len(ids))
    return statements.query("", sql.replace("%s", "?").format(ids=f"IN ({marks})"), (*ids, *parameters))
