"""Key rotation: everything under the newest key, in batches, whatever happens meanwhile."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from tasks.apps import storage_keys
from tasks.crypto import keyring
from tasks.crypto.errors import UnknownKey
from tasks.crypto.keyring import Key
from tasks.models import Comment, Setting, Task
from tasks.services import keys, tasks
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
    before = keys.values_by_key()
    newest = add_key()
    done = keys.rotate_keys(actor("adm"))
    assert keys.values_by_key() == {newest: sum(before.values())}
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
    assert set(keys.values_by_key()) == {newest}
    # What was seen to is not looked at again.
    assert done.rows < sum(model.objects.count() for model, _ in keys.encrypted_tables())  # type: ignore[attr-defined]
    assert not Setting.objects.filter(name="key rotation").exists()


def test_another_new_key_begins_a_rotation_anew(made: Task, add_key: Callable[[], str]) -> None:
    Setting.objects.create(name="key rotation", value={"key": "00000000", "table": "zzz", "last": 1})
    newest = add_key()
    keys.rotate_keys(actor("adm"))
    assert set(keys.values_by_key()) == {newest}


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


def test_an_unknown_key_is_told(made: Task, add_key: Callable[[], str]) -> None:
    keyring.use_source(lambda: [Key(secrets.token_bytes(32))])
    with pytest.raises(UnknownKey):
        keys.rotate_keys(actor("adm"))


def test_only_administrators_rotate(world: None) -> None:
    with pytest.raises(AdministratorsOnly):
        keys.rotate_keys(actor("req"))
