"""Key rotation: every stored value that an older key wrote is written again under the newest one.

In batches, each a transaction of its own, so that reading and running go on; a value that somebody changed meanwhile is
left to him, who wrote it with the newest key. It can be killed at any point and called again: what is done is not
looked at twice within one rotation, and a rotation that is complete changes nothing.
Source: docs/operating.md, "Key rotation".
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, models, transaction
from django_q.tasks import async_task

from tasks.crypto import cipher
from tasks.crypto.errors import CipherError
from tasks.crypto.keyring import keyring
from tasks.models import Setting
from tasks.models.fields import EncryptedRow, context_of
from tasks.services.actors import Actor
from tasks.services.key_usage import encrypted_tables, forget_unused, note_newest, values_by_key
from tasks.services.permissions import Operation, require_admin

log = logging.getLogger(__name__)

BATCH = 200
_NAME = "key rotation"
#: A process that was not restarted goes on writing with the older key; what it wrote meanwhile is seen by another pass.
_PASSES = 3
#: A batch may lose a race for its rows against a runner's flush.
_TRIES = 5
#: A job of the queue works so long, then leaves the rest to another: jobs may not take the worker for hours.
_JOB_SECONDS = 120.0


@dataclass
class Rotated:
    """What a rotation did, and what is left."""

    rows: int = 0  # looked at
    values: int = 0  # written anew
    unreadable: list[str] = field(default_factory=list)  # table, column and row, with the reason
    left: dict[str, int] = field(default_factory=dict)  # key id -> values, when it ended
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an unfinished rotation is."""

    key: str
    table: str
    rows: int
    of: int


#: Told after each batch.
Tell = Callable[[Progress], None]


def rotate_keys(actor: Actor, tell: Tell | None = None, *, seconds: float = float("inf")) -> Rotated:
    """Bring every encrypted value under the newest key. Raises AdministratorsOnly, CipherError (unreadable values).

    Goes on where an earlier rotation to the same key was cut off. Values that cannot be read are left as they are, and
    told after all others are done. After ``seconds`` it stops at the next batch, and is not ``complete``.
    """
    require_admin(actor, Operation.ROTATE_KEYS)
    note_newest()
    done, until = Rotated(), time.monotonic() + seconds
    for _ in range(_PASSES):
        done.unreadable.clear()
        if not _one_pass(actor, done, tell, until):
            return done
        done.left = values_by_key()
        if set(done.left) <= {keyring().newest.id} or done.unreadable:
            break
    done.complete = True
    forget_unused(list(done.left))
    log.info("keys rotated", extra={"rows": done.rows, "values": done.values, "unreadable": len(done.unreadable)})
    if done.unreadable:
        raise CipherError(f"{len(done.unreadable)} values cannot be rotated: {'; '.join(done.unreadable[:10])}")
    return done


def start_rotation(actor: Actor) -> None:
    """Have it done in the background, by jobs of the queue. Raises AdministratorsOnly."""
    require_admin(actor, Operation.ROTATE_KEYS)
    async_task("tasks.services.keys.rotate_in_background", actor.username, task_name=_NAME)


def rotate_in_background(username: str) -> int:
    """A job: a part of the rotation, and a job for the rest. How many values were written."""
    # He was allowed to when he asked.
    done = rotate_keys(Actor(username, is_admin=True), seconds=_JOB_SECONDS)
    if not done.complete:
        async_task("tasks.services.keys.rotate_in_background", username, task_name=_NAME)
    return done.values


def progress() -> Progress | None:
    """How far the rotation is that is under way or was cut off; None: there is none."""
    place = _place()
    return Progress(place["key"], place["table"], place["rows"], place["of"]) if place else None


def _one_pass(actor: Actor, done: Rotated, tell: Tell | None, until: float) -> bool:
    """Once over all tables; False where the time was over before."""
    place = _place()
    if place is None or place["key"] != keyring().newest.id:
        total = sum(model._default_manager.count() for model, _ in encrypted_tables())
        place = {"key": keyring().newest.id, "table": "", "last": None, "rows": 0, "of": total}
    for model, columns in encrypted_tables():
        if model._meta.db_table < place["table"]:
            continue
        last = place["last"] if model._meta.db_table == place["table"] else None
        for rows in _batches(model, last):
            if time.monotonic() > until:
                return False
            _rotate_in_turn(model, columns, rows, done)
            seen = min(place["rows"] + len(rows), place["of"])
            place = {**place, "table": model._meta.db_table, "last": rows[-1].pk, "rows": seen}
            Setting.objects.update_or_create(name=_NAME, defaults={"value": place, "updated_by": actor.username})
            if tell is not None:
                tell(Progress(place["key"], place["table"], place["rows"], place["of"]))
    Setting.objects.filter(name=_NAME).delete()
    return True


def _batches(model: type[models.Model], last: Any) -> Iterator[Sequence[Any]]:
    """All rows behind ``last``; None: all."""
    while True:
        rows = model._default_manager.order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        batch = list(rows[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _rotate_in_turn(model: type[models.Model], columns: Sequence[str], rows: Sequence[Any], done: Rotated) -> None:
    """One batch, again where another transaction held its rows the other way round."""
    for left in reversed(range(_TRIES)):
        try:
            written, unreadable = _rotate(model, columns, rows)
        except OperationalError:
            if not left:
                raise
            continue
        done.rows += len(rows)
        done.values += written
        done.unreadable += unreadable
        return


@transaction.atomic
def _rotate(model: type[models.Model], columns: Sequence[str], rows: Sequence[Any]) -> tuple[int, list[str]]:
    """How many values were written, and which could not be read."""
    newest, written, unreadable = keyring().newest.id, 0, []
    for row in rows:
        for column in columns:
            token = row.__dict__[column]
            try:
                if token is not None and cipher.key_id(token) != newest:
                    written += _write(model, column, row, bytes(token))
            except CipherError as error:
                unreadable.append(f"{model._meta.db_table}.{column} of row {row.pk}: {error}")
    return written, unreadable


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


def _place() -> dict[str, Any] | None:
    """Where the unfinished rotation is; None: there is none."""
    found: dict[str, Any] | None = Setting.objects.filter(name=_NAME).values_list("value", flat=True).first()
    return found
