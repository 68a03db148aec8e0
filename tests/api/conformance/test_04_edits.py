"""Cases 45 to 59: edits of tasks, automatic runs, delays."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.clients import Person, error_of
from tests.api.live import eventually

PARENT = "_utask_parent_task_id"


def test_cases_45_and_46_an_edit_replaces_the_whole(req: Person) -> None:
    path = f"/task/{req.task(tags={'a': '1'}, watcher_usernames=['wat'])['id']}"
    assert req.put(path, {"input": {"id": "y"}}).status_code == 200
    assert not {"tags", "watcher_usernames"} & set(req.read(path))
    refused = req.put(path, {"tags": {"a": "1"}})
    assert refused.status_code == 400
    assert "input" in error_of(refused)


def test_case_47_who_may_edit(someone, req: Person) -> None:
    path = f"/task/{req.task('owned')['id']}"
    for name, status in {"own": 200, "ogr": 200, "res": 403, "wat": 403, "str": 403}.items():
        assert someone(name).put(path, {"input": {"id": "y"}}).status_code == status, name


def test_case_47_the_tasks_own_resolvers_and_watchers_may_not(adm: Person, someone) -> None:
    made = adm.task(resolver_usernames=["res"], watcher_usernames=["wat"])
    for name in ("res", "wat"):
        assert someone(name).put(f"/task/{made['id']}", {"input": {"id": "y"}}).status_code == 403


def test_cases_48_and_49_an_edit_needs_a_pause(adm: Person, req: Person, own: Person, resolution_in) -> None:
    made = req.task("busy")
    path, resolution = f"/task/{made['id']}", own.resolve(made)
    resolution_in(resolution["id"], "WAITING")
    change = {"input": {"id": "y"}}
    assert (adm.put(path, change).status_code, req.put(path, change).status_code) == (400, 403)
    assert own.post(f"/resolution/{resolution['id']}/pause").status_code == 204
    assert (adm.put(path, change).status_code, req.put(path, change).status_code) == (200, 403)


def test_case_50_the_parents_tag_is_read_only(adm: Person, req: Person, resolution_in) -> None:
    assert req.post("/task", {"template_name": "dummy", "input": {"id": "x"}, "tags": {PARENT: "x"}}).status_code == 400
    path = f"/task/{req.task()['id']}"
    assert req.put(path, {"input": {"id": "x"}, "tags": {PARENT: "x"}}).status_code == 400
    parent = adm.task("parent", input={})
    resolution_in(adm.resolve(parent)["id"], "WAITING")
    (child,) = adm.read(f"/task?type=all&tag={PARENT}={parent['id']}")
    path = f"/task/{child['id']}"
    assert adm.put(path, {"input": {"id": "x"}}).status_code == 400
    assert adm.put(path, {"input": {"id": "x"}, "tags": {PARENT: parent["id"]}}).status_code == 200


def test_case_51_an_edit_is_activity_and_leaves_a_comment(req: Person) -> None:
    first = req.task()
    req.task()
    before = req.read(f"/task/{first['id']}")["last_activity"]
    req.put(f"/task/{first['id']}", {"input": {"id": "y"}})
    task = req.read(f"/task/{first['id']}")
    assert task["last_activity"] > before
    assert req.read("/task")[0]["id"] == first["id"]
    assert [(comment["username"], comment["content"]) for comment in task["comments"]] == [
        ("req", "manually edited task")
    ]


@pytest.mark.parametrize(("name", "status"), [("req", 403), ("own", 201), ("adm", 201)])
def test_case_52_who_may_name_resolvers(someone, name: str, status: int) -> None:
    body = {"template_name": "owned", "input": {"id": "x"}, "resolver_usernames": ["res"]}
    assert someone(name).post("/task", body).status_code == status


def test_case_53_a_comment_that_is_too_short_makes_no_task(req: Person) -> None:
    before = len(req.read("/task"))
    body = {"template_name": "dummy", "input": {"id": "x"}, "comment": "ab"}
    assert req.post("/task", body).status_code == 400
    assert len(req.read("/task")) == before


def test_case_54_an_automatic_run(someone) -> None:
    stranger = someone("str")
    made = stranger.task("auto", input={})
    assert made["resolution"]
    task = eventually(
        lambda: (found := stranger.read(f"/task/{made['id']}"))["state"] == "DONE" and found, "an automatic run"
    )
    assert task["resolver_username"] == "str"


def test_cases_55_and_56_a_delayed_run_and_an_early_one(someone, resolution_in) -> None:
    stranger = someone("str")
    made = stranger.task("auto", input={}, delay="1h")
    assert made["state"] == "DELAYED"
    resolution = stranger.read(f"/resolution/{made['resolution']}")
    assert resolution["state"] == "TO_AUTORUN_DELAYED"
    wait = datetime.fromisoformat(resolution["next_retry"]) - datetime.now(UTC)
    assert timedelta(minutes=58) < wait < timedelta(minutes=62)
    assert stranger.post(f"/resolution/{made['resolution']}/run").status_code == 204
    resolution_in(made["resolution"], "DONE")


def test_case_57_a_delay_that_is_none(someone) -> None:
    stranger = someone("str")
    before = len(stranger.read("/task"))
    answer = stranger.post("/task", {"template_name": "auto", "delay": "soon"})
    assert answer.status_code == 400
    assert "delay" in error_of(answer)
    assert len(stranger.read("/task")) == before


def test_case_58_a_delay_without_an_automatic_run_begins_with_the_resolution(adm: Person, req: Person) -> None:
    made = req.task(delay="1h")
    assert made["state"] == "TODO"
    assert "resolution" not in made
    assert adm.resolve(made)["state"] == "TO_AUTORUN_DELAYED"


def test_case_59_a_delayed_task_can_be_rejected(someone) -> None:
    stranger = someone("str")
    made = stranger.task("auto", input={}, delay="1h")
    assert stranger.post(f"/task/{made['id']}/wontfix").status_code == 204
    assert stranger.read(f"/resolution/{made['resolution']}")["state"] == "CANCELLED"
    assert stranger.read(f"/task/{made['id']}")["state"] == "WONTFIX"
