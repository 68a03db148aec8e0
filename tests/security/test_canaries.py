"""Secrets never leak: canaries are planted wherever one may stand, every action succeeds and fails, and then we look.

They may be in the values of the task, for those who may see these, and nowhere else: no log line, no row of the
database in clear, no answer or page to the unentitled, no error body, no argument of a process, no number, no trace.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tasks.crypto import keyring
from tasks.models import Resolution, Step, Task
from tasks.services.catalog import registry
from tasks.services.retention import forget_old
from tasks.telemetry import traces
from tests.security.planted import BASIC, CANARIES, Planted, lines, peers, planted

__all__ = ["lines", "peers", "planted"]

ACTIONS = Path(__file__).resolve().parents[2] / "actions"
Asked = Callable[[str, str], Any]


def test_every_action_ran_to_success_and_to_failure_and_had_the_secrets(planted: Planted) -> None:
    assert planted.succeeded.state == "DONE"
    assert set(planted.states(planted.succeeded).values()) == {"DONE"}
    failures = planted.states(planted.failed)
    assert not {name for name in failures if failures[name] in ("DONE", "TODO", "RUNNING")}
    every = {file.stem for file in ACTIONS.glob("[!_]*.py")}
    assert every <= set(registry().names())
    assert {planted.actions[name] for name in planted.states(planted.succeeded)} == every
    assert {planted.actions[name] for name in failures} == every
    rows = Step.objects.filter(resolution__task__in=planted.tasks)
    outputs = " ".join((step.output or "") + (step.children or "") for step in rows)
    # What was never there could not leak.
    seen = {"input", "plain", "answer", "stderr", "loop", "body"}
    assert {CANARIES[name] for name in seen} <= set(planted.leaks(outputs))
    errors = " ".join(step.error or "" for step in rows)
    assert {CANARIES["input"], CANARIES["answer"]} <= set(planted.leaks(errors))
    sent = planted.web.received
    assert any(CANARIES["header"] in got.headers.get("authorization", "") for got in sent)
    assert any(CANARIES["input"] in got.text for got in sent if got.path == "/hook")
    assert any(got.path == f"/{CANARIES['hook']}" for got in sent)
    assert [mail.user for mail in planted.mailbox.mails] == ["u"]


def test_no_log_line_holds_one(planted: Planted) -> None:
    forget_old()
    said = planted.lines.getvalue()
    for words in ("notification not delivered", '"action": "CreateTask"', "/unsecured/callback/"):
        assert words in said, words
    assert planted.leaks(said) == []


def test_no_trace_holds_one(planted: Planted) -> None:
    traces.flush()
    told = b"".join(got.body for got in planted.collector.received).decode("latin-1")
    assert "step ssh" in told
    assert "CreateTask" in told
    assert planted.leaks(told) == []


def test_nothing_in_the_database_is_in_clear(planted: Planted) -> None:
    found, rows = [], 0
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                rows += 1
                text = " ".join(
                    bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    for value in row
                )
                found += [(table, leak) for leak in planted.leaks(text)]
    assert rows > 100
    assert found == []


def test_no_argument_of_a_process_holds_one(planted: Planted) -> None:
    for name in ("script-ok", "script-bad", "ssh-ok"):
        seen = (planted.seen / f"seen-{name}").read_text()
        assert ("it.sh" if "script" in name else "sshd") in seen
        assert planted.leaks(seen) == [], name


@pytest.fixture
def asked(planted: Planted, settings: Any) -> Asked:
    """What somebody of that name is answered, or shown in the admin."""
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    client = Client(raise_request_exception=False)
    return lambda name, path: client.get(path, headers={"X-Remote-User": name})


def addresses(planted: Planted, task: Task) -> tuple[list[str], list[str]]:
    """What belongs to the task, in the API and in the admin."""
    of_task, of_run = f"/task/{task.public_id}", f"/resolution/{task.resolution.public_id}"  # type: ignore[attr-defined]
    steps, page = planted.states(task), f"/admin/tasks/{task.public_id}/"
    api = [of_task, f"{of_task}/journal", f"{of_task}/comment", of_run, *(f"{of_run}/step/{name}" for name in steps)]
    shown = [page, *(f"{page}?step={name}" for name in steps)]
    return api, [*shown, *(f"{page}{form}/" for form in ("edit", "run/edit", "resolve"))]


#: Of nobody's task, so for everybody.
EVERYBODYS = (
    *("/task", "/task?type=all", "/resolution", "/meta", "/metrics", "/unsecured/stats", "/unsecured/mon/ready"),
    *("/template", "/template/played", "/function"),
    *("/admin/", "/admin/tasks/", "/admin/tasks/?type=all", "/admin/new/", "/admin/new/played/"),
    *("/admin/templates/", "/admin/templates/played/", "/admin/actions/", "/admin/editor/?template=played"),
    *("/admin/?template=played", "/admin/nothing/at/all/"),
)


def test_no_answer_and_no_page_to_a_stranger_holds_one(planted: Planted, asked: Asked) -> None:
    for task in planted.tasks:
        api, pages = addresses(planted, task)
        for path in (*api, *pages):
            answer = asked("stranger", path)
            assert answer.status_code == 403, path
            assert planted.leaks(answer.content.decode()) == [], path
    for path in EVERYBODYS:
        answer = asked("stranger", path)
        assert answer.status_code == (404 if "nothing" in path else 200), path
        assert planted.leaks(answer.content.decode()) == [], path
    assert asked("stranger", "/admin/operations/").status_code == 403


def test_the_requester_sees_result_and_errors_and_not_what_the_steps_did(planted: Planted, asked: Asked) -> None:
    Task.objects.update(requester_username="asker")
    Resolution.objects.update(resolver_username="somebody")
    errors = " ".join(step.error or "" for step in Step.objects.filter(resolution__task=planted.failed))
    for task in planted.tasks:
        # What its template, or a peer, puts into result and errors is told to who asked for the task.
        told = {CANARIES["told"]} if task is planted.succeeded else set(planted.leaks(errors))
        api, pages = addresses(planted, task)
        for path in (*api, *pages):
            answer = asked("asker", path)
            # Forms for the resolver are not his.
            assert answer.status_code == 200 or path in pages[-3:], path
            assert set(planted.leaks(answer.content.decode())) <= told, path
            if path in api:
                assert planted.leaks(json.dumps(without_errors_and_result(answer.json()))) == [], path
        assert asked("asker", api[0]).json()["input"] == {"secret": "**__SECRET__**"}
        journal = asked("asker", api[1]).json()
        assert len(journal) > 20
        assert not any("detail" in entry for entry in journal)
    assert asked("asker", f"/task/{planted.succeeded.public_id}").json()["result"] == {"secret": CANARIES["told"]}


def without_errors_and_result(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = ("error", "errors", "result")
        return {name: without_errors_and_result(each) for name, each in value.items() if name not in left_out}
    return [without_errors_and_result(each) for each in value] if isinstance(value, list) else value


def test_error_bodies_do_not_repeat_what_was_sent(planted: Planted) -> None:
    client = Client(raise_request_exception=False)

    def post(path: str, body: Any) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return client.post(path, text, content_type="application/json", headers={"Authorization": BASIC})

    secret = f"x{CANARIES['input']}"
    for body in (
        {"template_name": "good-kid", "input": {"secret": secret}},
        {"template_name": "good-kid", "input": {"secret": [secret]}},
        {"template_name": "good-kid", "input": {"secret": {"a": secret}}},
        f'{{"template_name": "good-kid", "input": {{"secret": "{secret}"',
    ):
        answer = post("/task", body)
        assert answer.status_code == 400
        assert planted.leaks(answer.content.decode()) == []
    wrong = client.get("/meta", headers={"Authorization": BASIC[:-4] + "eA=="})
    assert wrong.status_code == 401
    assert planted.leaks(wrong.content.decode()) == []
    page = client.post("/admin/login/", {"username": "dev", "password": CANARIES["password"]})
    assert page.status_code == 200
    assert planted.leaks(page.content.decode()) == []
    assert planted.leaks(planted.lines.getvalue()) == []


def test_commands_tell_none(planted: Planted) -> None:
    out = io.StringIO()
    call_command("config", "show", stdout=out)
    call_command("export_tasks", stdout=out)
    call_command("encryption", "report", stdout=out)
    call_command("doctor", stdout=out)
    text = out.getvalue()
    assert "played" in text
    assert planted.leaks(text) == []
    assert keyring.keyring().newest.material.hex() not in text
