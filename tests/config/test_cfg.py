"""``utask-cfg``: what each key gives, its default, and what is said of a wrong one; all mistakes at once."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.config.cfg import Cfg, DatabaseConfig, Plugged, read_cfg
from tasks.config.durations import parse_duration
from tasks.config.items import Item, Items

EXAMPLE = """{
  "application_name": "Provisioning",
  "admin_groups": ["sre"],
  "base_url": "https://utask.example.org",
  "completed_task_expiration": "2160h",
  "concealed_secrets": ["database", "encryption-key", "utask-cfg", "basic-auth", "callback-config"],
  "resource_limits": {"socket": 200, "url:dns.example.org": 4, "template:decommission-rack": 1, "legacy-api": 0},
  "max_concurrent_executions": 50,
  "max_concurrent_executions_from_crashed": 10,
  "steps_compression_algorithm": "gzip",
  "notify_config": {
    "ops-chat": {"type": "slack", "config": {"webhook_url": "https://hooks.slack.example/T/B/X"},
                 "default_notification_strategy": {"task_state_update": "failure_only", "task_step_update": "silent"}}
  },
  "notify_actions": {"task_step_update": {"disabled": true}}
}"""


def items(text, *more):
    return Items((Item("utask-cfg", text, 0), *more))


def read(**keys):
    return read_cfg(items(json.dumps({"admin_usernames": ["alice"], **keys})), required=True)


def reasons(reading):
    return " | ".join(str(mistake) for mistake in reading.mistakes)


def test_the_documented_example_is_read_without_a_word():
    reading = read_cfg(items(EXAMPLE), required=True)
    assert (reading.mistakes, reading.warnings) == ((), ())
    cfg = reading.cfg
    assert cfg.application_name == "Provisioning"
    assert cfg.completed_task_expiration == timedelta(hours=2160)
    assert cfg.resource_limits["legacy-api"] == 0
    assert (cfg.max_concurrent_executions, cfg.max_concurrent_executions_from_crashed) == (50, 10)
    assert cfg.notify_config["ops-chat"].strategy("task_step_update", "any") == "silent"
    assert cfg.notify_config["ops-chat"].strategy("task_validation", "any") == "always"
    assert cfg.notify_actions["task_step_update"].disabled
    assert not cfg.notify_actions["task_state_update"].disabled


def test_without_other_keys_the_defaults_hold():
    cfg = read().cfg
    assert cfg == Cfg(admin_usernames=frozenset({"alice"}), notify_actions=cfg.notify_actions)
    assert cfg.database_config == DatabaseConfig(50, 30, 60, "database")
    assert (cfg.completed_task_expiration, cfg.resource_acquire_timeout) == (timedelta(days=30), timedelta(minutes=1))


def test_its_absence_is_a_mistake_only_where_items_are_all_there_is():
    assert "failed to get utask configuration from store" in reasons(read_cfg(Items(), required=True))
    assert read_cfg(Items(), required=False).mistakes == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1} // comment', '{"a": NaN}', "null"])
def test_what_is_no_json_object_is_refused(text):
    assert "failed to unmarshal utask configuration" in reasons(read_cfg(items(text), required=True))


def test_names_of_keys_are_read_in_any_letter_case():
    assert read(Application_NAME="x", Database_Config={"MAX_open_conns": 3}).cfg.database_config.most_connections == 3


def test_unknown_keys_are_told_as_warnings():
    reading = read(x=1, y=2)
    assert reading.mistakes == ()
    assert [str(warning) for warning in reading.warnings] == [
        "utask-cfg.x: unknown key, ignored",
        "utask-cfg.y: unknown key, ignored",
    ]


def test_null_counts_as_absent():
    assert read(application_name=None, resource_limits=None).mistakes == ()


def test_somebody_must_be_an_administrator():
    assert "Admin user list can't be empty" in reasons(read(admin_usernames=[]))
    assert read(admin_usernames=[], admin_groups=["sre"]).mistakes == ()


WRONG = {
    "application_name": 1,
    "admin_groups": "sre",
    "completed_task_expiration": "30d",
    "concealed_secrets": ["a", 1],
    "resource_limits": {"a": -1},
    "resource_acquire_timeout": "soon",
    "max_concurrent_executions": "10",
    "delay_between_crashed_tasks_resolution": "1",
    "steps_compression_algorithm": "zip",
    "server_options": [],
    "database_config": {"max_open_conns": True},
    "notify_config": [],
    "notify_actions": {"task_validation": {"disabled": "yes"}},
}


@pytest.mark.parametrize("key", WRONG)
def test_each_wrong_key_is_named_alone(key):
    (mistake,) = read(**{key: WRONG[key]}).mistakes
    assert mistake.key.startswith(f"utask-cfg.{key}")


def test_all_wrong_keys_are_named_at_once():
    assert len(read(**WRONG).mistakes) == len(WRONG)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("completed_task_expiration", "30d", 'unknown unit "d" in duration "30d"'),
        ("completed_task_expiration", "0s", "must be at least 1m"),
        ("blocked_task_expiration", "10s", "must be at least 1m"),
        ("delay_between_crashed_tasks_resolution", "1", 'failed to parse "delay_between_crashed_tasks_resolution"'),
        ("resource_acquire_timeout", "x", 'failed to parse "resource_acquire_timeout"'),
        ("steps_compression_algorithm", "zip", "zip compression algorithm not found"),
    ],
)
def test_the_words_of_a_mistake(key, value, words):
    assert words in reasons(read(**{key: value}))


@pytest.mark.parametrize(("written", "taken"), [(None, "noop"), ("", "noop"), ("noop", "noop"), ("gzip", "gzip")])
def test_compression_is_off_unless_it_is_named(written, taken):
    found = read(**({} if written is None else {"steps_compression_algorithm": written}))
    assert (found.mistakes, found.cfg.steps_compression_algorithm) == ((), taken)


def test_an_unknown_compression_is_refused_and_names_those_that_there_are_a_plugins_too():
    document = {"admin_usernames": ["alice"], "steps_compression_algorithm": "zip"}
    found = read_cfg(items(json.dumps(document)), required=True, plugged=Plugged(compressions=frozenset({"zstd"})))
    assert "zip compression algorithm not found; known: noop, gzip, zstd" in reasons(found)
    assert found.cfg.steps_compression_algorithm == "noop"
    document["steps_compression_algorithm"] = "zstd"
    found = read_cfg(items(json.dumps(document)), required=True, plugged=Plugged(compressions=frozenset({"zstd"})))
    assert (found.mistakes, found.cfg.steps_compression_algorithm) == ((), "zstd")


@pytest.mark.parametrize(("value", "seconds"), [(1, 1), (0.5, 0.5), ("1s", 1), ("1m30s", 90), (0, 0)])
def test_a_pause_may_be_a_number_of_seconds(value, seconds):
    assert read(delay_between_crashed_tasks_resolution=value).cfg.delay_between_crashed_tasks_resolution == timedelta(
        seconds=seconds
    )


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ({}, (100, 20)),
        ({"max_concurrent_executions": 10}, (10, 10)),
        ({"max_concurrent_executions": 0}, (0, 0)),
        ({"max_concurrent_executions": -1}, (None, 20)),
        ({"max_concurrent_executions": 10, "max_concurrent_executions_from_crashed": -1}, (10, None)),
        ({"max_concurrent_executions": 500}, (500, 20)),
    ],
)
def test_executions_from_crashed_follow_executions(keys, numbers):
    reading = read(**keys)
    assert reading.mistakes == ()
    assert (reading.cfg.max_concurrent_executions, reading.cfg.max_concurrent_executions_from_crashed) == numbers


def test_more_from_crashed_than_in_all_is_refused():
    words = "max_concurrent_executions_from_crashed can't be greater than max_concurrent_executions"
    assert words in reasons(read(max_concurrent_executions=10, max_concurrent_executions_from_crashed=11))


@pytest.mark.parametrize(("value", "limit"), [("0s", None), ("90s", timedelta(seconds=90))])
def test_no_wait_for_a_resource_means_no_limit(value, limit):
    assert read(resource_acquire_timeout=value).cfg.resource_acquire_timeout == limit


@pytest.mark.parametrize(
    ("given", "limit"), [(0, 262_144), (10, 1_024), (-5, 1_024), (99_999_999, 10_485_760), (5_000, 5_000)]
)
def test_the_largest_body_is_brought_within_its_bounds(given, limit):
    assert read(server_options={"max_body_bytes": given}).cfg.max_body_bytes == limit


def test_database_numbers_below_zero_are_the_defaults_and_the_item_can_be_named():
    config = read(
        database_config={"max_open_conns": -3, "max_idle_conns": 0, "config_name": "pg-main"}
    ).cfg.database_config
    assert config == DatabaseConfig(50, 0, 60, "pg-main")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("720h", 2_592_000),
        ("1m30s", 90),
        ("1.5h", 5_400),
        (".5s", 0.5),
        ("0", 0),
        ("-2s", -2),
        ("300ms", 0.3),
        ("+1s", 1),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "30", "1d", "5 s", "s", "1h-2m", "-", "1.2.3s", "9" * 400 + "h", "１s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WRONG, "type", "config"]), inner),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_its_mistakes_are_named(document):
    reading = read_cfg(items(json.dumps(document)), required=True)
    assert isinstance(reading.cfg, Cfg)
