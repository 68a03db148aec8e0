"""Cases 112 to 126: batches, callbacks, statistics."""

import uuid
from typing import Any

import pytest

from tests.api.clients import Person, error_of

#: The six states that statistics always tell.
ALWAYS = {"TODO", "BLOCKED", "RUNNING", "WONTFIX", "DONE", "CANCELLED"}


def test_case_112_a_batch(req: Person) -> None:
    body = {"template_name": "dummy", "inputs": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "common_input": {}}
    answer = req.post("/batch", body)
    assert answer.status_code == 201
    assert list(answer.json()) == ["id"]
    found = req.read(f"/task?batch={answer.json()['id']}")
    assert sorted(task["title"] for task in found) == ["dummy a", "dummy b", "dummy c"]
    assert {task["batch"] for task in found} == {answer.json()["id"]}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"inputs": [{"id": "a"}], "common_input": {"id": "a"}}, "element 0"),
        ({"inputs": [{"id": "a"}, {}]}, "element 1"),
        ({"inputs": [{"id": "a"}], "tags": {"_utask_parent_task_id": "x"}}, "_utask_parent_task_id"),
        ({"inputs": [{"id": "a"}, 3]}, "inputs"),
    ],
    ids=["shared", "invalid", "tag", "type"],
)
def test_cases_113_114_and_116_all_or_nothing(req: Person, body: dict[str, Any], names: str) -> None:
    before = len(req.read("/task"))
    answer = req.post("/batch", {"template_name": "dummy"} | body)
    assert answer.status_code == 400
    assert names in error_of(answer)
    assert len(req.read("/task")) == before


def test_case_115_an_empty_batch(req: Person) -> None:
    answer = req.post("/batch", {"template_name": "dummy", "inputs": []})
    assert answer.status_code == 201
    assert req.read(f"/task?batch={answer.json()['id']}") == []


@pytest.mark.parametrize(
    ("path", "missing"), [("/task", "template_name"), ("/batch", "inputs"), ("/resolution", "task_id")]
)
def test_a_field_that_must_be_there_is_named(req: Person, path: str, missing: str) -> None:
    answer = req.post(path, {"template_name": "dummy"} if missing == "inputs" else {})
    assert answer.status_code == 400
    assert missing in error_of(answer)


def test_cases_117_to_122_a_callback(adm: Person, req: Person, someone, resolution_in) -> None:
    outside = someone("")
    resolution = adm.resolve(req.task("callback", input={}))
    waiting = resolution_in(resolution["id"], "WAITING")
    given = waiting["steps"]["create"]["output"]
    assert {"id", "token", "url"} <= set(given)
    path = f"/unsecured/callback/{given['id']}"
    without = outside.post(path)
    assert without.status_code == 400
    assert "missing query parameter: t" in error_of(without)
    for body in ("", "{}", '{"success":"true"}'):
        refused = outside.post(f"{path}?t={given['token']}", body)
        assert refused.status_code == 400, body
        assert error_of(refused)
    done = outside.post(f"{path}?t={given['token']}", {"success": True})
    assert done.status_code == 200
    assert "resolved" in done.json()["message"]
    again = outside.post(f"{path}?t={given['token']}", {"success": True})
    assert again.status_code == 400
    assert "already resolved" in error_of(again)
    ended = resolution_in(resolution["id"], "DONE")
    assert ended["steps"]["wait"]["output"]["body"] == {"success": True}


def test_case_123_a_wrong_token_and_an_unknown_id_look_alike(adm: Person, req: Person, someone, resolution_in) -> None:
    resolution = adm.resolve(req.task("callback", input={}))
    given = resolution_in(resolution["id"], "WAITING")["steps"]["create"]["output"]
    wrong = someone("").post(f"/unsecured/callback/{given['id']}?t=wrong", {"success": True})
    unknown = someone("").post(f"/unsecured/callback/{uuid.uuid4()}?t=wrong", {"success": True})
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.content == unknown.content
    assert someone("").post("/unsecured/callback/x?t=wrong").status_code == 400


def test_case_124_a_callback_of_a_cancelled_task(adm: Person, req: Person, someone, resolution_in) -> None:
    resolution = adm.resolve(req.task("callback", input={}))
    given = resolution_in(resolution["id"], "WAITING")["steps"]["create"]["output"]
    adm.post(f"/resolution/{resolution['id']}/cancel")
    answer = someone("").post(f"/unsecured/callback/{given['id']}?t={given['token']}", {"success": True})
    assert answer.status_code == 400
    assert "CANCELLED" in error_of(answer)


def test_cases_125_and_126_statistics(req: Person, someone) -> None:
    assert someone("").read("/unsecured/stats")["task_states"].keys() >= ALWAYS
    tag = uuid.uuid4().hex
    req.task(tags={"which": tag})
    counted = someone("").read(f"/unsecured/stats?tag=which={tag}")["task_states"]
    assert counted == dict.fromkeys(ALWAYS, 0) | {"TODO": 1}
    assert someone("").get("/unsecured/stats?tag=a").status_code == 400
