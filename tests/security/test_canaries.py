"""Secrets never leak: canaries are planted wherever one may stand, every action succeeds and fails, and then we look.

They may be in the values of the task, for those who may see these, and nowhere else: no log line, no row of the
database in clear, no answer to the unentitled, no error body, no argument of a process, no number.
"""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tasks.crypto import keyring
from tasks.models import OutboxMessage, Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.services.identity import actor_named
from tasks.services.retention import forget_old
from tasks.services.tasks import create_task
from tasks.telemetry.logs import JsonFormatter
from tests.peers.ports import free_port
from tests.peers.web import Reply, WebPeer, json_reply
from tests.runner.turns import settle, turn_until

#: Each kind of secret has its own, so that a leak says where it came from.
CANARIES = {
    kind: f"canary-{kind}-7c1f0e"
    for kind in ("input", "item", "header", "password", "stderr", "answer", "hook", "ovh", "key", "loop", "resolver")
}
ALL = list(CANARIES.values())

SCRIPT = """#!/bin/sh
read secret
tr '\\0' ' ' < /proc/$$/cmdline > "$SEEN"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >> "$SEEN"
echo "$secret" >&2
[ "$1" = fail ] && exit 3
echo "{\\"said\\": \\"$secret\\"}"
"""

TEMPLATE = (Path(__file__).parent / "canaries.yaml").read_text()

KID = """
name: kid
description: a child
title_format: kid
auto_runnable: true
allow_all_resolver_usernames: true
inputs: [{name: secret, description: one, type: password, regex: "^canary.*$"}]
steps:
  only: {description: d, action: {type: echo, configuration: {error_message: "{{.input.secret}}", error_type: client}}}
"""


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged while the test runs, debug included, as the product writes it."""
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(JsonFormatter())
    levels = {name: logging.getLogger(name).level for name in ("", "tasks", "actions", "django-q")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG if name else logging.INFO)
    logging.getLogger().addHandler(handler)
    yield told
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def web() -> Iterator[WebPeer]:
    """Answers with a canary, as any server may; refuses messages with another."""
    with WebPeer().serving() as peer:
        peer.on("/ok", json_reply(json.dumps({"token": CANARIES["answer"]}), 200, ("Set-Cookie", CANARIES["answer"])))
        peer.on("/bad", json_reply(json.dumps({"error": CANARIES["answer"]}), 400))
        peer.on("/hook", Reply(200, "thanks"))
        peer.on(f"/{CANARIES['hook']}", Reply(500, "no"))
        peer.on("/1.0/auth/time", Reply(200, "1700000000"))
        peer.on("/1.0/me", json_reply(json.dumps({"message": CANARIES["answer"]}), 403))
        yield peer


@pytest.fixture
def played(
    configured: Callable[..., None],
    web: WebPeer,
    scripts: Path,
    load: Callable[..., None],
    runners: Callable[[], Coordinator],
    lines: io.StringIO,
    tmp_path: Path,
) -> Task:
    """The task, run as far as it goes, and everything that its messages are told to."""
    ovh = {"endpoint": f"{web.url}/1.0", "appKey": "k", "appSecret": CANARIES["ovh"], "consumerKey": CANARIES["ovh"]}
    backends = {
        "good": {"type": "webhook", "config": {"webhook_url": f"{web.url}/hook", "password": CANARIES["password"]}},
        "bad": {"type": "webhook", "config": {"webhook_url": f"{web.url}/{CANARIES['hook']}"}},
    }
    items = {
        "plain": CANARIES["item"],
        "ovh-account": json.dumps(ovh),
        "basic-auth": json.dumps({"dev": CANARIES["password"]}),
    }
    configured(items, base_url="http://utask.example", notify_config=backends)
    script = scripts / "it.sh"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    given = CANARIES | {"web": web.url, "port": free_port(), "seen": str(tmp_path / "seen")}
    load(TEMPLATE % given, KID)
    runner = runners()
    task = create_task(actor_named("req"), "played", {"secret": CANARIES["input"]})
    settle(runner, seconds=60)
    turn_until(runner, lambda: OutboxMessage.objects.filter(backend="bad").exclude(error="").exists(), seconds=60)
    task.refresh_from_db()
    return task


def leaks(text: str) -> list[str]:
    """Canaries that a text holds, in clear or as base64 writes them."""
    written = {canary: [canary, canary.upper(), b64encode(canary.encode()).decode().rstrip("=")[:-2]] for canary in ALL}
    return sorted(canary for canary, forms in written.items() if any(form in text for form in forms))


def states(task: Task) -> dict[str, str]:
    return dict(Step.objects.filter(resolution__task=task).values_list("name", "state"))


def test_every_action_was_there_and_had_the_secrets(played: Task, web: WebPeer) -> None:
    found = states(played)
    done = {"echoOk", "httpOk", "scriptOk", "cacheSet", "cacheGet", "callback", "notify", "loop"}
    assert {name: found[name] for name in done} == dict.fromkeys(done, "DONE")
    failed = {
        "echoBad",
        "badTemplate",
        "badSchema",
        "condition",
        "httpBad",
        "httpAway",
        "scriptBad",
        "email",
        "ssh",
        "ovhBad",
        "ping",
    }
    assert not {name for name in failed if found[name] in ("DONE", "TODO", "RUNNING")}, found
    outputs = " ".join(step.output or "" for step in Step.objects.filter(resolution__task=played))
    # What was never there could not leak.
    assert {CANARIES["input"], CANARIES["item"], CANARIES["answer"], CANARIES["stderr"]} <= set(leaks(outputs))
    assert any(CANARIES["header"] in got.headers.get("authorization", "") for got in web.received)
    assert any(got.path == f"/{CANARIES['hook']}" for got in web.received)


def test_no_log_line_holds_one(played: Task, lines: io.StringIO) -> None:
    forget_old()
    assert "notification not delivered" in lines.getvalue()
    assert leaks(lines.getvalue()) == []


def test_nothing_in_the_database_is_in_clear_but_what_the_author_wrote_into_the_template(played: Task) -> None:
    found = []
    for table in connection.introspection.table_names():
        # The template's own text is shown to who may see it; the linter warns of secrets in it.
        if table in ("tasks_templateversion",):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                text = " ".join(
                    bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    for value in row
                )
                found += [(table, leak) for leak in leaks(text)]
    assert found == []


def test_no_argument_of_a_process_holds_one(played: Task, tmp_path: Path) -> None:
    for name in ("seen-ok", "seen-bad"):
        seen = (tmp_path / name).read_text()
        assert "it.sh" in seen
        assert leaks(seen) == []


@pytest.fixture
def asked(played: Task, settings: Any) -> Callable[[str, str], Any]:
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    client = Client(raise_request_exception=False)
    return lambda name, path: client.get(path, headers={"X-Remote-User": name})


def test_no_answer_to_a_stranger_holds_one(played: Task, asked: Callable[[str, str], Any]) -> None:
    resolution = played.resolution  # type: ignore[attr-defined]
    task_path, path = f"/task/{played.public_id}", f"/resolution/{resolution.public_id}"
    steps = [f"{path}/step/{name}" for name in states(played)]
    for at in (task_path, f"{task_path}/journal", f"{task_path}/comment", path, *steps):
        answer = asked("stranger", at)
        assert answer.status_code == 403, at
        assert leaks(answer.content.decode()) == []
    for at in (
        "/task",
        "/task?type=all",
        "/resolution",
        "/metrics",
        "/unsecured/stats",
        "/unsecured/mon/ready",
        "/meta",
    ):
        assert leaks(asked("stranger", at).content.decode()) == [], at


def test_the_requester_does_not_see_what_the_steps_did(played: Task, asked: Callable[[str, str], Any]) -> None:
    Task.objects.filter(pk=played.pk).update(requester_username="asker")
    type(played.resolution).objects.update(resolver_username="somebody")  # type: ignore[attr-defined]
    resolution = played.resolution  # type: ignore[attr-defined]
    answer = asked("asker", f"/resolution/{resolution.public_id}")
    assert answer.status_code == 200
    assert leaks(json.dumps({name: step.get("output") for name, step in answer.json()["steps"].items()})) == []
    task = asked("asker", f"/task/{played.public_id}")
    assert task.json()["input"] == {"secret": "**__SECRET__**"}


def test_error_bodies_do_not_repeat_what_was_sent(played: Task, settings: Any) -> None:
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    client = Client(raise_request_exception=False)

    def post(path: str, body: Any) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return client.post(path, text, content_type="application/json", headers={"X-Remote-User": "req"})

    secret = f"x{CANARIES['input']}"
    for body in (
        {"template_name": "kid", "input": {"secret": secret}},
        {"template_name": "kid", "input": {"secret": [secret]}},
        {"template_name": "kid", "input": {"secret": {"a": secret}}},
        f'{{"template_name": "kid", "input": {{"secret": "{secret}"',
    ):
        answer = post("/task", body)
        assert answer.status_code == 400
        assert leaks(answer.content.decode()) == []
    header = {"Authorization": "Basic " + b64encode(f"dev:{CANARIES['password']}x".encode()).decode()}
    assert leaks(client.get("/meta", headers=header).content.decode()) == []


def test_neither_command_nor_page_tells_one_to_the_unentitled(played: Task) -> None:
    out = io.StringIO()
    call_command("config", "show", stdout=out)
    call_command("export_tasks", stdout=out)
    call_command("encryption", "report", stdout=out)
    call_command("doctor", stdout=out)
    text = out.getvalue()
    assert "played" in text
    assert leaks(text) == []
    assert keyring.keyring().newest.material.hex() not in text
    client = Client()
    client.force_login(User.objects.create_user("stranger", password="a good password"))
    for path in ("/admin/", f"/admin/task/{played.public_id}/"):
        assert leaks(client.get(path, follow=True).content.decode()) == [], path
