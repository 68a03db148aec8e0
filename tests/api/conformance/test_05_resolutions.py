"""Cases 60 to 87: resolutions, and what operators do to them."""

from typing import Any

import pytest

from tests.api.clients import Person, error_of
from tests.api.live import Service, eventually

HIDDEN = {"output", "metadata", "children", "item"}


def chosen(req: Person) -> dict[str, Any]:
    return req.task("chosen")


def test_cases_60_to_67_from_a_wrong_choice_to_the_right_one(adm: Person, req: Person, resolution_in) -> None:
    task = chosen(req)
    missing = adm.post("/resolution", {"task_id": task["id"]})
    assert missing.status_code == 400
    assert "ri1" in error_of(missing)
    never = adm.post("/resolution", {"task_id": task["id"], "resolver_inputs": {"ri1": "foo"}, "start_over": True})
    assert never.status_code == 400
    assert "never resolved" in error_of(never)
    first = adm.resolve(task, resolver_inputs={"ri1": "foo"})
    assert (first["state"], first["task_title"]) == ("TO_AUTORUN", "")
    assert [step["state"] for step in first["steps"].values()] == ["TODO"]
    assert not {"instance_id", "last_start", "next_retry"} & set(first)
    assert adm.post(f"/resolution/{first['id']}/run").status_code == 204
    resolution_in(first["id"], "BLOCKED_BADREQUEST")
    blocked = req.read(f"/task/{task['id']}")
    assert blocked["state"] == "BLOCKED"
    assert blocked["errors"] == [{"step": "judged by the resolver", "error": "foo is not wanted", "name": "step"}]
    second = adm.resolve(task, resolver_inputs={"ri1": "bar"}, start_over=True)
    assert second["id"] != first["id"]
    assert adm.post(f"/resolution/{second['id']}/run").status_code == 204
    resolution_in(second["id"], "DONE")
    assert adm.get(f"/resolution/{first['id']}").status_code == 404
    again = adm.post("/resolution", {"task_id": task["id"], "resolver_inputs": {"ri1": "bar"}, "start_over": True})
    assert again.status_code == 400
    for state in ('"PAUSED"', '"BLOCKED_BADREQUEST"', '"CANCELLED"'):
        assert state in error_of(again)


def test_case_68_a_second_resolution_is_refused(adm: Person, req: Person) -> None:
    task = req.task()
    adm.resolve(task)
    assert adm.post("/resolution", {"task_id": task["id"]}).status_code == 400


def test_case_69_who_may_resolve(adm: Person, someone) -> None:
    people = {"resolver_usernames": ["res"], "resolver_groups": ["resolvers"], "watcher_usernames": ["wat"]}
    for name in ("req", "str", "wat"):
        task = adm.task("owned", **people)
        assert someone(name).post("/resolution", {"task_id": task["id"]}).status_code == 403, name
    for name in ("res", "own", "ogr", "rgr"):
        task = adm.task("owned", **people)
        assert someone(name).post("/resolution", {"task_id": task["id"]}).status_code == 201, name


def test_case_70_starting_over_is_the_templates_to_allow(adm: Person, own: Person, resolution_in) -> None:
    statuses = {}
    for template in ("owned", "owned2"):
        task = adm.task(template)
        resolution_in(own.resolve(task)["id"], "DONE")
        resolution = adm.read(f"/task/{task['id']}")["resolution"]
        assert adm.post(f"/resolution/{resolution}/pause?force=true").status_code == 204
        answer = own.post("/resolution", {"task_id": task["id"], "start_over": True})
        statuses[template] = answer.status_code
    assert statuses == {"owned": 403, "owned2": 201}


def test_case_71_a_rejected_task_is_not_resolved(adm: Person, req: Person) -> None:
    task = req.task()
    req.post(f"/task/{task['id']}/wontfix")
    assert adm.post("/resolution", {"task_id": task["id"]}).status_code == 400


def test_case_72_an_administrator_who_resolves_becomes_a_resolver(adm: Person, req: Person) -> None:
    task = req.task()
    adm.resolve(task)
    assert adm.read(f"/task/{task['id']}")["resolver_usernames"] == ["adm"]
    assert task["id"] in [one["id"] for one in adm.read("/task?type=resolvable")]


def test_cases_73_and_74_what_each_sees_of_a_resolution(adm: Person, own: Person, someone, resolution_in) -> None:
    task = someone("req").task("chosen", watcher_usernames=["wat"])
    path = f"/resolution/{adm.resolve(task, resolver_inputs={'ri1': 'bar'})['id']}"
    resolution_in(path.rpartition("/")[2], "DONE")
    for name in ("req", "wat"):
        seen = someone(name).read(path)
        assert "resolver_inputs" not in seen
        assert not HIDDEN & set(seen["steps"]["step"])
        assert seen["steps"]["step"]["state"] == "DONE"
        assert seen["steps"]["step"]["action"]["type"] == "echo"
        assert not HIDDEN & set(someone(name).read(f"{path}/step/step"))
    seen = adm.read(path)
    assert seen["resolver_inputs"] == {"ri1": "bar"}
    assert seen["steps"]["step"]["output"] == {"said": "bar"}
    assert someone("str").get(path).status_code == 403


def test_case_74_owner_and_creator_see_outputs(own: Person, req: Person, resolution_in) -> None:
    resolution = own.resolve(req.task("owned"))
    resolution_in(resolution["id"], "DONE")
    assert own.read(f"/resolution/{resolution['id']}")["steps"]["step"]["output"] == {"said": "x"}


def test_case_75_one_step(adm: Person, req: Person, someone) -> None:
    path = f"/resolution/{adm.resolve(req.task())['id']}/step"
    assert adm.read(f"{path}/step")["name"] == "step"
    assert adm.get(f"{path}/nope").status_code == 404
    assert someone("str").get(f"{path}/nope").status_code == 404
    assert someone("str").get(f"{path}/step").status_code == 403


def test_case_76_what_is_over_does_not_run(adm: Person, req: Person, resolution_in) -> None:
    task = req.task()
    path = f"/resolution/{adm.resolve(task)['id']}"
    resolution_in(path.rpartition("/")[2], "DONE")
    # Ten seconds after an automatic start such a run would be taken for the start itself.
    adm.post(f"{path}/pause?force=true")
    assert adm.post(f"{path}/run").status_code == 204
    eventually(lambda: adm.read(path)["state"] == "DONE", "a second run")
    comments = len(adm.read(f"/task/{task['id']}/comment"))
    assert adm.post(f"{path}/run").status_code == 400
    assert len(adm.read(f"/task/{task['id']}/comment")) == comments
    cancelled = adm.resolve(held := req.task(delay="1h"))
    assert adm.post(f"/resolution/{cancelled['id']}/cancel").status_code == 204
    assert adm.post(f"/resolution/{cancelled['id']}/run").status_code == 400
    assert adm.read(f"/task/{held['id']}")["state"] == "CANCELLED"


def test_case_77_pauses(adm: Person, own: Person, req: Person, service: Service, resolution_in) -> None:
    blocked = adm.resolve(chosen(req), resolver_inputs={"ri1": "foo"})
    resolution_in(blocked["id"], "BLOCKED_BADREQUEST")
    assert adm.post(f"/resolution/{blocked['id']}/pause").status_code == 204
    running = own.resolve(req.task("longing", input={}))
    path = f"/resolution/{running['id']}"
    resolution_in(running["id"], "RUNNING")
    assert own.post(f"{path}/pause").status_code == 400
    assert own.post(f"{path}/run").status_code in (204, 400)
    assert own.post(f"{path}/pause?force=true").status_code == 403
    assert adm.post(f"{path}/pause?force=true").status_code == 204
    assert adm.read(path)["state"] == "PAUSED"
    (service.command.folder / "scripts" / "enough").touch()


def test_case_77_what_is_done_is_not_paused(adm: Person, req: Person, resolution_in) -> None:
    done = adm.resolve(req.task())
    resolution_in(done["id"], "DONE")
    assert adm.post(f"/resolution/{done['id']}/pause").status_code == 400


def test_case_78_pause_then_run(adm: Person, req: Person, resolution_in) -> None:
    resolution = adm.resolve(req.task(delay="1h"))
    assert adm.post(f"/resolution/{resolution['id']}/pause").status_code == 204
    assert resolution_in(resolution["id"], "PAUSED")
    assert adm.post(f"/resolution/{resolution['id']}/run").status_code == 204
    resolution_in(resolution["id"], "DONE")


def test_case_79_an_extension_gives_as_many_runs_again(own: Person, req: Person) -> None:
    resolution = own.resolve(req.task("limited", input={}))
    path = f"/resolution/{resolution['id']}"

    def used_up() -> Any:
        found = own.read(path)
        if found["state"] == "ERROR":
            own.post(f"{path}/run")
        return found if found["state"] == "BLOCKED_MAXRETRIES" else None

    before = eventually(used_up, "all runs used up")
    assert own.post(f"{path}/extend").status_code == 204
    after = own.read(path)
    assert after["run_max"] == before["run_max"] + 2
    eventually(lambda: own.read(path)["run_count"] > before["run_count"], "a run by itself")
    assert own.post(f"{path}/pause").status_code == 204
    assert own.post(f"{path}/extend").status_code == 400


def test_cases_80_and_81_cancelling(adm: Person, req: Person, someone) -> None:
    task = adm.task(resolver_usernames=["res"], delay="1h")
    path = f"/resolution/{adm.resolve(task)['id']}"
    adm.post(f"{path}/pause")
    assert req.post(f"{path}/cancel").status_code == 403
    assert someone("res").post(f"{path}/cancel").status_code == 204
    assert adm.read(f"/task/{task['id']}")["state"] == "CANCELLED"
    assert adm.post(f"{path}/cancel").status_code == 400
    assert adm.post(f"{path}/run").status_code == 400


@pytest.fixture
def paused(own: Person, req: Person) -> str:
    """The path of a paused resolution of the template with owners."""
    path = f"/resolution/{own.resolve(req.task('owned', delay='1h'))['id']}"
    assert own.post(f"{path}/pause").status_code == 204
    return path


def test_case_82_an_edit_of_the_whole(adm: Person, own: Person, req: Person, paused: str) -> None:
    assert own.put(paused, {}).status_code == 401
    busy = own.resolve(req.task("owned", delay="1h"))
    assert adm.put(f"/resolution/{busy['id']}", {}).status_code == 400
    text = adm.get(paused, Accept="application/x-yaml").content
    assert adm.put(paused, text, Content_Type="text/plain").status_code == 204
    assert adm.read(paused)["steps"] == own.read(paused)["steps"]


@pytest.mark.parametrize("change", [{"state": "FOO"}, {"state": ""}, {"dependencies": ["nope"]}])
def test_case_83_a_step_that_is_refused_is_named(adm: Person, paused: str, change: dict) -> None:
    steps = adm.read(paused)["steps"]
    answer = adm.put(paused, {"steps": steps | {"step": steps["step"] | change}})
    assert answer.status_code == 400
    assert "step" in error_of(answer)
    assert adm.read(paused)["steps"] == steps


def test_case_84_an_edit_of_one_step(adm: Person, paused: str) -> None:
    step = adm.read(f"{paused}/step/step")
    assert adm.put(f"{paused}/step/step", step | {"description": "say it well"}).status_code == 204
    edited = adm.read(f"{paused}/step/step")
    assert "paused" in edited.pop("waiting_for")
    assert edited == step | {"description": "say it well"}
    assert adm.put(f"{paused}/step/nope", step).status_code == 404
    wrong = adm.put(f"{paused}/step/step", step | {"action": {"type": "nope", "configuration": {}}})
    assert wrong.status_code == 400
    assert "nope" in error_of(wrong)


def test_cases_85_and_86_an_edit_of_a_steps_state(adm: Person, own: Person, someone) -> None:
    task = adm.task("owned", resolver_usernames=["res"], delay="1h")
    res = someone("res")
    path = f"/resolution/{res.resolve(task)['id']}"
    state = f"{path}/step/step/state"
    assert adm.put(state, {"state": "DONE"}).status_code == 400
    res.post(f"{path}/pause")
    assert own.put(state, {}).status_code == 400
    assert res.put(state, {"state": "DONE"}).status_code == 403
    assert own.put(state, {"state": "DONE"}).status_code == 204
    assert adm.put(state, {"state": "CLIENT_ERROR"}).status_code == 204
    said = [comment["content"] for comment in adm.read(f"/task/{task['id']}")["comments"]]
    assert any("step step" in text and "TODO" in text and "DONE" in text for text in said)
    assert adm.put(state, {"state": "ANY"}).status_code == 400


def test_case_87_custom_states_are_the_steps_own(own: Person, paused: str) -> None:
    assert own.put(f"{paused}/step/step/state", {"state": "REFUSED"}).status_code == 204
    assert own.put(f"{paused}/step/step/state", {"state": "ELSEWHERE"}).status_code == 400
