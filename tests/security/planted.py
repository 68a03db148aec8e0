"""Canaries, planted wherever a secret may stand: one task uses every action to success, another to failure.

``Planted`` is what became of them, and all that was said while they ran.
"""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.test import Client

from tasks.engine.gotemplate import loads
from tasks.models import OutboxMessage, Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.telemetry import traces
from tasks.telemetry.logs import JsonFormatter
from tests.peers.ports import free_port
from tests.peers.smtp import Mailbox, running_smtp
from tests.peers.sshd import key_pair, running_sshd
from tests.peers.web import Reply, WebPeer, json_reply
from tests.runner.turns import settle, turn_until

#: Each kind of secret has its own, so that a leak says where it came from.
CANARIES = {
    kind: f"canary-{kind}-7c1f0e"
    for kind in (
        *("input", "plain", "header", "password", "stderr", "answer", "hook", "ovh", "key", "loop", "told"),
        *("body", "cookie", "sent"),
    )
}
ALL = list(CANARIES.values())
#: Items of the configuration that a template sees.
ITEMS = {name: CANARIES[name] for name in ("plain", "header", "password", "stderr", "key", "loop", "told")}
HERE = Path(__file__).parent
BASIC = "Basic " + b64encode(f"dev:{CANARIES['password']}".encode()).decode()

SCRIPT = """#!/bin/sh
read secret
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' > "$SEEN"
echo "$secret" >&2
[ "$1" = fail ] && exit 3
echo "{\\"said\\": \\"$secret\\"}"
"""

KID = """
name: {name}
description: a child
title_format: kid
auto_runnable: true
allow_all_resolver_usernames: true
inputs: [{{name: secret, description: one, type: password, regex: "^canary.*$"}}]
steps:
  only: {{description: d, action: {{type: echo, configuration: {what}}}}}
"""
GOOD_KID = KID.format(name="good-kid", what='{output: "{{.input.secret}}"}')
BAD_KID = KID.format(name="bad-kid", what='{error_message: "{{.input.secret}}", error_type: client}')


@dataclass(frozen=True)
class Planted:
    """The tasks as far as they go, and where to look."""

    succeeded: Task
    failed: Task
    #: Step -> its action, of both.
    actions: dict[str, str]
    web: WebPeer
    collector: WebPeer
    mailbox: Mailbox
    lines: io.StringIO
    seen: Path  # what begins so are the arguments of all processes, as a script saw them
    more: tuple[str, ...]  # secrets that were made on the way

    def leaks(self, text: str) -> list[str]:
        """Secrets that a text holds, in clear or as base64 writes them."""
        written = {
            secret: [secret, secret.upper(), b64encode(secret.encode()).decode().rstrip("=")[:-2]]
            for secret in (*ALL, *self.more)
        }
        return sorted(secret for secret, forms in written.items() if any(form in text for form in forms))

    @property
    def tasks(self) -> tuple[Task, Task]:
        return self.succeeded, self.failed

    def states(self, *tasks: Task) -> dict[str, str]:
        """Each step's state by name."""
        found = Step.objects.filter(resolution__task__in=tasks or self.tasks, parent=None)
        return dict(found.values_list("name", "state"))


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged while the test runs, debug included, as the product writes it."""
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(JsonFormatter())
    levels = {name: logging.getLogger(name).level for name in ("", "tasks", "actions", "django-q", "django")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG if name not in ("", "django") else logging.INFO)
    logging.getLogger().addHandler(handler)
    yield told
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Whoever the task speaks to: they answer with a canary, as anybody may; the collector of traces is one of them."""
    with ExitStack() as stack:
        web, collector = (stack.enter_context(WebPeer().serving()) for _ in range(2))
        answer = json.dumps({"token": CANARIES["answer"]})
        web.on("/ok", json_reply(answer, 200, ("Set-Cookie", CANARIES["answer"])))
        web.on("/bad", json_reply(answer, 400))
        web.on("/hook", Reply(200, "thanks"))
        web.on(f"/{CANARIES['hook']}", Reply(500, "no"))
        web.on("/1.0/auth/time", Reply(200, "1700000000"))
        web.on("/1.0/ok", json_reply(answer))
        web.on("/1.0/me", json_reply(answer, 403))
        collector.on("/v1/traces", Reply(200))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        traces._provider.cache_clear()
        mailbox = stack.enter_context(running_smtp(users={"u": CANARIES["password"]}))
        (tmp_path / "sshd").mkdir()
        server = stack.enter_context(running_sshd(tmp_path / "sshd"))
        key = key_pair(passphrase=CANARIES["password"])
        server.authorize(key)
        yield {"web": web, "collector": collector, "mailbox": mailbox, "sshd": server, "sshkey": key.private}
        traces._provider().shutdown()
        traces._provider.cache_clear()


@pytest.fixture
def planted(
    configured: Callable[..., None],
    peers: dict[str, Any],
    scripts: Path,
    load: Callable[..., None],
    runners: Callable[[], Coordinator],
    lines: io.StringIO,
    tmp_path: Path,
) -> Planted:
    """Asked for through the API with a password, run as far as they go, the callback called, the messages tried."""
    web, server = peers["web"], peers["sshd"]
    ovh = {"endpoint": f"{web.url}/1.0", "appKey": "k", "appSecret": CANARIES["ovh"], "consumerKey": CANARIES["ovh"]}
    backends = {
        "good": {"type": "webhook", "config": {"webhook_url": f"{web.url}/hook", "password": CANARIES["password"]}},
        "bad": {"type": "webhook", "config": {"webhook_url": f"{web.url}/{CANARIES['hook']}"}},
    }
    more = {
        # As it stands the text of a key is YAML, which folds its lines.
        "sshkey": json.dumps({"private": peers["sshkey"]}),
        "ovh-account": json.dumps(ovh),
        "basic-auth": json.dumps({"dev": CANARIES["password"]}),
    }
    configured(ITEMS | more, base_url="http://utask.example", notify_config=backends)
    script = scripts / "it.sh"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    put_in = {
        "web": web.url,
        "away": free_port(),
        "seen": str(tmp_path / "seen"),
        "smtp": peers["mailbox"].port,
        "user": server.user,
        "target": server.target,
        "known": server.known_hosts.strip(),
    }
    texts = [(HERE / name).read_text() % put_in for name in ("canaries.yaml", "canaries_failing.yaml")]
    load(*texts, GOOD_KID, BAD_KID)
    runner = runners()
    succeeded, failed = (_asked_for(name) for name in ("played", "failing"))
    settle(runner, seconds=60)
    token = _called_back(succeeded)
    settle(runner, seconds=60)
    turn_until(runner, _messages_were_tried, seconds=60)
    for task in (succeeded, failed):
        task.refresh_from_db()
    steps = {name: step for text in texts for name, step in yaml.safe_load(text)["steps"].items()}
    key_lines = tuple(line for line in peers["sshkey"].splitlines() if "-" not in line and len(line) > 60)[1:3]
    return Planted(
        succeeded,
        failed,
        {name: step["action"]["type"] for name, step in steps.items()},
        web,
        peers["collector"],
        peers["mailbox"],
        lines,
        tmp_path,
        (token, *key_lines),
    )


def _messages_were_tried() -> bool:
    waiting = OutboxMessage.objects.filter(backend="good", sent__isnull=True)
    return not waiting.exists() and OutboxMessage.objects.filter(backend="bad").exclude(error="").exists()


def _asked_for(template: str) -> Task:
    body = {"template_name": template, "input": {"secret": CANARIES["input"]}}
    given = {"Authorization": BASIC, "Cookie": f"sessionid={CANARIES['cookie']}", "X-Anything": CANARIES["sent"]}
    answer = Client().post("/task", body, content_type="application/json", headers=given)
    assert answer.status_code == 201, answer.content
    return Task.objects.get(public_id=answer.json()["id"])


def _called_back(task: Task) -> str:
    """The token of the task's callback, which was called with it, and with another."""
    output = loads(Step.objects.get(resolution__task=task, name="callbackOk").output or "null")
    address = urlsplit(output["url"])
    body = {"success": True, "secret": CANARIES["body"]}
    wrong = Client().post(f"{address.path}?t={CANARIES['body']}", body, content_type="application/json")
    assert wrong.status_code in (401, 403, 404)
    assert CANARIES["body"] not in wrong.content.decode()
    answer = Client().post(f"{address.path}?{address.query}", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return str(output["token"])
