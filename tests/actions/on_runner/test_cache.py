"""The cache action on the real runner: what is stored, for how long, and that nobody reads it in the database."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tasks.crypto.errors import CipherError
from tasks.engine.gotemplate.jsontext import dumps
from tasks.models import CacheEntry, Task, clock
from tasks.runner.coordinator import Coordinator
from tests.actions.on_runner.conftest import Performed, step_of
from tests.runner.turns import settle

Perform = Callable[..., Performed]


def everything_stored() -> bytes:
    """Every value of every row of every table, as it lies there."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                found += [
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
                ]
    return b"\n".join(found)


def entry(key: str) -> tuple[bytes, Any]:
    """The columns of an entry as they lie there: value and end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, expires_at FROM tasks_cacheentry WHERE key = %s", [key])
        [(value, expires_at)] = cursor.fetchall()
    return bytes(value), expires_at


def test_neither_the_value_nor_its_shape_is_readable_in_the_database(perform: Perform):
    canary = uuid.uuid4().hex
    value = {"password": "{{.input.secret}}", "list": [1, {"deep": "{{.input.secret}}"}]}
    put = perform("cache", {"action": "set", "key": "key of a secret", "value": value}, {"secret": canary})
    assert put.state == "DONE"
    got = perform("cache", {"action": "get", "key": "key of a secret"})
    assert got.output["value"]["list"][1]["deep"] == canary
    stored, _ = entry("key of a secret")
    assert canary.encode() not in stored
    assert b"password" not in stored
    # Nor anywhere else: not in the task's input, the step's rendered configuration, its output, the journal.
    assert canary.encode() not in everything_stored()
    # It would be found: the key, which is no secret, is.
    assert b"key of a secret" in everything_stored()


def test_two_equal_values_do_not_look_alike_and_none_can_be_put_in_the_others_place(perform: Perform):
    for key in ("one", "two"):
        perform("cache", {"action": "set", "key": key, "value": "the same"})
    one, two = entry("one")[0], entry("two")[0]
    assert one != two
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_cacheentry SET value = %s WHERE key = 'two'", [one])
    with pytest.raises(CipherError):
        _ = CacheEntry.objects.get(key="two").value


@pytest.mark.parametrize("value", ["text", 0, False, None, [], {"a": [1, None, "x"]}, ""])
def test_any_value_comes_back_as_it_was(perform: Perform, value: Any):
    perform("cache", {"action": "set", "key": "k", "value": value})
    got = perform("cache", {"action": "get", "key": "{{.input.key}}"}, {"key": "k"})
    assert (got.state, dumps(got.output)) == ("DONE", dumps({"key": "k", "hit": True, "value": value}))


def test_a_later_value_takes_the_place_of_the_earlier_and_its_time(perform: Perform):
    perform("cache", {"action": "set", "key": "k", "value": 1, "ttl": 60})
    assert entry("k")[1] is not None
    perform("cache", {"action": "set", "key": "k", "value": 2})
    assert CacheEntry.objects.get().expires_at is None
    assert perform("cache", {"action": "get", "key": "k"}).output["value"] == 2


@pytest.mark.parametrize(
    ("ttl", "seconds"), [(60, 60), ("{{.input.ttl}}", 60), (0, None), (-1, None), (None, None), (10**15, None)]
)
def test_it_is_kept_for_as_long_as_it_says(perform: Perform, ttl: Any, seconds: int | None):
    before = clock.now()
    put = perform("cache", {"action": "set", "key": "k", "value": 1, "ttl": ttl}, {"ttl": "60"})
    assert put.state == "DONE"
    end = CacheEntry.objects.get().expires_at
    if seconds is None:
        assert end is None
    else:
        assert end is not None
        assert before + timedelta(seconds=seconds) <= end <= clock.now() + timedelta(seconds=seconds)


GET = "it: {description: d, action: {type: cache, configuration: {action: get, key: k}}}"


@pytest.mark.parametrize(("later", "hit"), [(1, True), (3, False)])
def test_a_value_of_two_seconds_is_there_after_one_and_gone_after_three(
    perform: Perform, ask: Callable[..., Task], runner: Coordinator, later: int, hit: bool
):
    perform("cache", {"action": "set", "key": "k", "value": "v", "ttl": 2})
    end = CacheEntry.objects.get().expires_at
    assert end is not None
    task = ask(GET)
    settle(runner, now=end + timedelta(seconds=later - 2))
    assert step_of(task, "it").output == {"key": "k", "hit": hit, "value": "v" if hit else None}
    # What has expired goes when it is looked for.
    assert CacheEntry.objects.exists() is hit


def test_a_key_that_is_not_there_is_a_miss_and_can_be_deleted(perform: Perform):
    missed = perform("cache", {"action": "get", "key": "k"})
    assert (missed.state, missed.output, missed.metadata) == ("DONE", {"key": "k", "hit": False, "value": None}, None)
    deleted = perform("cache", {"action": "delete", "key": "k"})
    assert (deleted.state, deleted.output, deleted.metadata) == ("DONE", {"key": "k", "deleted": True}, None)


def test_what_is_deleted_is_gone(perform: Perform):
    perform("cache", {"action": "set", "key": "k", "value": 1})
    perform("cache", {"action": "set", "key": "other", "value": 2})
    perform("cache", {"action": "delete", "key": "k"})
    assert not perform("cache", {"action": "get", "key": "k"}).output["hit"]
    assert perform("cache", {"action": "get", "key": "other"}).output["hit"]


def test_a_key_that_is_rendered_empty_is_a_client_error(perform: Perform):
    failed = perform("cache", {"action": "get", "key": '{{if eq .input.key "k"}}{{end}}'}, {"key": "k"})
    assert (failed.state, failed.output) == ("CLIENT_ERROR", None)
    assert "key" in failed.error


def test_the_longest_key_is_one_like_any_other_and_a_longer_one_a_client_error(perform: Perform):
    # Of letters that a database cannot compress.
    key = "".join(uuid.uuid4().hex for _ in range(63))[:2000]
    perform("cache", {"action": "set", "key": "{{.input.key}}", "value": "v"}, {"key": key})
    got = perform("cache", {"action": "get", "key": "{{.input.key}}"}, {"key": key})
    assert (got.state, got.output["hit"]) == ("DONE", True), got.error
    failed = perform("cache", {"action": "set", "key": "{{.input.key}}", "value": "v"}, {"key": key + "x"})
    assert (failed.state, "longer than 2000 bytes" in failed.error) == ("CLIENT_ERROR", True)
    assert CacheEntry.objects.get().key == key


def test_all_templates_share_one_name_space(perform: Perform, play: Callable[..., Task]):
    perform("cache", {"action": "set", "key": "k", "value": "of one template"})
    task = play("""
        first: {description: d, action: {type: cache, configuration: {action: get, key: k}}}
        change:
          description: d
          dependencies: [first]
          action: {type: cache, configuration: {action: set, key: k, value: "{{.step.first.output.value}}, changed"}}
        second: {description: d, dependencies: [change], action: {type: cache, configuration: {action: get, key: k}}}
    """)
    assert step_of(task, "second").output["value"] == "of one template, changed"


def test_what_a_step_that_fails_afterwards_has_put_is_there(play: Callable[..., Task]):
    task = play("""
        it:
          description: d
          action: {type: cache, configuration: {action: set, key: k, value: v}}
          json_schema: {type: string}
    """)
    # The schema is held against the output of an action that is done.
    assert (step_of(task, "it").state, CacheEntry.objects.get().key) == ("FATAL_ERROR", "k")
