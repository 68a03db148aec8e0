"""The configuration of a process: everything that is wrong with it at once, read once, and again when asked."""

import json

import pytest
from django.core.management import CommandError, call_command

from tasks.apps import check_configuration, storage_keys
from tasks.config import current
from tasks.config.cfg import Plugged
from tasks.config.current import CallbackConfig, assemble, configuration
from tasks.config.items import ConfigurationError, Item, Items
from tasks.crypto import keyring

CFG = {"admin_usernames": ["alice"]}


def put_together(base_url="", **values):
    found = Items(tuple(Item(key.replace("_", "-"), value, 0) for key, value in values.items()))
    return assemble(found, required=False, base_url=base_url, plugged=Plugged())


@pytest.fixture
def configured(monkeypatch, settings):
    """Gives the process a configuration of its own, from variables."""

    def configure(**environ):
        for name, value in environ.items():
            monkeypatch.setenv(f"UT_{name}", value)
        settings.CONFIGURATION_FROM = "env:UT"
        forget()
        return configuration()

    yield configure
    forget()


def forget():
    """Read everything again at the next use."""
    current._current = None
    keyring.use_source(storage_keys)


def test_mistakes_of_all_items_come_together(configured):
    found = configured(
        UTASK_CFG="{}",
        BASIC_AUTH='{"a": 1}',
        GROUPS_AUTH='{"sre": "a"}',
        CALLBACK_CONFIG="{}",
        NOTIFY_WEBHOOK_CREDENTIALS="[",
    )
    assert [mistake.key for mistake in found.mistakes] == [
        "utask-cfg.admin_usernames",
        "basic-auth",
        "groups-auth.sre",
        "callback-config",
        "notify-webhook-credentials",
    ]
    with pytest.raises(ConfigurationError) as caught:
        found.require_no_mistakes()
    assert len(caught.value.mistakes) == 5
    assert len(check_configuration()) == 5


def test_people_and_their_groups():
    found = put_together(
        basic_auth='{"alice": "1", "bob": "2"}', groups_auth='{"sre": ["alice"], "net": ["bob", "alice"]}'
    )
    assert found.basic_auth == {"alice": "1", "bob": "2"}
    assert found.groups_of("alice") == ["net", "sre"]
    assert found.groups_of("mallory") == []
    assert "'1'" not in repr(found)


@pytest.mark.parametrize("text", ["[]", "{", '"x"'])
@pytest.mark.parametrize("key", ["basic_auth", "groups_auth"])
def test_people_must_be_an_object(key, text):
    (mistake,) = put_together(**{key: text}).mistakes
    assert "failed to unmarshal utask configuration" in mistake.reason


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"base_url": "https://a.example/"}, CallbackConfig("https://a.example", "/unsecured/callback")),
        ({"utask_cfg": json.dumps(CFG | {"base_url": "https://b.example"})}, CallbackConfig("https://b.example")),
        (
            {"callback_config": '{"base_url": "https://c.example/", "path_prefix": "/cb"}'},
            CallbackConfig("https://c.example", "/cb"),
        ),
    ],
)
def test_where_callbacks_come_in(values, expected):
    found = put_together(**values)
    assert found.callback == expected
    assert found.mistakes == ()


@pytest.mark.parametrize("text", ["{}", '{"base_url": ""}', '{"base_url": 1}'])
def test_a_callback_item_must_have_an_address(text):
    (mistake,) = put_together(callback_config=text).mistakes
    assert '"base_url" key not defined in "callback-config"' in mistake.reason


def test_passwords_in_the_configuration_are_warned_of(configured):
    configured(UTASK_CFG=json.dumps(CFG), BASIC_AUTH='{"alice": "hunter2"}')
    (warning,) = check_configuration()
    assert warning.id == "utask.W002"
    assert "hunter2" not in str(warning)


def test_a_new_configuration_is_taken_when_it_is_right_and_the_old_one_stays_when_not(configured, monkeypatch):
    configured(UTASK_CFG=json.dumps(CFG))
    monkeypatch.setenv("UT_UTASK_CFG", json.dumps(CFG | {"application_name": "second"}))
    assert configuration().cfg.application_name == ""
    assert current.reload().cfg.application_name == "second"
    monkeypatch.setenv("UT_UTASK_CFG", "{")
    with pytest.raises(ConfigurationError):
        current.reload()
    assert configuration().cfg.application_name == "second"


def test_a_plugins_source_counts_from_the_moment_it_is_added(configured, monkeypatch):
    monkeypatch.setattr(current, "_plugin_sources", {})
    configured(UTASK_CFG=json.dumps(CFG))
    current.add_source("vault", lambda: [Item("token", "t", 1)])
    assert configuration().items.get("token") == "t"


def test_the_command_shows_what_is_in_force_and_not_one_secret(configured, capsys):
    secrets = {
        "BASIC_AUTH": json.dumps({"alice": "canary-1"}),
        "ENCRYPTION_KEY": json.dumps(
            {"identifier": "storage", "cipher": "aes-gcm", "timestamp": 1, "key": "canary-2" * 4}
        ),
        "TOKEN": "canary-3",
        "NOTIFY_WEBHOOK_CREDENTIALS": json.dumps({"credentials_name": "c", "username": "u", "password": "canary-4"}),
    }
    hook = {
        "type": "webhook",
        "config": {"webhook_url": "https://canary-5", "credentials_name": "c", "headers": {"a": "canary-6"}},
    }
    configured(UTASK_CFG=json.dumps(CFG | {"notify_config": {"h": hook}, "concealed_secrets": ["TOKEN"]}), **secrets)
    call_command("config", "show")
    output = capsys.readouterr().out
    assert "canary" not in output
    shown = json.loads(output)
    assert shown["utask-cfg"]["admin_usernames"] == ["alice"]
    assert shown["utask-cfg"]["completed_task_expiration"] == "2592000s"
    assert {item["key"]: item["seen_by_templates"] for item in shown["items"]}["token"] is False


def test_the_command_checks_and_names_everything(configured, capsys):
    configured(UTASK_CFG=json.dumps(CFG | {"x": 1}))
    call_command("config", "check")
    output = capsys.readouterr().out
    assert "warning: utask-cfg.x: unknown key" in output
    assert "the configuration is right (1 items)" in output
    configured(UTASK_CFG="{}", ENCRYPTION_KEY='{"identifier": "storage", "cipher": "rot13"}')
    with pytest.raises(CommandError, match=r"(?s)Admin user list.*unknown cipher 'rot13'"):
        call_command("config", "check")


def key_item(timestamp, digits):
    return json.dumps({"identifier": "storage", "cipher": "aes-gcm", "timestamp": timestamp, "key": digits * 32})


def test_keys_of_the_environment_write_before_items_and_items_before_the_generated_file(configured, settings, tmp_path):
    settings.UTASK_ENCRYPTION_KEY_FILE = tmp_path / "key"
    assert len(storage_keys()) == 1
    settings.UTASK_ENCRYPTION_KEYS = "ee" * 32
    configured(UTASK_CFG=json.dumps(CFG), ENCRYPTION_KEY=key_item(9, "aa"))
    materials = [key.material.hex()[:2] for key in storage_keys()]
    assert materials[:2] == ["ee", "aa"]
    assert len(materials) == 3


def test_where_keys_are_configured_no_file_is_made(configured, settings, tmp_path):
    settings.UTASK_ENCRYPTION_KEY_FILE = tmp_path / "key"
    configured(UTASK_CFG=json.dumps(CFG), ENCRYPTION_KEY=key_item(1, "aa"))
    assert len(storage_keys()) == 1
    assert not (tmp_path / "key").exists()


def test_a_generated_key_file_can_be_moved_to_the_configuration_as_it_is(settings, tmp_path):
    settings.UTASK_ENCRYPTION_KEY_FILE = tmp_path / "key"
    (made,) = storage_keys()
    assert keyring.read_item((tmp_path / "key").read_text()) == made
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
