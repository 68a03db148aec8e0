"""The keys that the other tests on the runner leave out: each has its effect, and takes a handle where it may."""

import base64
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from actions import _icmp as icmp
from tasks.models import Batch, Comment, MemberKind, MemberRole, Task
from tasks.runner.coordinator import Coordinator
from tasks.services.tasks import reject_task
from tests.actions.on_runner.conftest import Performed, step_of
from tests.peers import ovh
from tests.peers.authority import Authority
from tests.peers.smtp import running_smtp
from tests.peers.sshd import KeyPair, Sshd, key_pair, running_sshd
from tests.peers.web import Received, Reply, WebPeer, json_reply
from tests.runner.conftest import ADMIN, document
from tests.runner.turns import settle

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]
Perform = Callable[..., Performed]

# http


def test_http_joins_host_and_path(perform: Perform, web: WebPeer):
    web.on("/v1/people", json_reply("[]"))
    step = {"host": "{{.input.host}}/dropped?x=1", "path": "/v1/{{.input.what}}?z=2", "method": "{{.input.method}}"}
    done = perform("http", step, {"host": web.url, "what": "people", "method": "PUT"})
    assert (done.state, done.output) == ("DONE", []), done.error
    assert (web.last.method, web.last.target) == ("PUT", "/v1/people?z=2")


@pytest.mark.parametrize(("follow", "state"), [("true", "DONE"), ("false", "SERVER_ERROR"), ("1", "DONE")])
def test_http_follows_when_it_is_told_to(perform: Perform, web: WebPeer, follow: str, state: str):
    web.on("/there", Reply(200, "there"))
    url = web.on("/here", Reply(302, "moved", [("Location", "/there")]))
    seen = perform("http", {"url": url, "method": "GET", "follow_redirect": "{{.input.follow}}"}, {"follow": follow})
    assert (seen.state, seen.output) == (state, "there" if state == "DONE" else "moved")
    assert str(seen.metadata["HTTPStatus"]) == ("200" if state == "DONE" else "302")


@pytest.mark.parametrize(("skip", "state"), [("true", "DONE"), ("False", "SERVER_ERROR"), ("maybe", "SERVER_ERROR")])
def test_http_takes_any_certificate_when_it_is_told_to(perform: Perform, secure_web: WebPeer, skip: str, state: str):
    url = secure_web.on("/", Reply(200, "in"))
    step = {"url": url, "method": "GET", "insecure_skip_verify": "{{.input.skip}}"}
    assert perform("http", step, {"skip": skip}).state == state


def digest_challenge(got: Received, _: BaseHTTPRequestHandler) -> Reply:
    if 'username="ann"' in got.headers.get("authorization", ""):
        return Reply(200, "in")
    return Reply(401, "who?", [("WWW-Authenticate", 'Digest realm="r", nonce="dcd98b7102dd2f0e", qop="auth"')])


def bearer_asked(got: Received, _: BaseHTTPRequestHandler) -> Reply:
    return Reply(200 if got.headers.get("authorization") == "Bearer t0ken" else 401, "in")


@pytest.mark.parametrize(
    ("answer", "auth"),
    [
        (digest_challenge, {"digest": {"user": "{{.input.user}}", "password": "{{.input.secret}}"}}),
        (bearer_asked, {"bearer": "{{.input.secret}}"}),
    ],
)
def test_http_says_who_it_is(perform: Perform, web: WebPeer, answer: Any, auth: dict[str, Any]):
    step = {"url": web.on("/", answer), "method": "GET", "auth": auth}
    assert perform("http", step, {"user": "ann", "secret": "t0ken"}).output == "in"
    assert perform("http", step, {"user": "bob", "secret": "other"}).state == "CLIENT_ERROR"


def test_http_shows_its_own_certificate(perform: Perform, authority: Authority, tmp_path: Path):
    own = authority.issue("worker")
    with WebPeer(authority.server_context(tmp_path / "mtls", clients=True)).serving() as peer:
        step = {
            "url": peer.on("/", Reply(200, "in")),
            "method": "GET",
            "root_ca": "{{.input.ca}}",
            "auth": {"mutual_tls": {"client_cert": "{{.input.cert}}", "client_key": "{{.input.key}}"}},
        }
        inputs = {"ca": authority.pem, "cert": own.certificate, "key": own.key}
        assert perform("http", step, inputs).output == "in"
        without = {key: value for key, value in step.items() if key != "auth"}
        assert perform("http", without, inputs).state == "SERVER_ERROR"


def test_http_reads_its_answer_as_it_is_told(perform: Perform, web: WebPeer):
    url = web.on("/", json_reply(')]}\'{"a": 1}'))
    plain = {"url": url, "method": "GET"}
    assert perform("http", plain).state == "SERVER_ERROR"
    trimmed = perform("http", plain | {"trim_prefix": "{{.input.guard}}"}, {"guard": ")]}'"})
    assert str(trimmed.output["a"]) == "1"
    assert perform("http", plain | {"response": "text"}).output == ')]}\'{"a": 1}'
    assert base64.b64decode(perform("http", plain | {"response": "base64"}).output) == b')]}\'{"a": 1}'
    too_long = perform("http", plain | {"max_response_bytes": "{{.input.most}}"}, {"most": "5"})
    assert (too_long.state, str(too_long.metadata["HTTPStatus"])) == ("CLIENT_ERROR", "200")


# script


@pytest.mark.parametrize(
    ("step", "output"),
    [
        ({"stdin": '{"in": "{{.input.name}}"}'}, {"in": "Ann"}),
        ({"stdin": "text", "output_mode": "disabled"}, {}),
        (
            {
                "stdin": 'a <<{"x": 1}>> b <<{"x": "{{.input.name}}"}>> c',
                "output_mode": "manual-delimiters",
                "output_manual_delimiters": ["<<", ">>"],
            },
            {"x": "Ann"},
        ),
    ],
)
def test_script_reads_its_input_and_its_output_is_read(scripts: Path, perform: Perform, step: Any, output: Any):
    (scripts / "cat.sh").write_text("#!/bin/sh\ncat\n")
    (scripts / "cat.sh").chmod(0o755)
    done = perform("script", {"file_path": "cat.sh", **step}, {"name": "Ann"})
    assert (done.state, done.output) == ("DONE", output), done.error


def test_script_sees_the_variables_of_the_step(scripts: Path, perform: Perform):
    (scripts / "env.sh").write_text(
        '#!/bin/sh\nprintf \'{"text": "%s", "yes": "%s", "n": "%s"}\\n\' "$TEXT" "$YES" "$N"\n'
    )
    (scripts / "env.sh").chmod(0o755)
    environment = {"TEXT": "for {{.input.name}}", "YES": True, "N": 12345678901234567890}
    done = perform("script", {"file_path": "env.sh", "environment": environment}, {"name": "Ann"})
    assert done.output == {"text": "for Ann", "yes": "true", "n": "12345678901234567890"}


# ssh


@pytest.fixture(scope="module")
def key() -> KeyPair:
    return key_pair()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory, key: KeyPair) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        server.authorize(key)
        yield server


@pytest.mark.parametrize(
    ("changes", "state", "output"),
    [
        ({"script": "echo '{\"a\": {{.input.n}}}'", "output_mode": "manual-lastline"}, "DONE", {"a": 7}),
        (
            {
                "script": "echo 'x<{\"a\": {{.input.n}}}>y'",
                "output_mode": "manual-delimiters",
                "output_manual_delimiters": ["<", ">"],
            },
            "DONE",
            {"a": 7},
        ),
        ({"script": "echo text", "output_mode": "disabled"}, "DONE", {}),
        ({"script": "echo text", "output_mode": "manual-lastline"}, "SERVER_ERROR", None),
        ({"script": "sleep 10", "timeout": "300ms"}, "SERVER_ERROR", {}),
    ],
)
def test_ssh_reads_the_output_as_it_is_told(perform: Perform, sshd: Sshd, key: KeyPair, changes, state, output):
    step = {
        "user": "{{.input.user}}",
        "target": "{{.input.target}}",
        "ssh_key": "{{.input.key}}",
        "insecure_ignore_host_key": "{{.input.any_host}}",
    }
    inputs = {"user": sshd.user, "target": sshd.target, "key": key.private, "any_host": "true", "n": "7"}
    done = perform("ssh", step | changes, inputs)
    assert (done.state, done.output) == (state, output), done.error
    assert set(done.metadata) == {"output", "exit_code", "exit_signal", "exit_msg"}


def test_ssh_checks_the_host_unless_told_otherwise(perform: Perform, sshd: Sshd, key: KeyPair):
    step = {
        "user": sshd.user,
        "target": sshd.target,
        "ssh_key": "{{.input.key}}",
        "known_hosts": "{{.input.known}}",
        "insecure_ignore_host_key": "{{.input.any_host}}",
    }
    stranger = f"[127.0.0.1]:{sshd.port} {key_pair().public}"
    inputs = {"key": key.private, "known": stranger}
    assert perform("ssh", step, inputs | {"any_host": "0"}).state == "CLIENT_ERROR"
    assert perform("ssh", step, inputs | {"any_host": "1"}).state == "DONE"


def test_ssh_goes_through_hops_and_sends_a_script_as_command(perform: Perform, sshd: Sshd, tmp_path: Path):
    hop = key_pair()
    bastion = tmp_path / "bastion.sh"
    bastion.write_text('printf "asked: %s\\n" "$SSH_ORIGINAL_COMMAND"; exec sh')
    sshd.authorize(hop, f"sh {bastion}")
    step = {"user": sshd.user, "ssh_key": "{{.input.key}}", "known_hosts": sshd.known_hosts, "script": "A=5"}
    through = {"target": "inner:2222", "hops": ["{{.input.hop}}", "second"], "result": {"a": "$A"}}
    done = perform("ssh", step | through, {"key": hop.private, "hop": sshd.target})
    assert (done.output, done.metadata["output"].splitlines()[0]) == ({"a": "5"}, "asked: second -- inner:2222")
    command = {"target": sshd.target, "script_as_command": "{{.input.yes}}", "output_mode": "disabled"}
    done = perform("ssh", step | command, {"key": hop.private, "yes": "true"})
    assert done.metadata["output"] == "asked: A=5\n"


# email


def test_email_logs_in_over_tls_and_says_who_writes(perform: Perform, authority: Authority, tmp_path: Path):
    with running_smtp(tls=authority.server_context(tmp_path / "tls"), users={"ann": "t0ken"}) as server:
        step = {
            "smtp_hostname": "{{.input.host}}",
            "smtp_port": str(server.port),
            "smtp_username": "{{.input.user}}",
            "smtp_password": "{{.input.password}}",
            "smtp_skip_tls_verify": "true",
            "from_address": "{{.input.from}}",
            "from_name": "{{.input.name}}",
            "to": ["bob@example.org"],
            "subject": "s",
            "body": "<p>{{.input.name}}</p>",
        }
        inputs = {"host": "127.0.0.1", "user": "ann", "password": "t0ken", "from": "ann@example.org", "name": "Ann"}
        done = perform("email", step, inputs)
        assert (done.state, done.output["from_name"]) == ("DONE", "Ann"), done.error
        [got] = server.mails
        assert (got.user, got.encrypted, str(got.message["From"])) == ("ann", True, "Ann <ann@example.org>")
        assert got.message.get_content_type() == "text/html"
        wrong = perform("email", step, inputs | {"password": "other"})
        assert (wrong.state, "535" in wrong.error) == ("CLIENT_ERROR", True)
        checked = perform("email", step | {"smtp_skip_tls_verify": "false"}, inputs)
        assert (checked.state, len(server.mails)) == ("SERVER_ERROR", 1)


# ping


def test_ping_sends_as_many_as_it_is_told(perform: Perform):
    done = perform("ping", {"hostname": "127.0.0.1", "count": "2", "interval_second": "1"})
    assert (done.state, str(done.output["packets_sent"]), len(done.output["rtts"])) == ("DONE", "2", 2), done.error
    assert done.metadata == {"hostname": "127.0.0.1", "count": "2", "interval_second": "1"}
    keys = {"packets_received", "packets_sent", "packet_loss", "ip_addr", "rtts"}
    assert set(done.output) == keys | {"min_rtt", "max_rtt", "avg_rtt", "std_dev_rtt"}


class DeafSocket(socket.socket):
    """Sends into the void."""

    def sendto(self, *_: Any) -> int:  # type: ignore[override]
        return 0


@pytest.mark.parametrize(("most", "state"), [("100", "DONE"), ("99", "SERVER_ERROR")])
def test_ping_waits_and_bears_loss_as_it_is_told(
    perform: Perform, monkeypatch: pytest.MonkeyPatch, most: str, state: str
):
    monkeypatch.setattr(icmp, "_by_datagrams", lambda family: DeafSocket(socket.AF_INET, socket.SOCK_DGRAM))
    step = {"hostname": "127.0.0.1", "timeout": "{{.input.wait}}", "max_loss": "{{.input.most}}"}
    done = perform("ping", step, {"wait": "50ms", "most": most})
    assert (done.state, str(done.output["packet_loss"])) == (state, "100"), done.error


# apiovh


def test_apiovh_sends_a_rendered_body(configured: Callable[..., None], perform: Perform, web: WebPeer):
    api = ovh.speaking_ovh(web)
    item = (
        f'{{"endpoint": "{api.url}/1.0", "appKey": "{ovh.APP_KEY}", "appSecret": "{ovh.APP_SECRET}",'
        f' "consumerKey": "{ovh.CONSUMER_KEY}"}}'
    )
    configured({"ovh-account": item})
    api.on("/1.0/domain", ovh.signed(api, json_reply("{}", 200, ("X-Ovh-Queryid", "q1"))))
    step = {"credentials": "ovh-account", "method": "POST", "path": "/domain", "body": '{"name": "{{.input.name}}"}'}
    done = perform("apiovh", step, {"name": "example.org"})
    assert (done.state, done.metadata["HTTPHeaders"]["X-Ovh-Queryid"]) == ("DONE", "q1"), done.error
    assert (api.last.method, api.last.text.replace(" ", "")) == ("POST", '{"name":"example.org"}')


# subtask and batch


CHILD = document("child", "it: {description: d, action: {type: echo, configuration: null}}").replace(
    "allow_all_resolver_usernames: true\n", ""
)
WHO = {
    "resolver_usernames": ["admin"],
    "resolver_groups": ["sre"],
    "watcher_usernames": ["bob", "eve"],
    "watcher_groups": ["audit"],
}
NAMED = {
    (MemberRole.RESOLVER, MemberKind.USER): ["admin"],
    (MemberRole.RESOLVER, MemberKind.GROUP): ["sre"],
    (MemberRole.WATCHER, MemberKind.USER): ["bob", "eve"],
    (MemberRole.WATCHER, MemberKind.GROUP): ["audit"],
}
AS_TEXTS = {
    "resolver_usernames": '["{{.input.name}}"]',
    "resolver_groups": '["sre"]',
    "watcher_usernames": '["bob", "eve"]',
    "watcher_groups": '["audit"]',
}


@pytest.mark.parametrize("who", [WHO, AS_TEXTS], ids=["lists", "texts"])
@pytest.mark.parametrize(
    ("type", "more"),
    [("subtask", {"template": "child"}), ("batch", {"template_name": "child", "inputs": [{}, {}]})],
)
def test_children_know_who_may_resolve_and_watch_them(perform: Perform, load, type: str, more: Any, who: Any):
    load(CHILD)
    done = perform(type, {**more, **who, "tags": {"for": "{{.input.name}}"}}, {"name": "admin"})
    # Who is named as a resolver needs no other for a template that may start by itself.
    assert done.state == "DONE", done.error
    children = Task.objects.exclude(pk=done.task.pk)
    assert len(children) == (1 if type == "subtask" else 2)
    for child in children:
        assert {(role, kind): child.names(role, kind) for role, kind in NAMED} == NAMED
        assert child.tag_map()["for"] == "admin"


def test_a_batch_comments_on_each_of_its_tasks(perform: Perform, load):
    load(CHILD)
    perform("batch", {"template_name": "child", "inputs": [{}, {}], "comment": "for {{.input.name}}"}, {"name": "Ann"})
    comments = [comment.content for comment in Comment.objects.filter(task__batch=Batch.objects.get())]
    assert comments.count("for Ann") == 2


@pytest.mark.parametrize(
    ("wanted", "state"), [("all_ended", "DONE"), ("all_done", "CLIENT_ERROR"), ("any_done", "CLIENT_ERROR")]
)
def test_a_batch_says_what_counts_as_success(perform: Perform, load, runner: Coordinator, wanted: str, state: str):
    load(CHILD.replace("auto_runnable: true", "auto_runnable: false"))
    waiting = perform("batch", {"template_name": "child", "inputs": [{}], "succeeds_when": wanted})
    assert waiting.state == "WAITING"
    reject_task(ADMIN, Task.objects.exclude(pk=waiting.task.pk).get().public_id)
    settle(runner)
    assert step_of(waiting.task, "it").state == state
