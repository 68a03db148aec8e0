"""Cases 16 to 32: passwords, inputs, templates."""

import pytest

from tests.api.clients import Person, error_of

MASK = "**__SECRET__**"


def test_cases_16_to_22_a_password_is_kept_and_never_told(adm: Person, req: Person, resolution_in) -> None:
    made = req.post("/task", {"template_name": "password", "input": {"verysecret": "abracadabra"}})
    assert (made.status_code, made.json()["state"], made.json()["input"]) == (201, "TODO", {"verysecret": MASK})
    path = f"/task/{made.json()['id']}"
    said = req.post(f"{path}/comment", {"content": "I'm a pickle rick"})
    assert (said.status_code, said.json()["username"]) == (201, "req")
    assert said.json()["created"] == said.json()["updated"]
    assert req.read(path)["input"] == {"verysecret": MASK}
    kept = req.put(path, {"input": {"verysecret": MASK}})
    assert (kept.status_code, kept.json()["input"]) == (200, {"verysecret": MASK})
    assert adm.read(path)["input"] == {"verysecret": MASK}
    resolution = adm.resolve(made.json())
    assert adm.post(f"/resolution/{resolution['id']}/run").status_code == 204
    resolution_in(resolution["id"], "DONE")
    assert req.read(path)["result"] == {"revealed": "abracadabra"}


def test_case_20_another_password_takes_its_place(adm: Person, req: Person, resolution_in) -> None:
    made = req.task("password", input={"verysecret": "abracadabra"})
    path = f"/task/{made['id']}"
    assert req.put(path, {"input": {"verysecret": "expectopatronum"}}).status_code == 200
    resolution = adm.resolve(made)
    assert adm.post(f"/resolution/{resolution['id']}/run").status_code == 204
    assert resolution_in(resolution["id"], "DONE")["state"] == "DONE"
    task = req.read(path)
    assert (task["state"], task["result"]) == ("DONE", {"revealed": "expectopatronum"})


@pytest.mark.parametrize("body", [{"input": {}}, {}], ids=["empty", "absent"])
def test_case_23_a_missing_input_is_named(req: Person, body: dict) -> None:
    answer = req.post("/task", {"template_name": "dummy"} | body)
    assert answer.status_code == 400
    assert "id" in error_of(answer)


def test_case_24_undeclared_inputs_are_dropped(req: Person) -> None:
    made = req.task(input={"id": "a", "extra": 1})
    assert req.read(f"/task/{made['id']}")["input"] == {"id": "a"}


@pytest.mark.parametrize("value", ['say "x"', 5, ["a"]])
def test_cases_25_and_26_values_that_do_not_fit(req: Person, value: object) -> None:
    answer = req.post("/task", {"template_name": "dummy", "input": {"id": value}})
    assert answer.status_code == 400
    assert "input id" in error_of(answer)


@pytest.mark.parametrize("name", ["nope", ""])
def test_case_27_an_unknown_template(req: Person, name: str) -> None:
    answer = req.post("/task", {"template_name": name})
    assert answer.status_code == 404
    assert error_of(answer)


@pytest.mark.parametrize("template", ["blocked", "both"])
@pytest.mark.parametrize("name", ["adm", "req"])
def test_case_28_a_blocked_template_is_blocked_for_all(someone, template: str, name: str) -> None:
    answer = someone(name).post("/task", {"template_name": template})
    assert answer.status_code == 400
    assert "blocked" in error_of(answer)


def test_case_29_hidden_templates_are_listed_for_administrators(adm: Person, req: Person) -> None:
    for_adm = {one["name"]: one["hidden"] for one in adm.read("/template")}
    for_req = {one["name"] for one in req.read("/template")}
    assert {"hidden", "both", "blocked", "dummy"} <= set(for_adm)
    assert for_req == {name for name, hidden in for_adm.items() if not hidden}
    assert "blocked" in for_req


def test_case_30_a_hidden_template_is_read_by_name(req: Person) -> None:
    assert req.read("/template/hidden")["hidden"] is True


def test_case_31_names_are_exact(req: Person) -> None:
    answer = req.get("/template/Dummy")
    assert answer.status_code == 404
    assert "Dummy" in error_of(answer)


def test_case_32_lists_show_less_than_the_template_itself(req: Person) -> None:
    listed = next(one for one in req.read("/template") if one["name"] == "dummy")
    alone = req.read("/template/dummy")
    assert not {"steps", "variables", "title_format", "result_format"} & set(listed)
    assert {"steps", "title_format", "result_format"} < set(alone)
    assert alone["steps"]["step"]["name"] == ""
    assert list(alone["inputs"][0]) == [
        "name",
        "description",
        "collection",
        "type",
        "optional",
        "default",
        "hidden",
    ]
