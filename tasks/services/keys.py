"""Key rotation: every stored value that an older key wrote is written again under the newest one.

In batches, each a transaction of its own, so that reading and running go on; a value that somebody changed meanwhile is
left to him, who wrote it with the newest key. It can be stopped at any point and called again: what is done is not
looked at twice within one rotation, and a rotation that is complete changes nothing.
Source: docs/operating.md, "Key rotation".
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from tasks.crypto import cipher
from tasks.crypto.keyring import keyring
from tasks.models import Setting
from tasks.models.fields import EncryptedRow, EncryptedTextField, context_of
from tasks.services.actors import Actor
from tasks.services.permissions import Operation, require_admin

log = logging.getLogger(__name__)

BATCH = 200
_NAME = "key rotation"


@dataclass
class Rotated:
    """What a rotation did: rows looked at, values written anew."""

    rows: int = 0
    values: int = 0


def rotate_keys(actor: Actor) -> Rotated:
    """Bring every encrypted value under the newest key. Raises AdministratorsOnly, CipherError (an unknown key).

    Goes on where an earlier rotation to the same key was cut off.
    """
    require_admin(actor, Operation.ROTATE_KEYS)
    done = Rotated()
    for model, columns in encrypted_tables():
        for rows in _batches(model):
            _rotate(model, columns, rows, done)
            _remember(model, rows[-1].pk, actor)
    Setting.objects.filter(name=_NAME).delete()
    log.info("keys rotated", extra={"rows": done.rows, "values": done.values})
    return done


def encrypted_tables() -> list[tuple[type[models.Model], list[str]]]:
    """Every table that has encrypted columns, in a fixed order, with these columns."""
    found = []
    for model in sorted(apps.get_app_config("tasks").get_models(), key=lambda model: model._meta.db_table):
        columns = [field.attname for field in model._meta.fields if isinstance(field, EncryptedTextField)]
        if columns:
            found.append((model, columns))
    return found


def values_by_key() -> dict[str, int]:
    """Key id -> number of stored values that it wrote. Reads everything."""
    counted: dict[str, int] = {}
    for model, columns in encrypted_tables():
        for row in model._default_manager.order_by("pk").values_list(*columns).iterator():
            for token in row:
                if token is not None:
                    key = cipher.key_id(bytes(token))
                    counted[key] = counted.get(key, 0) + 1
    return counted


def _batches(model: type[models.Model]) -> Iterator[Sequence[Any]]:
    """All rows behind the place where an earlier rotation stopped."""
    last = _place_of(model)
    if last is _ALL_DONE:
        return
    while True:
        rows = model._default_manager.order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        batch = list(rows[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _rotate(model: type[models.Model], columns: Sequence[str], rows: Sequence[Any], done: Rotated) -> None:
    newest = keyring().newest.id
    with transaction.atomic():
        for row in rows:
            done.rows += 1
            for column in columns:
                token = row.__dict__[column]
                if token is not None and cipher.key_id(token) != newest:
                    done.values += _write(model, column, row, bytes(token))


def _write(model: type[models.Model], column: str, row: Any, token: bytes) -> int:
    named: EncryptedRow = row
    context = context_of(model, column, named.encryption_row())
    fresh = cipher.encrypt(cipher.decrypt(token, context), context)
    table, name, key = map(connection.ops.quote_name, (model._meta.db_table, column, str(model._meta.pk.column)))
    with connection.cursor() as cursor:
        # Only where it is still what we read.
        cursor.execute(
            f"UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s",  # noqa: S608 - names of our own models
            [fresh, row.pk, token],
        )
        return int(cursor.rowcount)


_ALL_DONE = object()


def _place_of(model: type[models.Model]) -> Any:
    """The last row of this table that was seen to; None: none was; ``_ALL_DONE``: the whole table."""
    place = Setting.objects.filter(name=_NAME).values_list("value", flat=True).first()
    if not place or place["key"] != keyring().newest.id or place["table"] < model._meta.db_table:
        return None
    return place["last"] if place["table"] == model._meta.db_table else _ALL_DONE


def _remember(model: type[models.Model], last: Any, actor: Actor) -> None:
    place = {"key": keyring().newest.id, "table": model._meta.db_table, "last": last}
    Setting.objects.update_or_create(name=_NAME, defaults={"value": place, "updated_by": actor.username})
