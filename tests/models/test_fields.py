"""Encrypted columns: what the table holds, and where a value opens."""

import uuid

import pytest
from django.db import connection

from tasks.crypto import cipher
from tasks.crypto.errors import CipherError
from tasks.models import CacheEntry
from tasks.models.fields import context_of, seal

pytestmark = pytest.mark.django_db

SECRET = '{"password": "correct horse"}'


def stored(key: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM tasks_cacheentry WHERE key = %s", [key])
        return bytes(cursor.fetchone()[0])


def test_the_table_holds_no_plaintext_and_the_row_reads_it_back() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    assert b"correct horse" not in stored("a")
    assert CacheEntry.objects.get(key="a").value == SECRET


def test_a_value_is_decrypted_when_it_is_looked_at_and_not_before() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    entry = CacheEntry.objects.get(key="a")
    assert isinstance(entry.__dict__["value"], bytes)
    assert entry.value == SECRET
    assert entry.__dict__["value"] == SECRET


def test_a_value_copied_to_another_row_does_not_open() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    CacheEntry.objects.create(key="b", value="{}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_cacheentry SET value = %s WHERE key = %s", [stored("a"), "b"])
    with pytest.raises(CipherError):
        _ = CacheEntry.objects.get(key="b").value


def test_a_value_sealed_for_another_column_does_not_open() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    other = cipher.encrypt(SECRET.encode(), "tasks_callback.body:a")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_cacheentry SET value = %s WHERE key = %s", [other, "a"])
    with pytest.raises(CipherError):
        _ = CacheEntry.objects.get(key="a").value


def test_what_a_bulk_writer_seals_by_hand_the_row_reads() -> None:
    CacheEntry.objects.create(key="a", value="{}")
    CacheEntry.objects.filter(key="a").update(value=seal_as_field("a"))
    assert CacheEntry.objects.get(key="a").value == SECRET
    assert context_of(CacheEntry, "value", "a") == "tasks_cacheentry.value:a"


def seal_as_field(key: str) -> object:
    from tasks.models.fields import _Sealed

    sealed = seal(CacheEntry, "value", key, SECRET)
    assert sealed is not None
    return _Sealed(sealed)


def test_a_row_saved_again_without_looking_keeps_its_value() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    CacheEntry.objects.get(key="a").save()
    assert CacheEntry.objects.get(key="a").value == SECRET


def test_a_plain_text_cannot_slip_into_the_column_by_an_update() -> None:
    CacheEntry.objects.create(key="a", value=SECRET)
    with pytest.raises(TypeError, match="encrypted column"):
        CacheEntry.objects.filter(key="a").update(value="plain")


def test_keys_of_rows_are_their_own_names() -> None:
    assert CacheEntry(key=str(uuid.UUID(int=1))).encryption_row() == "00000000-0000-0000-0000-000000000001"
