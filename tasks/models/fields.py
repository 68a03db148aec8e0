"""Encrypted columns: text in Python, AES-256-GCM in the database, readable only in their own row and column.

A value is decrypted when it is first looked at, not when the row is read, so a list page pays nothing for it.
The context that binds a ciphertext to its place is ``table.column:row``, where the row names itself by
``encryption_row()`` (a public id, known before the row is inserted). Source: docs/architecture.md, "Encryption".
"""

from typing import Any, Protocol, cast

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from tasks.crypto import cipher


class EncryptedRow(Protocol):
    """A model that has encrypted columns."""

    def encryption_row(self) -> str:
        """What names this row for ever: never changes, never given to another row."""


def context_of(model: type[models.Model], column: str, row: str) -> str:
    """The place a ciphertext is bound to. Writers in bulk, which know no instance, use it too."""
    return f"{model._meta.db_table}.{column}:{row}"


def seal(model: type[models.Model], column: str, row: str, text: str | None) -> bytes | None:
    """The column's bytes for ``text``; None stays None."""
    return None if text is None else cipher.encrypt(text.encode(), context_of(model, column, row))


def unseal(model: type[models.Model], column: str, row: str, token: bytes | memoryview | None) -> str | None:
    """The text of a column's bytes. Raises CipherError where key or place do not fit."""
    return None if token is None else cipher.decrypt(bytes(token), context_of(model, column, row)).decode()


class _Sealed(bytes):
    """Bytes as they came from the database, not yet decrypted."""


class _LazyText(DeferredAttribute):
    """Decrypts on first access and remembers the text in the instance."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, _Sealed):
            field = self.field
            row = cast(EncryptedRow, instance).encryption_row()
            value = unseal(type(instance), field.attname, row, value)
            instance.__dict__[field.attname] = value
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # With a setter Python asks __get__ even though the instance has a value of that name.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]  # not generic at run time
    """A text (often JSON) that is stored encrypted. Cannot be filtered on, except for NULL."""

    descriptor_class = _LazyText

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else _Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, _Sealed):
            return value
        row = cast(EncryptedRow, model_instance).encryption_row()
        return _Sealed(cast(bytes, seal(type(model_instance), self.attname, row, value)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, _Sealed):
            raise TypeError(f"{self.name}: an encrypted column is written by saving its row, or sealed by hand")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
