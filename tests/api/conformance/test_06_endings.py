"""Cases 88 to 97: rejecting, deleting, comments."""

from typing import Any

import pytest

from tests.api.clients import Person, error_of


@pytest.mark.parametrize(
    ("name", "status"), [("req", 204), ("str", 403), ("wat", 403), ("res", 204), ("adm", 204), ("own", 204)]
)
def test_case_88_who_may_reject(adm: Person, req: Person, someone, name: str, status: int) -> None:
    task = adm.task("owned", resolver_usernames=["res"], watcher_usernames=["wat"])
    mine = req.task("owned")
    target = mine if name == "req" else task
    assert someone(name).post(f"/task/{target['id']}/wontfix").status_code == status


def test_case_89_the_state_is_looked_at_first(adm: Person, req: Person, someone, resolution_in) -> None:
    task = req.task()
    resolution_in(adm.resolve(task)["id"], "DONE")
    answer = someone("str").post(f"/task/{task['id']}/wontfix")
    assert answer.status_code == 400
    assert "DONE" in error_of(answer)


def test_case_90_rejecting_a_child_wakes_its_parent(adm: Person, resolution_in) -> None:
    parent = adm.task("parent", input={})
    resolution = adm.resolve(parent)
    resolution_in(resolution["id"], "WAITING")
    (child,) = adm.read(f"/task?type=all&tag=_utask_parent_task_id={parent['id']}")
    assert adm.post(f"/task/{child['id']}/wontfix").status_code == 204
    ended = resolution_in(resolution["id"], "BLOCKED_BADREQUEST", "DONE")
    assert ended["steps"]["child"]["state"] != "WAITING"


def test_cases_91_and_92_deleting(adm: Person, req: Person, resolution_in) -> None:
    task = req.task()
    assert req.delete(f"/task/{task['id']}").status_code == 401
    assert error_of(req.delete(f"/task/{task['id']}"))
    assert adm.delete(f"/task/{task['id']}").status_code == 204
    assert adm.delete(f"/task/{task['id']}").status_code == 404
    chosen = req.task("chosen")
    resolution = adm.resolve(chosen, resolver_inputs={"ri1": "foo"})
    resolution_in(resolution["id"], "BLOCKED_BADREQUEST")
    assert adm.delete(f"/task/{chosen['id']}").status_code == 400
    assert adm.post(f"/resolution/{resolution['id']}/cancel").status_code == 204
    assert adm.delete(f"/task/{chosen['id']}").status_code == 204
    assert adm.get(f"/resolution/{resolution['id']}").status_code == 404


@pytest.fixture
def watched(own: Person) -> dict[str, Any]:
    return own.task("owned", watcher_groups=["watchers"])


@pytest.mark.parametrize(("name", "status"), [("wgr", 201), ("own", 201), ("str", 403)])
def test_case_93_who_may_comment(watched: dict[str, Any], someone, name: str, status: int) -> None:
    assert someone(name).post(f"/task/{watched['id']}/comment", {"content": "hello"}).status_code == status


def test_case_94_a_comment_is_its_authors(adm: Person, own: Person, someone, watched: dict[str, Any]) -> None:
    said = someone("wgr").post(f"/task/{watched['id']}/comment", {"content": "hello"}).json()
    path = f"/task/{watched['id']}/comment/{said['id']}"
    edited = someone("wgr").put(path, {"content": "hello you"})
    assert (edited.status_code, edited.json()["content"]) == (200, "hello you")
    assert edited.json()["updated"] > edited.json()["created"]
    assert adm.put(path, {"content": "hello all"}).status_code == 200
    assert own.put(path, {"content": "mine"}).status_code == 403
    assert own.delete(path).status_code == 403
    assert own.read(path)["content"] == "hello all"
    assert someone("wgr").delete(path).status_code == 204
    assert own.get(path).status_code == 404


def test_cases_95_and_96_a_comment_belongs_to_its_task(own: Person, watched: dict[str, Any]) -> None:
    said = own.post(f"/task/{watched['id']}/comment", {"content": "hello"}).json()
    elsewhere = f"/task/{own.task('owned')['id']}/comment/{said['id']}"
    assert own.put(elsewhere, {"content": "other"}).status_code == 400
    assert own.delete(elsewhere).status_code == 400
    assert own.get(elsewhere).status_code == 404


@pytest.mark.parametrize("content", ["ab", "x" * 100_001, "ä" * 50_001])
def test_case_97_the_length_of_a_comment(own: Person, watched: dict[str, Any], content: str) -> None:
    answer = own.post(f"/task/{watched['id']}/comment", {"content": content})
    assert answer.status_code == 400
    assert error_of(answer)


def test_what_the_service_wrote_in_somebodys_name_stays(own: Person) -> None:
    task = own.task("owned")
    own.put(f"/task/{task['id']}", {"input": {"id": "y"}})
    (comment,) = own.read(f"/task/{task['id']}/comment")
    path = f"/task/{task['id']}/comment/{comment['id']}"
    assert own.put(path, {"content": "I did nothing"}).status_code == 403
    assert own.delete(path).status_code == 403
