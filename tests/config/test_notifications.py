"""Who is told what: each backend's configuration, each strategy, and what is said of wrong ones."""

import json
from datetime import timedelta

import pytest

from tasks.config.cfg import Plugged, read_cfg
from tasks.config.items import Item, Items


def read(backends, *more_items, actions=None, plugin_backends=frozenset()):
    document = {"admin_usernames": ["alice"], "notify_config": backends, "notify_actions": actions or {}}
    found = Items((Item("utask-cfg", json.dumps(document), 0), *more_items))
    return read_cfg(found, required=True, plugged=Plugged(backends=plugin_backends))


def hook(**keys):
    return {"type": "webhook", "config": {"webhook_url": "https://e.example"}} | keys


def words(reading):
    return " | ".join(str(mistake) for mistake in reading.mistakes)


def credentials(name, username="u", password="p"):
    return Item(
        "notify-webhook-credentials",
        json.dumps({"credentials_name": name, "username": username, "password": password}),
        0,
    )


def test_the_first_entry_that_names_the_template_counts_and_then_the_default():
    backend = read(
        {
            "h": hook(
                default_notification_strategy={"task_state_update": "failure_only"},
                template_notification_strategies={
                    "task_state_update": [
                        {"templates": ["Probe"], "notification_strategy": "silent"},
                        {"templates": ["probe", "other"], "notification_strategy": "always"},
                    ]
                },
            )
        }
    ).cfg.notify_config["h"]
    assert backend.strategy("task_state_update", "probe") == "silent"
    assert backend.strategy("task_state_update", "other") == "always"
    assert backend.strategy("task_state_update", "third") == "failure_only"
    assert backend.strategy("task_step_update", "probe") == "always"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"default_notification_strategy": {"task_created": "always"}},
            'invalid action in default_notification_strategy: "task_created" is not allowed value',
        ),
        ({"default_notification_strategy": {"task_state_update": "loud"}}, "is not a valid value"),
        (
            {"default_notification_strategy": {"task_validation": "failure_only"}},
            'for action "task_validation": "failure_only" is not allowed for this action',
        ),
        (
            {"template_notification_strategies": {"task_created": []}},
            'invalid action name "task_created" found in notification_strategy: "task_created" is not a valid value',
        ),
        (
            {
                "template_notification_strategies": {
                    "task_state_update": [{"templates": ["a", "b"], "notification_strategy": "loud"}]
                }
            },
            'invalid notification_strategy for templates [a b]: "loud" is not a valid value',
        ),
        (
            {
                "template_notification_strategies": {
                    "task_validation": [{"templates": ["a"], "notification_strategy": "failure_or_done"}]
                }
            },
            '[a] and action "task_validation": "failure_or_done" is not allowed for this action',
        ),
        ({"type": "tat"}, "failed to identify backend type: tat"),
        ({"config": {"webhook_url": 1}}, "webhook_url"),
        ({"config": {"headers": {"a": 1}}}, "headers"),
    ],
)
def test_each_wrong_setting_of_a_backend_is_named(keys, expected):
    reading = read({"h": hook(**keys)})
    assert expected in words(reading)
    assert len(reading.mistakes) == 1


def test_credentials_are_found_by_name_in_any_spelling_and_replace_those_of_the_backend():
    backend = hook(config={"webhook_url": "x", "credentials_name": "Chat_Ops", "username": "old", "password": "old"})
    config = (
        read({"h": backend}, credentials("other"), credentials("chat-ops", "bot", "")).cfg.notify_config["h"].config
    )
    assert (config["username"], config["password"]) == ("bot", "")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], 'webhook, h: no credential found with name "c"'),
        ([credentials("c"), credentials("C")], 'webhook, h: more than one credentials found with name "c"'),
    ],
)
def test_credentials_must_be_there_once(found, expected):
    assert expected in words(read({"h": hook(config={"credentials_name": "c"})}, *found))


def test_opsgenie_has_three_zones_and_a_time_limit():
    def opsgenie(**config):
        return read({"o": {"type": "opsgenie", "config": {"api_key": "k", **config}}})

    assert opsgenie(zone="eu").cfg.notify_config["o"].config["timeout"] == timedelta(seconds=30)
    assert opsgenie(zone="eu", timeout="5s").cfg.notify_config["o"].config["timeout"] == timedelta(seconds=5)
    assert 'opsgenie zone "us" not found' in words(opsgenie(zone="us"))
    assert "timeout" in words(opsgenie(zone="eu", timeout="soon"))


def test_a_rule_that_names_an_unknown_backend_is_refused_and_keeps_the_known():
    reading = read({"a": hook()}, actions={"task_state_update": {"notify_backends": ["a", "nope"]}})
    assert '"nope" is no backend of notify_config; known: a' in words(reading)
    assert reading.cfg.notify_actions["task_state_update"].backends == ("a",)


def test_a_plugins_type_is_known_and_its_configuration_is_its_own():
    reading = read({"t": {"type": "teams", "config": {"channel": 7}}}, plugin_backends=frozenset({"teams"}))
    assert reading.mistakes == ()
    assert reading.cfg.notify_config["t"].config == {"channel": 7}


def test_secrets_of_a_backend_do_not_stand_in_its_representation():
    backend = read({"h": hook(config={"password": "hunter2", "username": "u"})}).cfg.notify_config["h"]
    assert "hunter2" not in repr(backend)
