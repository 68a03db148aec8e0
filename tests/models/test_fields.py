"""Encrypted columns: what the table holds, and where a value opens."""

import json
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection

from tasks.crypto import cipher, compression
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


LISTED = json.dumps([{"host": f"node-{number}.example.org", "state": "up"} for number in range(200)])


@pytest.fixture
def compressed() -> Iterator[None]:
    """New values are compressed."""
    source = compression._source
    compression.use_source(lambda: "gzip")
    yield
    compression._source = source


def test_with_compression_the_table_holds_less_and_the_rows_of_any_time_read_back(compressed: None) -> None:
    compression.use_source(lambda: "noop")
    CacheEntry.objects.create(key="before", value=LISTED)
    compression.use_source(lambda: "gzip")
    CacheEntry.objects.create(key="since", value=LISTED)
    CacheEntry.objects.create(key="small", value=SECRET)
    compression.use_source(lambda: "noop")
    CacheEntry.objects.create(key="after", value=LISTED)
    assert len(stored("since")) < len(stored("before")) / 5
    assert len(stored("after")) == len(stored("before")) > len(LISTED)
    # Neither the text nor what deflate makes of it: it is sealed after it was compressed.
    assert b"node-" not in stored("since")
    for setting in ("noop", "gzip"):
        compression.use_source(lambda name=setting: name)  # type: ignore[misc]
        read = {entry.key: entry.value for entry in CacheEntry.objects.all()}
        assert read == {"before": LISTED, "since": LISTED, "small": SECRET, "after": LISTED}


def test_a_value_that_is_written_again_is_stored_as_is_configured_then(compressed: None) -> None:
    entry = CacheEntry.objects.create(key="a", value=LISTED)
    short = len(stored("a"))
    compression.use_source(lambda: "noop")
    entry.value = LISTED
    entry.save()
    assert len(stored("a")) > short * 5
    assert CacheEntry.objects.get(key="a").value == LISTED
