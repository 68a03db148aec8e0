"""Key rotation: everything under the newest key, in batches, whatever happens meanwhile."""

import secrets
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps as django_apps
from django.core.management import call_command
from django.db import connection

from tasks import apps
from tasks.apps import storage_keys
from tasks.crypto import compression, keyring
from tasks.crypto.cipher import Cipher
from tasks.crypto.errors import CipherError, UnknownKey
from tasks.crypto.keyring import Key, Keyring
from tasks.models import Comment, Setting, Task
from tasks.models.fields import EncryptedTextField
from tasks.services import key_usage, keys, tasks
from tasks.services.errors import AdministratorsOnly
from tests.services.people import actor


@pytest.fixture
def add_key() -> Iterator[Callable[[], str]]:
    """Makes a new newest key; its id."""
    known = [Key(secrets.token_bytes(32))]

    def add() -> str:
        known.insert(0, Key(secrets.token_bytes(32)))
        keyring.use_source(lambda: list(known))
        return known[0].id

    keyring.use_source(lambda: list(known))
    yield add
    keyring.use_source(storage_keys)


@pytest.fixture
def made(add_key: Callable[[], str], world: None) -> Task:
    task = tasks.create_task(actor("req"), "dummy", {"id": "first"})
    for number in range(5):
        Comment.objects.create(task=task, username="req", content=f"comment {number}")
    return task


def test_everything_is_written_again_and_still_reads(made: Task, add_key: Callable[[], str]) -> None:
    before = key_usage.values_by_key()
    newest = add_key()
    done = keys.rotate_keys(actor("adm"))
    assert key_usage.values_by_key() == {newest: sum(before.values())}
    assert done.values == sum(before.values())
    assert [comment.content for comment in Comment.objects.all()] == [f"comment {number}" for number in range(5)]
    assert keys.rotate_keys(actor("adm")).values == 0


def test_what_was_cut_off_goes_on_where_it_stopped(
    made: Task, add_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    newest = add_key()
    original, written = keys._write, []

    def cut_off(*given: object) -> int:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(original(*given))  # type: ignore[arg-type]
        return written[-1]

    monkeypatch.setattr(keys, "_write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        keys.rotate_keys(actor("adm"))
    place = Setting.objects.get(name="key rotation").value
    assert place["key"] == newest
    monkeypatch.setattr(keys, "_write", original)
    done = keys.rotate_keys(actor("adm"))
    assert set(key_usage.values_by_key()) == {newest}
    # What was seen to is not looked at again.
    assert done.rows < sum(model.objects.count() for model, _ in key_usage.encrypted_tables())  # type: ignore[attr-defined]
    assert not Setting.objects.filter(name="key rotation").exists()


def test_another_new_key_begins_a_rotation_anew(made: Task, add_key: Callable[[], str]) -> None:
    Setting.objects.create(
        name="key rotation", value={"key": "00000000", "table": "zzz", "last": 1, "rows": 9, "of": 9}
    )
    newest = add_key()
    keys.rotate_keys(actor("adm"))
    assert set(key_usage.values_by_key()) == {newest}


def test_a_value_that_changed_meanwhile_is_left_to_who_changed_it(
    made: Task, add_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_key()
    original = keys._write

    def write(model: type, column: str, row: object, token: bytes) -> int:
        if model is Task:
            changed = Task.objects.get()
            changed.input = '{"id":"second"}'
            changed.save(update_fields=["input"])
        return original(model, column, row, token)

    monkeypatch.setattr(keys, "_write", write)
    keys.rotate_keys(actor("adm"))
    assert Task.objects.get().input == '{"id":"second"}'


def test_values_of_any_compression_are_rotated_and_stored_as_is_configured_now(
    made: Task, add_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "a long comment, and " * 100

    def lengths() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT length(content) FROM tasks_comment WHERE username = 'long' ORDER BY id")
            return [length for (length,) in cursor.fetchall()]

    def compress_by(name: str) -> None:
        monkeypatch.setattr(compression, "_source", lambda: name)

    for name in ("noop", "gzip"):
        compress_by(name)
        Comment.objects.create(task=made, username="long", content=long)
    plain, short = lengths()
    assert short < plain / 5
    for name in ("gzip", "noop"):
        compress_by(name)
        newest = add_key()
        keys.rotate_keys(actor("adm"))
        assert set(key_usage.values_by_key()) == {newest}
        assert lengths() == [short if name == "gzip" else plain] * 2
        assert {comment.content for comment in Comment.objects.filter(username="long")} == {long}


def test_a_value_whose_algorithm_is_gone_is_told_and_left_by_a_rotation(
    made: Task, add_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [older] = key_usage.values_by_key()
    monkeypatch.setitem(compression._by_name, "brought", compression.Compression("brought", compression.Deflate()))
    monkeypatch.setattr(compression, "_source", lambda: "brought")
    comment = Comment.objects.create(task=made, username="req", content="a long comment, and " * 100)
    monkeypatch.setattr(compression, "_source", lambda: "noop")
    monkeypatch.delitem(compression._by_name, "brought")
    add_key()
    with pytest.raises(CipherError, match=f"1 values .* tasks_comment.content of row {comment.pk}: .*'brought'"):
        keys.rotate_keys(actor("adm"))
    assert key_usage.values_by_key()[older] == 1


def test_an_unknown_key_is_told(made: Task, add_key: Callable[[], str]) -> None:
    keyring.use_source(lambda: [Key(secrets.token_bytes(32))])
    with pytest.raises(CipherError, match=r"values cannot be rotated: .* is encrypted under key [0-9a-f]{8}"):
        keys.rotate_keys(actor("adm"))
    with pytest.raises(UnknownKey):
        Task.objects.get().input  # noqa: B018


def test_only_administrators_rotate(world: None) -> None:
    with pytest.raises(AdministratorsOnly):
        keys.rotate_keys(actor("req"))


def test_one_value_that_cannot_be_read_does_not_keep_the_others_from_being_rotated(
    made: Task, add_key: Callable[[], str]
) -> None:
    before = key_usage.values_by_key()
    [older] = before
    first = Comment.objects.order_by("pk")[0]
    # Another row's place: no key opens it there.
    Comment.objects.filter(pk=first.pk).update(public_id=uuid.uuid4())
    newest = add_key()
    with pytest.raises(CipherError, match=f"1 values cannot be rotated: tasks_comment.content of row {first.pk}"):
        keys.rotate_keys(actor("adm"))
    assert key_usage.values_by_key() == {newest: sum(before.values()) - 1, older: 1}


def test_what_an_older_process_wrote_meanwhile_is_rotated_too(made: Task, add_key: Callable[[], str]) -> None:
    newest = add_key()
    written = []

    def tell(progress: keys.Progress) -> None:
        if progress.table == "tasks_task" and not written:
            comment = Comment.objects.create(task=made, username="req", content="late")
            token = older.encrypt(b"late", f"tasks_comment.content:{comment.public_id}")
            with connection.cursor() as cursor:
                cursor.execute("UPDATE tasks_comment SET content = %s WHERE id = %s", [token, comment.pk])
            written.append(comment.pk)

    older = Cipher(Keyring([keyring.keyring().keys[1]]))
    keys.rotate_keys(actor("adm"), tell)
    assert written
    assert set(key_usage.values_by_key()) == {newest}
    assert Comment.objects.get(pk=written[0]).content == "late"


def test_progress_is_told_and_a_part_can_be_done_at_a_time(
    made: Task, add_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    newest = add_key()
    seen: list[keys.Progress] = []
    assert not keys.rotate_keys(actor("adm"), seconds=-1).complete
    done = keys.rotate_keys(actor("adm"), seen.append)
    assert done.complete
    assert done.left == {newest: sum(done.left.values())}
    assert [each.rows for each in seen] == sorted(each.rows for each in seen)
    assert seen[-1].rows == seen[-1].of
    assert keys.progress() is None


def test_keys_that_wrote_are_noted_until_no_value_needs_them(made: Task, add_key: Callable[[], str]) -> None:
    key_usage.note_newest()
    [older] = key_usage.noted()
    add_key()
    assert key_usage.missing_keys() == {}
    only_new = keyring.keyring().keys[:1]
    keyring.use_source(lambda: only_new)
    assert set(key_usage.missing_keys()) == {older}
    found = apps.check_stored_keys(databases=["default"])
    assert [message.id for message in found] == ["utask.E004"]
    assert older in found[0].msg
    assert apps.check_stored_keys(databases=None) == []


def test_every_encrypted_column_of_every_model_is_found() -> None:
    declared = {
        (model._meta.db_table, field.attname)
        for model in django_apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    }
    assert {
        (model._meta.db_table, column) for model, columns in key_usage.encrypted_tables() for column in columns
    } == declared
    assert len(declared) > 15


def test_the_commands_rotate_check_and_report(
    made: Task, add_key: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    [older] = key_usage.values_by_key()
    newest = add_key()
    with pytest.raises(SystemExit):
        call_command("rotate_keys", "--check")
    assert f"{older}: " in capsys.readouterr().out
    call_command("rotate_keys")
    out = capsys.readouterr().out
    assert f"key {newest}" in out
    assert f"key {older} is used no more and may be removed" in out
    call_command("rotate_keys", "--check")
    call_command("encryption", "report")
    assert "tasks_comment" in capsys.readouterr().out
