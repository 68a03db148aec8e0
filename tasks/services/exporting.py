"""Tasks as JSON, one document each, with all that belongs to them, to be kept outside the database.

Encrypted values stay encrypted: ``{"sealed": base64, "place": "table.column:row"}`` is what ``opened`` needs, now or
years later, as long as the key is kept. Source: docs/operating.md, "Retention".
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.db.models import Model, QuerySet

from tasks.crypto import cipher
from tasks.engine.gotemplate import dumps
from tasks.models import Task
from tasks.models.fields import EncryptedRow, EncryptedTextField, context_of

#: Tasks that are in memory at a time.
_AT_ONCE = 50


def exported(tasks: QuerySet[Task]) -> Iterator[dict[str, Any]]:
    """Each task as a document, oldest first."""
    last = 0
    while True:
        batch = list(
            tasks.filter(pk__gt=last)
            .select_related("template", "version", "batch", "resolution")
            .prefetch_related("members", "tags", "comments", "journal", "resolution__steps", "resolution__callbacks")
            .order_by("pk")[:_AT_ONCE]
        )
        if not batch:
            return
        for task in batch:
            yield _document(task)
        last = batch[-1].pk


def opened(document: Any) -> Any:
    """The document with its values decrypted. Raises CipherError where a key is missing."""
    if isinstance(document, dict):
        if document.keys() == {"sealed", "place"}:
            return cipher.decrypt(b64decode(document["sealed"]), document["place"]).decode()
        return {name: opened(value) for name, value in document.items()}
    return [opened(value) for value in document] if isinstance(document, list) else document


def append_to_file(path: Path, tasks: QuerySet[Task]) -> int:
    """Write the tasks to the end of a file, for its owner alone, and see to it that they are on the disk; how many."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        for document in exported(tasks):
            file.write(dumps(document) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def _document(task: Task) -> dict[str, Any]:
    resolution = getattr(task, "resolution", None)
    return _row(task) | {
        "template": task.template.name,
        "template_version": task.version.number,
        "template_hash": task.version.content_hash,
        "batch": str(task.batch.public_id) if task.batch else None,
        "members": _rows(task.members.all()),
        "tags": dict(task.tag_map()),
        "comments": _rows(task.comments.all()),
        "journal": _rows(task.journal.all()),
        "resolution": None
        if resolution is None
        else _row(resolution)
        | {"steps": _rows(resolution.steps.all()), "callbacks": _rows(resolution.callbacks.all())},
    }


def _rows(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: Model) -> dict[str, Any]:
    """Every column but numbers of rows, which mean nothing outside."""
    return {
        field.attname: _value(row, field)
        for field in row._meta.concrete_fields
        if not field.primary_key and not field.is_relation
    }


def _value(row: Model, field: Any) -> Any:
    value = row.__dict__[field.attname]
    if isinstance(field, EncryptedTextField):
        if value is None:
            return None
        place = context_of(type(row), field.attname, cast(EncryptedRow, row).encryption_row())
        return {"sealed": b64encode(value).decode(), "place": place}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value) if isinstance(value, UUID) else value
