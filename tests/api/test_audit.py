"""One line for each request: who asked for what, how it ended, and never a secret."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.clients import Person


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The lines written so far, newest last."""
    caplog.set_level(logging.INFO, "tasks.telemetry.audit")
    return lambda: [vars(record) for record in caplog.records if record.name == "tasks.telemetry.audit"]


def test_a_line_tells_the_whole_request(req: Person, lines: Any) -> None:
    req._send("req", "GET", "/task?state=TODO&tag=a%3D1", None, {"X-Request-Id": "abc-1", "User-Agent": "test/1"})
    (line,) = lines()
    assert line["message"] == "success"
    told = {
        "status": 200,
        "method": "GET",
        "path": "/task",
        "query": "state=TODO&tag=a=1",
        "user_agent": "test/1",
        "remote_ip": "127.0.0.1",
        "request_id": "abc-1",
        "log_type": "api",
        "success": True,
        "action": "ListTasks",
        "user": "req",
    }
    assert {key: line[key] for key in told} == told
    assert line["duration"] >= 0
    assert "sudo" not in line


@pytest.mark.parametrize("given", ["", "a b\n", "x" * 200, "é"])
def test_a_request_without_a_usable_id_gets_one(req: Person, lines: Any, given: str) -> None:
    answer = req.get("/meta", X_Request_Id=given) if given.isprintable() else req.get("/meta")
    assert answer.headers["X-Request-Id"] == lines()[-1]["request_id"]
    assert answer.headers["X-Request-Id"] not in ("", given)


def test_what_each_request_is_about(adm: Person, own: Person, lines: Any) -> None:
    task = own.task("owned")
    about = {"action_metadata_task_id": task["id"], "action_metadata_template_name": "owned"}
    assert lines()[-1].items() >= about.items()
    resolution = own.resolve(task, resolver_inputs={})
    about |= {"action_metadata_resolution_id": resolution["id"]}
    assert lines()[-1].items() >= about.items()
    own.post(f"/resolution/{resolution['id']}/pause")
    assert lines()[-1].items() >= about.items()
    own.put(f"/resolution/{resolution['id']}/step/step/state", {"state": "DONE"})
    moved = {
        "action_metadata_step_name": "step",
        "action_metadata_old_state": "TODO",
        "action_metadata_new_state": "DONE",
    }
    assert lines()[-1].items() >= (about | moved).items()
    own.post("/batch", {"template_name": "dummy", "inputs": [{"id": "a"}]})
    assert lines()[-1]["action_metadata_batch_id"]
    own.get("/function/greet")
    assert lines()[-1]["action_metadata_function_name"] == "greet"


def test_a_refused_request_says_what_is_known(req: Person, someone: Any, lines: Any) -> None:
    task = req.task()
    someone("str").get(f"/task/{task['id']}")
    line = lines()[-1]
    assert (line["message"], line["success"], line["status"], line["user"]) == ("error", False, 403, "str")
    assert line["action_metadata_task_id"] == task["id"]
    assert line["levelname"] == "ERROR"
    req.delete(f"/task/{task['id']}")
    assert (lines()[-1]["status"], lines()[-1]["success"]) == (401, False)


def test_what_only_an_administrator_may_is_marked(adm: Person, req: Person, lines: Any) -> None:
    task = req.task()
    mine = adm.task()
    adm.get(f"/task/{mine['id']}")
    assert "sudo" not in lines()[-1]
    adm.get(f"/task/{task['id']}")
    assert lines()[-1]["sudo"] is True
    resolution = adm.resolve(task)
    assert lines()[-1]["sudo"] is True
    # The administrator who resolved it is one of its resolvers from then on.
    adm.post(f"/resolution/{resolution['id']}/pause")
    assert "sudo" not in lines()[-1]
    adm.post(f"/resolution/{resolution['id']}/pause?force=true")
    assert lines()[-1]["sudo"] is True
    adm.delete(f"/task/{mine['id']}")
    assert lines()[-1]["sudo"] is True
    adm.post("/key-rotate")
    assert "sudo" not in lines()[-1]


def test_no_secret_is_written(someone: Any, req: Person, lines: Any, caplog: pytest.LogCaptureFixture) -> None:
    callback = "/unsecured/callback/00000000-0000-4000-8000-000000000000"
    someone("").post(f"{callback}?t=topsecrettoken", {"success": "topsecretbody"})
    assert lines()[-1]["query"] == "t=***"
    assert lines()[-1]["action_metadata_callback_id"].startswith("00000000")
    req.post("/task", {"template_name": "password", "input": {"verysecret": 'a"topsecretword'}})
    req.post("/task", {"template_name": "dummy", "input": {"id": 'a"topsecretvalue'}})
    assert all("topsecret" not in str(value) for line in lines() for value in line.values())
    assert "topsecret" not in caplog.text


def test_unknown_paths_and_metrics_write_nothing(adm: Person, lines: Any) -> None:
    for path in ("/nope", "/metrics", "/ui/swagger/", "/static/api/swagger.js"):
        adm.get(path)
    adm.post("/meta")
    assert lines() == []
