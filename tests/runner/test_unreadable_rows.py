"""A stored value that cannot be read blocks the resolution that needs it, with the reason, and nothing else."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tasks.crypto.cipher import Cipher
from tasks.crypto.keyring import Key, Keyring
from tasks.models import CacheEntry, Step, Task
from tasks.models.fields import EncryptedRow, context_of
from tasks.runner.coordinator import Coordinator
from tasks.services import resolutions, steps
from tests.runner.conftest import ADMIN
from tests.runner.turns import resolution_of, settle

ECHO = "only: {description: one, action: {type: echo, configuration: {output: 1}}}"
STRANGE = Key(secrets.token_bytes(32))


def lose_key(row: EncryptedRow, column: str) -> None:
    """Have the value be one that a key wrote which is not configured."""
    context = context_of(type(row), column, row.encryption_row())  # type: ignore[arg-type]
    store(row, column, Cipher(Keyring([STRANGE])).encrypt(b"{}", context))


def damage(row: EncryptedRow, column: str) -> None:
    """Have the value be none of ours."""
    store(row, column, b"not what we wrote")


def store(row: Any, column: str, token: bytes) -> None:
    with connection.cursor() as cursor:
        key = row._meta.pk.column
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE {key} = %s", [token, row.pk])


@pytest.mark.parametrize("how", ["key lost", "damaged"])
def test_a_task_whose_input_cannot_be_read_is_set_aside_and_the_others_run(
    ask: Callable[..., Task], runner: Coordinator, how: str
) -> None:
    tasks = [ask(ECHO) for _ in range(4)]
    bad = tasks[1]
    if how == "key lost":
        lose_key(bad, "input")
    else:
        damage(bad, "input")
    settle(runner)
    assert [resolution_of(task).state for task in tasks] == ["DONE", "BLOCKED_TOCHECK", "DONE", "DONE"]
    assert ("not configured" if how == "key lost" else "blocked: ") in resolution_of(bad).waiting_for
    # Asked to go on before it is mended, it comes to the same.
    resolutions.run_resolution(ADMIN, resolution_of(bad).public_id)
    settle(runner)
    assert resolution_of(bad).state == "BLOCKED_TOCHECK"
    assert resolution_of(ask(ECHO)).state == "TO_AUTORUN"


def test_a_step_that_cannot_be_read_blocks_its_resolution_alone(ask: Callable[..., Task], runner: Coordinator) -> None:
    task = ask("""
        one: {description: one, action: {type: echo, configuration: {output: 1}}}
        two:
          description: two
          dependencies: [one]
          action: {type: echo, configuration: {error_message: "no", error_type: client}}
    """)
    settle(runner)
    damage(Step.objects.get(name="one"), "output")
    other, key = ask(ECHO), resolution_of(task).public_id
    resolutions.pause_resolution(ADMIN, key)
    steps.edit_step_state(ADMIN, key, "two", "TODO")
    resolutions.run_resolution(ADMIN, key)
    settle(runner)
    assert (resolution_of(task).state, resolution_of(other).state) == ("BLOCKED_TOCHECK", "DONE")


def test_an_entry_of_the_cache_that_cannot_be_read_blocks_who_asks_for_it(
    ask: Callable[..., Task], runner: Coordinator
) -> None:
    CacheEntry.objects.create(key="k", value="1")
    damage(CacheEntry.objects.get(), "value")
    task = ask("only: {description: one, action: {type: cache, configuration: {action: get, key: k}}}")
    other = ask(ECHO)
    settle(runner)
    assert (resolution_of(task).state, resolution_of(other).state) == ("BLOCKED_TOCHECK", "DONE")


def test_whoever_looks_at_it_is_told_which_key_is_missing_and_nothing_else(ask: Callable[..., Task]) -> None:
    task = ask(ECHO)
    lose_key(task, "input")
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    told = client.get(f"/task/{task.public_id}")
    assert told.status_code == 500
    assert f"is encrypted under key {STRANGE.id}, which is not configured" in told.json()["error"]
    page = client.get(f"/admin/tasks/{task.public_id}/")
    assert page.status_code == 500
    assert STRANGE.id in page.content.decode()
    # A list shows no values, so it is not broken by one.
    assert client.get("/task?type=all").status_code == client.get("/admin/tasks/").status_code == 200
