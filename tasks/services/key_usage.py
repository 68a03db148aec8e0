"""Which key wrote what: counted by the label that each stored value carries, without decrypting anything.

The keys that ever wrote to this database are noted in it, so that a start with a wrong or missing key is noticed at
once and not row by row. Source: docs/operating.md, "Key rotation".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models, transaction

from tasks.crypto.cipher import LABEL_PLACE
from tasks.crypto.keyring import keyring
from tasks.models import Setting
from tasks.models.fields import EncryptedTextField

_NOTED = "storage keys"


@dataclass(frozen=True, slots=True)
class Usage:
    """How many values of one column a key wrote."""

    table: str
    column: str
    key: str
    values: int


def encrypted_tables() -> list[tuple[type[models.Model], list[str]]]:
    """Every table that has encrypted columns, of all Django apps and in a fixed order, with these columns."""
    found = []
    for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
        columns = [field.attname for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        if columns and model._meta.managed:
            found.append((model, columns))
    return found


def usage() -> list[Usage]:
    """Every key that wrote values, by table and column. Looks at every row."""
    return [found for model, columns in encrypted_tables() for column in columns for found in _of_column(model, column)]


def values_by_key() -> dict[str, int]:
    """Key id -> number of stored values that it wrote. Looks at every row."""
    counted: dict[str, int] = {}
    for each in usage():
        counted[each.key] = counted.get(each.key, 0) + each.values
    return counted


def note_newest() -> None:
    """Note that the newest key may write from now on; called before anything does, at each start."""
    newest = keyring().newest.id
    if newest in noted():
        return
    with transaction.atomic():
        row, _ = Setting.objects.select_for_update().get_or_create(name=_NOTED, defaults={"value": []})
        row.value = sorted({*row.value, newest})
        row.save(update_fields=["value", "updated"])


def noted() -> list[str]:
    """Ids of the keys that may have written values of this database."""
    return list(Setting.objects.filter(name=_NOTED).values_list("value", flat=True).first() or [])


def forget_unused(used: Sequence[str]) -> None:
    """Note that no value needs another key than those of ``used`` and the newest."""
    Setting.objects.filter(name=_NOTED).update(value=sorted({*used, keyring().newest.id}))


def missing_keys() -> dict[str, int]:
    """Key id -> number of values that need it, of keys that are not configured.

    Costs one query as long as every key that ever wrote is configured; only else the tables are looked at.
    """
    configured = set(keyring().ids)
    if configured.issuperset(noted()):
        return {}
    return {key: count for key, count in values_by_key().items() if key not in configured}


def _of_column(model: type[models.Model], column: str) -> list[Usage]:
    table, name = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(column)
    first, length = LABEL_PLACE
    if connection.vendor == "postgresql":
        label = f"encode(substring({name} from {first} for {length}), 'hex')"
    else:
        label = f"lower(hex(substr({name}, {first}, {length})))"
    with connection.cursor() as cursor:
        # Names of our own models, no values.
        cursor.execute(f"SELECT {label}, count(*) FROM {table} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1")  # noqa: S608
        return [Usage(model._meta.db_table, column, key, values) for key, values in cursor.fetchall()]
