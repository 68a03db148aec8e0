"""notify, tag, cache and callback: the effects they ask for, and what they make of the answers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from actions import ClientError, Context, NotReady, ServerError, Surroundings
from actions._effects import AwaitCallback, CacheDelete, CacheGet, CachePut, CreateCallback, Notify
from actions.callback import callback_address


def test_all_of_them_run_inline(registry):
    assert all(registry.get(name).pure for name in ("notify", "tag", "cache", "callback"))
    assert not any(registry.get(name).pure for name in ("http", "script", "ssh", "email", "ping", "apiovh"))


# notify


def test_a_notification_goes_to_the_named_backends_or_to_all(run_action):
    named = {"message": "Hello", "fields": {"task_id": "1", "empty": None}, "backends": ["chat"]}
    assert run_action("notify", named).effects == (Notify("Hello", {"task_id": "1", "empty": ""}, ["chat"]),)
    result = run_action("notify", None)
    assert result.effects == (Notify("", {}, []),)
    assert (result.output, result.metadata) == (None, None)


@pytest.mark.parametrize(
    ("known", "backends", "said"),
    [
        (frozenset(), ["x"], "None is configured"),
        (frozenset({"chat", "pager"}), ["chat", "zzz"], "There are: chat, pager."),
        (frozenset({"chat", "pager"}), ["aaa"], "There are: chat, pager."),
        (frozenset({"chat"}), ["{{.input.b}}"], "template handle"),
    ],
)
def test_an_unknown_backend_is_refused_with_those_that_exist(registry, surroundings, known, backends, said):
    where = replace(surroundings, notify_backends=known)
    problems = registry.check("notify", None, {"backends": backends}, surroundings=where)
    assert said in "\n".join(map(str, problems))


def test_known_backends_are_accepted_and_a_run_never_fails_for_one_that_went_away(registry, surroundings):
    where = replace(surroundings, notify_backends=frozenset({"chat"}))
    assert registry.check("notify", None, {"backends": ["chat"]}, surroundings=where) == []
    assert registry.get("notify").decode(None, {"backends": ["gone"]}, where).backends == ["gone"]


# tag


def test_tags_are_set_and_an_empty_value_deletes(run_action):
    result = run_action("tag", {"tags": {"foo": "bar", "old": None, "older": ""}})
    assert result.tags == {"foo": "bar", "old": "", "older": ""}
    assert (result.output, result.metadata, result.effects) == (None, None, ())


@pytest.mark.parametrize("tags", [{"n": 1}, {"n": True}, ["a"], "text"])
def test_tags_that_are_no_texts_are_refused(refused, tags):
    assert refused("tag", {"tags": tags}) != []


# cache


@pytest.mark.parametrize(
    ("ttl", "lifetime"),
    [(0, None), (-5, None), (60, timedelta(seconds=60)), ("60", timedelta(seconds=60)), (10**12, None)],
)
def test_a_value_is_put_for_a_time_or_for_ever(run_action, ttl, lifetime):
    result = run_action("cache", {"action": "set", "key": "k", "value": {"a": [1]}, "ttl": ttl})
    assert result.output == {"key": "k", "cached": True}
    assert result.effects == (CachePut("k", {"a": [1]}, lifetime),)


@pytest.mark.parametrize("answer", [{"hit": True, "value": {"a": 1}}, {"hit": False, "value": None}])
def test_a_miss_is_no_failure(run_action, answer):
    assert run_action("cache", {"action": "get", "key": "k"}).effects == (CacheGet("k"),)
    assert run_action("cache", {"action": "get", "key": "k"}, answer=answer).output == {"key": "k", **answer}


def test_deleting_tells_the_same_whether_it_was_there_or_not(run_action):
    result = run_action("cache", {"action": "delete", "key": "k"})
    assert (result.output, result.effects) == ({"key": "k", "deleted": True}, (CacheDelete("k"),))


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "SET"},
        {"action": "{{.input.a}}"},
        {"action": None},
        {"key": ""},
        {"key": None},
        {"key": "k" * 2001},
        {"key": "é" * 1001},
        {"key": "a\0b"},
        {"ttl": 1.5},
        {"ttl": "soon"},
        {"ttl": True},
    ],
)
def test_a_cache_configuration_that_cannot_work_is_refused(refused, changes):
    base: dict[str, Any] = {"action": "set", "key": "{{.input.k}}", "value": "{{.input.v}}", "ttl": 5}
    assert refused("cache", base) == []
    assert refused("cache", base | changes) != []


# callback

SCHEMA = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
CREATED = {"id": "foobar", "token": "s3cr3t"}


@pytest.mark.parametrize("schema", ['{"type": "object"}', {"type": "object", "version": 7}])
def test_creating_gives_out_a_url_and_the_schema(run_action, schema):
    configuration = {"action": "Create", "schema": schema}
    assert run_action("callback", configuration).effects == (CreateCallback(SCHEMA),)
    assert run_action("callback", configuration, answer=CREATED).output == {
        "id": "foobar",
        "url": "http://utask.example.com/unsecured/callback/foobar?t=s3cr3t",
        "token": "s3cr3t",
        "schema": SCHEMA,
    }


@pytest.mark.parametrize("schema", [None, ""])
def test_without_a_schema_none_is_given_back(run_action, schema):
    configuration = {"action": "create", "schema": schema}
    assert run_action("callback", configuration).effects == (CreateCallback(None),)
    assert "schema" not in run_action("callback", configuration, answer=CREATED).output


@pytest.mark.parametrize("schema", ["{", '{"type": "nothing"}', {"type": 5}])
def test_a_bad_schema_blocks_when_the_callback_is_created(run_action, refused, schema):
    assert refused("callback", {"action": "create", "schema": schema}) == []
    with pytest.raises(ClientError, match="schema"):
        run_action("callback", {"action": "create", "schema": schema})


def test_waiting_waits_until_the_call_and_then_gives_its_body(run_action):
    configuration = {"action": "WAIT", "id": "foobar"}
    assert run_action("callback", configuration).effects == (AwaitCallback("foobar"),)
    with pytest.raises(NotReady, match="was not called yet"):
        run_action("callback", configuration, answer={"id": "foobar", "called": False, "date": None, "body": None})
    called = {"id": "foobar", "called": True, "date": "2024-05-01T12:00:00Z", "body": {"success": True}}
    expected = {key: value for key, value in called.items() if key != "called"}
    assert run_action("callback", configuration, answer=called).output == expected


def test_an_unknown_callback_is_a_server_error(run_action):
    with pytest.raises(ServerError, match="no such callback"):
        run_action("callback", {"action": "wait", "id": "x"}, answer={"refused": "gone", "message": "no such callback"})


@pytest.mark.parametrize(
    "changes", [{"action": "foo"}, {"action": "{{.input.a}}"}, {"action": None}, {"id": ""}, {"id": None}]
)
def test_a_callback_configuration_that_cannot_work_is_refused(refused, changes):
    base: dict[str, Any] = {"action": "wait", "id": "{{.step.create.output.id}}"}
    assert refused("callback", base) == []
    assert refused("callback", base | changes) != []
    assert refused("callback", {"action": "create", "schema": "{}"}) == []


def configured(surroundings: Surroundings, item: str | None, base_url: str = "") -> Surroundings:
    def config(name: str) -> str:
        if item is None or name != "callback-config":
            raise LookupError(name)
        return item

    return replace(surroundings, config=config, base_url=base_url)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "/unsecured/callback/foobar?t=s3cr3t"),
        ("/foo", "/foo/foobar?t=s3cr3t"),
        ("/bar/", "/bar/foobar?t=s3cr3t"),
        ("/", "/foobar?t=s3cr3t"),
        ("path-prefix", "/path-prefix/foobar?t=s3cr3t"),
    ],
)
def test_the_prefix_of_the_item_changes_what_is_handed_out(surroundings, prefix, expected):
    item = f'{{"base_url": "http://utask.example.com/callbacks/", "path_prefix": "{prefix}"}}'
    address = callback_address(configured(surroundings, item, "http://other/"))
    assert address.url("foobar", "s3cr3t") == f"http://utask.example.com/callbacks{expected}"


def test_without_the_item_the_main_base_url_counts(surroundings):
    address = callback_address(configured(surroundings, None, "http://utask.example.com/"))
    assert address.url("i", "t") == "http://utask.example.com/unsecured/callback/i?t=t"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (None, "callback-config"),
        ("{}", '"base_url" is missing'),
        ('{"base_url": ""}', '"base_url" is missing'),
        ('{"base_url": "http://h", "path_prefix": 1}', "path_prefix"),
    ],
)
def test_without_an_address_callbacks_alone_fail_and_say_what_is_missing(
    registry, run_action, context: Context, surroundings, item, said
):
    nowhere = configured(surroundings, item)
    problems = registry.check("callback", None, {"action": "create"}, surroundings=nowhere)
    assert [problem.level for problem in problems] == ["warning"]
    assert said in problems[0].what
    with pytest.raises(ServerError, match=said):
        run_action("callback", {"action": "create"}, ctx=replace(context, surroundings=nowhere))
    assert run_action("callback", {"action": "wait", "id": "x"}, ctx=replace(context, surroundings=nowhere)).effects
