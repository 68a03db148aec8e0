"""The actions that reach out of the process: each done, and in each of its error classes."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tasks.runner.coordinator import Coordinator
from tasks.services import catalog
from tests.actions.on_runner.conftest import Performed, step_of
from tests.peers import ovh
from tests.peers.authority import Authority
from tests.peers.ports import free_port
from tests.peers.smtp import running_smtp
from tests.peers.sshd import key_pair, running_sshd
from tests.peers.web import Received, Reply, WebPeer, json_reply
from tests.runner.turns import settle

Perform = Callable[..., Performed]


# http


def test_http_renders_its_configuration_and_keeps_numbers(perform: Perform, secure_web: WebPeer, authority: Authority):
    url = secure_web.on("/people", json_reply('{"badge": 12345678901234567890}', 200, ("X-Request-Id", "7")))
    done = perform(
        "http",
        {
            "url": "{{.input.url}}",
            "method": "POST",
            "body": '{"name": {{.input.name | toJson}}}',
            "headers": [{"name": "X-Name", "value": "{{.input.name}}"}],
            "query_parameters": [{"name": "q", "value": "{{.input.name}}"}],
            "timeout": "{{.input.timeout}}",
            "root_ca": "{{.input.ca}}",
            "auth": {"basic": {"user": "{{.input.name}}", "password": "p"}},
        },
        {"url": url, "name": "Ann & Zoé", "timeout": "5s", "ca": authority.pem},
    )
    assert (done.state, done.error) == ("DONE", "")
    assert str(done.output["badge"]) == "12345678901234567890"
    assert str(done.metadata["HTTPStatus"]) == "200"
    assert done.metadata["HTTPHeaders"]["X-Request-Id"] == "7"
    assert secure_web.last.target == "/people?q=Ann+%26+Zo%C3%A9"
    assert json.loads(secure_web.last.text) == {"name": "Ann & Zoé"}


@pytest.mark.parametrize(
    ("status", "body", "state", "task_state"),
    [
        (404, '{"why": "gone"}', "CLIENT_ERROR", "BLOCKED"),
        (404, "no json", "CLIENT_ERROR", "BLOCKED"),
        (503, "{}", "SERVER_ERROR", "RUNNING"),
        (200, "no json", "SERVER_ERROR", "RUNNING"),
    ],
)
def test_http_fails_by_the_status(perform: Perform, web: WebPeer, status, body, state, task_state):
    url = web.on("/", json_reply(body, status))
    failed = perform("http", {"url": url, "method": "GET"})
    assert (failed.state, failed.task.state) == (state, task_state)
    assert str(failed.metadata["HTTPStatus"]) == str(status)


def test_http_without_an_answer_is_a_server_error_and_a_denied_network_a_client_error(perform: Perform):
    refused = perform("http", {"url": "{{.input.url}}", "method": "GET"}, {"url": f"http://127.0.0.1:{free_port()}/"})
    assert (refused.state, refused.output, refused.metadata) == ("SERVER_ERROR", None, None)
    assert "connection refused" in refused.error


def test_http_that_gets_no_answer_in_time_is_a_server_error(perform: Perform, web: WebPeer):
    released = threading.Event()

    def wait(_: Received, __: BaseHTTPRequestHandler) -> Reply:
        released.wait(60)
        return Reply(200)

    url = web.on("/", wait)
    try:
        late = perform("http", {"url": url, "method": "GET", "timeout": "{{.input.limit}}"}, {"limit": "200ms"})
    finally:
        released.set()
    assert (late.state, late.output, late.metadata) == ("SERVER_ERROR", None, None)
    assert "timed out" in late.error


def test_http_does_not_reach_the_clouds_metadata(perform: Perform):
    denied = perform("http", {"url": "{{.input.url}}", "method": "GET"}, {"url": "http://169.254.169.254/latest"})
    assert denied.state == "CLIENT_ERROR"
    assert "may not connect" in denied.error


@pytest.fixture
def loopback_denied(settings: Any) -> None:
    settings.UTASK_DENIED_NETWORKS = ("127.0.0.0/8",)
    catalog.registry.cache_clear()


def test_the_operator_names_the_networks_that_are_denied(loopback_denied: None, perform: Perform, web: WebPeer):
    assert perform("http", {"url": web.url, "method": "GET"}).state == "CLIENT_ERROR"
    assert web.received == []


# script


def test_a_script_is_told_its_task_and_gives_its_last_line(scripts: Path, perform: Perform):
    (scripts / "it.sh").write_text(
        '#!/bin/sh\necho "for $1"\necho "{\\"task\\": \\"$UTASK_TASK_ID\\", \\"step\\": \\"$UTASK_STEP_NAME\\"}"\n'
    )
    (scripts / "it.sh").chmod(0o755)
    done = perform("script", {"file_path": "it.sh", "argv": ["{{.input.name}}"]}, {"name": "Ann"})
    assert (done.state, done.output) == ("DONE", {"task": str(done.task.public_id), "step": "it"})
    assert done.metadata["output"].startswith("for Ann\n")


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("exit 3", "CLIENT_ERROR", "3"),
        ("exit 4", "SERVER_ERROR", "4"),
        ("echo no json", "SERVER_ERROR", "0"),
        ("sleep 1000", "SERVER_ERROR", "-1"),
        ("kill -9 $$", "SERVER_ERROR", "-1"),
    ],
)
def test_a_script_fails_by_its_exit_code(scripts: Path, perform: Perform, text, state, code):
    (scripts / "it.sh").write_text(f"#!/bin/sh\n{text}\n")
    (scripts / "it.sh").chmod(0o755)
    failed = perform("script", {"file_path": "it.sh", "timeout": "500ms", "exit_codes_unrecoverable": ["1-3"]})
    assert (failed.state, failed.metadata["exit_code"]) == (state, code)


def test_a_script_that_is_missing_when_its_turn_comes_is_a_server_error(scripts: Path, ask, runner: Coordinator):
    file = scripts / "it.sh"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    task = ask("it: {description: d, action: {type: script, configuration: {file_path: it.sh}}}")
    file.unlink()
    settle(runner)
    failed = step_of(task, "it")
    assert (failed.state, failed.metadata["exit_code"]) == ("SERVER_ERROR", "1")
    assert "not in the scripts folder" in failed.error


# ssh


def test_ssh_expands_its_result_and_fails_by_exit_code_key_and_host_key(load, perform: Perform, tmp_path: Path):
    key, stranger = key_pair(passphrase="open"), key_pair()
    (tmp_path / "sshd").mkdir()
    with running_sshd(tmp_path / "sshd") as server:
        server.authorize(key)
        step = {
            "user": "{{.input.user}}",
            "target": "{{.input.target}}",
            "ssh_key": "{{.input.key}}",
            "ssh_key_passphrase": "open",
            "known_hosts": "{{.input.known}}",
            "script": "NAME={{.input.name}}; exit {{.input.code}}",
            "result": {"name": "$NAME"},
            "exit_codes_unrecoverable": ["3"],
        }
        inputs = {
            "user": server.user,
            "target": server.target,
            "key": key.private,
            "known": server.known_hosts,
            "name": "Ann",
            "code": "0",
        }
        expected = [
            ({}, "DONE", ""),
            ({"code": "3"}, "CLIENT_ERROR", "exit status 3"),
            ({"code": "4"}, "SERVER_ERROR", "exit status 4"),
            ({"key": "no key"}, "CLIENT_ERROR", "no private key"),
            ({"key": stranger.private}, "SERVER_ERROR", "refuses the key"),
            ({"known": f"[127.0.0.1]:{server.port} {stranger.public}"}, "CLIENT_ERROR", "another host key"),
            ({"target": f"127.0.0.1:{free_port()}"}, "SERVER_ERROR", "connection refused"),
        ]
        for changes, state, said in expected:
            performed = perform("ssh", step, inputs | changes)
            assert performed.state == state, performed.error
            assert said in performed.error
            assert performed.output == ({"name": "Ann"} if performed.metadata else None)


# email


def test_email_sends_and_fails_by_the_servers_answer(perform: Perform):
    with running_smtp() as server:
        step = {
            "smtp_hostname": "127.0.0.1",
            "smtp_port": str(server.port),
            "from_address": "utask@example.org",
            "to": ["{{.input.to}}"],
            "subject": "For {{.input.to}}",
            "body": "Hello",
        }
        done = perform("email", step, {"to": "ann@example.org"})
        assert (done.state, done.output["subject"]) == ("DONE", "For ann@example.org")
        assert [mail.recipients for mail in server.mails] == [["ann@example.org"]]
        for answer, state in (("552 mailbox full", "CLIENT_ERROR"), ("452 mailbox full just now", "SERVER_ERROR")):
            server.answers["bob@example.org"] = answer
            failed = perform("email", step, {"to": "bob@example.org"})
            assert (failed.state, answer[4:] in failed.error) == (state, True)


# ping


def test_ping_hears_loopback_and_not_a_name_that_does_not_exist(perform: Perform):
    done = perform("ping", {"hostname": "{{.input.host}}", "count": "1"}, {"host": "127.0.0.1"})
    assert (done.state, str(done.output["packets_received"])) == ("DONE", "1")
    assert done.metadata == {"hostname": "127.0.0.1", "count": "1"}
    failed = perform("ping", {"hostname": "{{.input.host}}"}, {"host": "no-such-host.invalid"})
    assert failed.state == "SERVER_ERROR"


# apiovh


def test_apiovh_signs_with_the_named_credentials(configured, perform: Perform, web: WebPeer):
    api = ovh.speaking_ovh(web)
    item = {
        "endpoint": f"{api.url}/1.0",
        "appKey": ovh.APP_KEY,
        "appSecret": ovh.APP_SECRET,
        "consumerKey": ovh.CONSUMER_KEY,
    }
    configured({"ovh-account": json.dumps(item), "wrong-account": json.dumps(item | {"appSecret": "wrong"})})
    api.on("/1.0/me", ovh.signed(api, json_reply('{"nic": "xx1-ovh"}')))
    api.on("/1.0/down", Reply(503))
    step = {"credentials": "{{.input.account}}", "method": "GET", "path": "{{.input.path}}"}
    done = perform("apiovh", step, {"account": "ovh-account", "path": "/me"})
    assert (done.state, done.output) == ("DONE", {"nic": "xx1-ovh"})
    assert perform("apiovh", step, {"account": "wrong-account", "path": "/me"}).state == "CLIENT_ERROR"
    assert perform("apiovh", step, {"account": "ovh-account", "path": "/down"}).state == "SERVER_ERROR"
    missing = perform("apiovh", step, {"account": "no-account", "path": "/me"})
    assert (missing.state, missing.metadata) == ("SERVER_ERROR", None)
