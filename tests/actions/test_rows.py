"""Every key of every action, row by row: its default, whether a handle can stand there, what is refused beside it."""

from datetime import timedelta
from typing import Any

import pytest

HANDLE = "{{.input.x}}"

#: A configuration of each action that works.
WORKING: dict[str, dict[str, Any]] = {
    "echo": {},
    "http": {"url": "http://h", "method": "GET"},
    "subtask": {"template": "child"},
    "batch": {"template_name": "child"},
    "notify": {},
    "apiovh": {"credentials": HANDLE, "method": "GET"},
    "ssh": {"user": "ann", "target": "h", "ssh_key": "key"},
    "email": {
        "smtp_hostname": "h",
        "smtp_port": "25",
        "from_address": "a@b",
        "to": ["c@d"],
        "subject": "s",
        "body": "b",
    },
    "ping": {"hostname": "h"},
    "script": {"file_path": "it.sh"},
    "tag": {"tags": {}},
    "callback": {"action": "wait", "id": "x"},
    "cache": {"action": "get", "key": "k"},
}
REQUIRED = object()

#: Action and key; the default of a key that is left out; where a handle can stand ("here": instead of the value;
#: "inside": in the texts of the value; "nowhere"); a value that is refused when the template is loaded, None for none.
ROWS: list[tuple[str, str, Any, str, Any]] = [
    ("echo", "output", None, "here", None),
    ("echo", "metadata", None, "here", []),
    ("echo", "unmarshal", False, "here", "sometimes"),
    ("echo", "error_message", "", "here", 1),
    ("echo", "error_type", "", "nowhere", "fatal"),
    ("http", "url", "", "here", 1),
    ("http", "host", "", "here", "beside url"),
    ("http", "path", "", "here", "beside url"),
    ("http", "method", REQUIRED, "here", "get"),
    ("http", "body", "", "here", {"a": 1}),
    ("http", "headers", [], "inside", [{"name": "", "value": "v"}]),
    ("http", "query_parameters", [], "inside", [{"name": "", "value": "v"}]),
    ("http", "timeout", timedelta(seconds=30), "here", 30),
    ("http", "follow_redirect", False, "here", True),
    ("http", "insecure_skip_verify", False, "here", True),
    ("http", "root_ca", "", "here", 1),
    ("http", "trim_prefix", "", "here", 1),
    ("http", "auth", None, "inside", {"basic": {"user": "u", "password": ""}}),
    ("subtask", "template", REQUIRED, "nowhere", ""),
    ("subtask", "input", {}, "inside", []),
    ("subtask", "json_input", {}, "here", None),
    ("subtask", "resolver_usernames", [], "here", 1),
    ("subtask", "resolver_groups", [], "here", 1),
    ("subtask", "watcher_usernames", [], "here", 1),
    ("subtask", "watcher_groups", [], "here", 1),
    ("subtask", "delay", None, "here", 5),
    ("subtask", "tags", {}, "inside", {"_utask_parent_task_id": "1"}),
    ("batch", "template_name", REQUIRED, "nowhere", ""),
    ("batch", "inputs", [], "inside", ["text"]),
    ("batch", "json_inputs", [], "here", None),
    ("batch", "common_inputs", {}, "inside", []),
    ("batch", "common_json_inputs", {}, "here", None),
    ("batch", "sub_batch_size", 0, "here", 5),
    ("batch", "comment", "", "here", 1),
    ("batch", "watcher_usernames", [], "inside", [1]),
    ("batch", "watcher_groups", [], "inside", [1]),
    ("batch", "tags", {}, "inside", {"_utask_parent_task_id": "1"}),
    ("batch", "resolver_usernames", [], "inside", [1]),
    ("batch", "resolver_groups", [], "inside", [1]),
    ("notify", "message", "", "here", 1),
    ("notify", "fields", {}, "inside", {"a": 1}),
    ("notify", "backends", [], "nowhere", "chat"),
    ("apiovh", "credentials", REQUIRED, "here", "no-such-item"),
    ("apiovh", "method", REQUIRED, "nowhere", "PATCH"),
    ("apiovh", "path", "", "here", 1),
    ("apiovh", "body", "", "here", {}),
    ("ssh", "user", REQUIRED, "here", ""),
    ("ssh", "target", REQUIRED, "here", ""),
    ("ssh", "hops", [], "inside", ["hop"] * 11),
    ("ssh", "script", "", "here", 1),
    ("ssh", "ssh_key", REQUIRED, "here", ""),
    ("ssh", "ssh_key_passphrase", "", "here", 1),
    ("ssh", "output_mode", "auto-result", "nowhere", "last"),
    ("ssh", "result", {}, "inside", {"a": 1}),
    ("ssh", "output_manual_delimiters", [], "nowhere", ["a", "b"]),
    ("ssh", "exit_codes_unrecoverable", [], "nowhere", ["0-3"]),
    ("ssh", "timeout", timedelta(minutes=5), "nowhere", "-5s"),
    ("email", "smtp_hostname", REQUIRED, "here", ""),
    ("email", "smtp_port", REQUIRED, "nowhere", "65536"),
    ("email", "smtp_username", "", "here", 1),
    ("email", "smtp_password", "", "here", 1),
    ("email", "smtp_skip_tls_verify", False, "nowhere", True),
    ("email", "from_address", REQUIRED, "here", ""),
    ("email", "from_name", "", "here", 1),
    ("email", "to", REQUIRED, "inside", []),
    ("email", "subject", REQUIRED, "here", ""),
    ("email", "body", REQUIRED, "here", ""),
    ("ping", "hostname", REQUIRED, "here", ""),
    ("ping", "count", None, "nowhere", "-1"),
    ("ping", "interval_second", None, "nowhere", "1.5"),
    ("script", "file_path", REQUIRED, "nowhere", "no-such-script.sh"),
    ("script", "argv", [], "inside", [1]),
    ("script", "environment", {}, "inside", []),
    ("script", "stdin", "", "here", 1),
    ("script", "timeout", timedelta(minutes=2), "nowhere", "-1s"),
    ("script", "output_mode", "manual-lastline", "nowhere", "auto-result"),
    ("script", "output_manual_delimiters", [], "nowhere", ["a", "b"]),
    ("script", "exit_codes_unrecoverable", [], "nowhere", ["5-5"]),
    ("tag", "tags", {}, "inside", {"_utask_parent_task_id": "1"}),
    ("callback", "action", REQUIRED, "nowhere", "foo"),
    ("callback", "schema", None, "here", None),
    ("callback", "id", "", "here", ""),
    ("cache", "action", REQUIRED, "nowhere", "SET"),
    ("cache", "key", REQUIRED, "here", ""),
    ("cache", "value", None, "here", None),
    ("cache", "ttl", 0, "here", "soon"),
]
#: What a text with a handle is wrapped into, where it stands inside the value.
INSIDE: dict[str, Any] = {
    "headers": [{"name": "n", "value": HANDLE}],
    "query_parameters": [{"name": HANDLE, "value": HANDLE}],
    "input": {"a": [HANDLE]},
    "inputs": [{"a": HANDLE}],
    "common_inputs": {"a": HANDLE},
    "tags": {"a": HANDLE},
    "fields": {"a": HANDLE},
    "result": {"a": HANDLE},
    "environment": {"a": HANDLE},
    "auth": {
        "digest": {"user": HANDLE, "password": HANDLE},
        "mutual_tls": {"client_cert": HANDLE, "client_key": HANDLE},
    },
}
#: Ours beside those of the original, which docs/actions.md describes.
ADDED = {
    "http": {"response", "max_response_bytes"},
    "batch": {"succeeds_when"},
    "ssh": {"known_hosts", "insecure_ignore_host_key", "script_as_command"},
    "ping": {"timeout", "max_loss"},
}
IDS = [f"{type}-{key}" for type, key, *_ in ROWS]


@pytest.fixture(autouse=True)
def a_script(surroundings) -> None:
    file = surroundings.scripts_folders[0] / "it.sh"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def test_the_rows_are_all_keys_that_there_are(registry):
    rows = {(type, key) for type, key, *_ in ROWS} | {(type, key) for type, keys in ADDED.items() for key in keys}
    declared = {(type, key) for type in registry.names() for key in registry.get(type).declaration.shapes}
    assert rows == declared
    assert len(ROWS) == len(set(IDS))


@pytest.mark.parametrize("type", WORKING)
def test_what_is_said_to_work_works(refused, type):
    assert refused(type, WORKING[type]) == []


@pytest.mark.parametrize(("type", "key", "default", "handle", "wrong"), ROWS, ids=IDS)
def test_a_key_that_is_left_out_has_its_default_or_is_asked_for(
    registry, surroundings, refused, type, key, default, handle, wrong
):
    without = {name: value for name, value in WORKING[type].items() if name != key}
    if default is REQUIRED:
        for missing in (without, without | {key: None}):
            assert f"{key}: is required" in "\n".join(refused(type, missing))
    elif (type, key) not in {("http", "url"), ("callback", "id")}:
        # Of these one or the other is asked for: see the actions' own tests.
        for said in (without, without | {key: None}):
            found = getattr(registry.get(type).decode(None, said, surroundings), key)
            assert (found, found.__class__) == (default, default.__class__)


@pytest.mark.parametrize(("type", "key", "default", "handle", "wrong"), ROWS, ids=IDS)
def test_a_handle_can_stand_where_the_value_is_not_needed_at_load(refused, type, key, default, handle, wrong):
    changes = {"url": ""} if (type, key) in {("http", "host"), ("http", "path")} else {}
    changes |= {"host": "http://h"} if (type, key) == ("http", "path") else {}
    base = WORKING[type] | changes
    if handle == "inside":
        assert refused(type, base | {key: INSIDE.get(key, [HANDLE])}) == []
        if key == "auth":
            return
    # Better than the original: a list or a map may also be a rendered text.
    said = "\n".join(refused(type, base | {key: HANDLE}))
    if handle == "nowhere":
        listed = refused(type, base | {key: [HANDLE]})
        assert key in (said or "\n".join(listed))
        assert "handle" in said or any("handle" in each for each in listed)
    else:
        assert said == ""


@pytest.mark.parametrize(("type", "key", "default", "handle", "wrong"), [row for row in ROWS if row[4] is not None])
def test_a_value_that_cannot_be_is_refused_when_the_template_is_loaded(refused, type, key, default, handle, wrong):
    assert refused(type, WORKING[type] | {key: wrong}) != []
