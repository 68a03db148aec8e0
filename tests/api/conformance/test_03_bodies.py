"""Cases 33 to 44: what is sent and what comes back, in JSON and YAML."""

import json

import pytest
import yaml

from tests.api.clients import Person, error_of


def test_case_33_a_body_in_json(req: Person) -> None:
    path = f"/task/{req.task(input={'id': 'foo'})['id']}"
    assert req.put(path, {"input": {"id": "bar-json"}}).status_code == 200
    assert req.read(path)["input"] == {"id": "bar-json"}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", "application/x-yaml", "nonsense"])
def test_cases_34_and_35_a_body_in_yaml_whatever_its_content_type(req: Person, kind: str) -> None:
    path = f"/task/{req.task()['id']}"
    assert req.put(path, "input:\n  id: bar-yaml\n", Content_Type=kind).status_code == 200
    assert req.read(path)["input"] == {"id": "bar-yaml"}


def test_case_36_an_answer_in_yaml_where_it_is_asked_for(req: Person) -> None:
    path = f"/task/{req.task(input={'id': '12'}, tags={'when': '2024-01-01', 'is': 'on'})['id']}"
    as_yaml = req.get(path, Accept="application/x-yaml")
    assert as_yaml.headers["Content-Type"].startswith("application/x-yaml")
    assert yaml.safe_load(as_yaml.content) == req.read(path)
    assert req.get(path, Accept="application/yaml").headers["Content-Type"] == "application/json; charset=utf-8"


def test_case_37_what_is_preferred_wins(req: Person) -> None:
    answer = req.get("/meta", Accept="application/json;q=0.1, application/x-yaml")
    assert answer.headers["Content-Type"].startswith("application/x-yaml")


def test_case_38_errors_follow_the_same_rule(req: Person) -> None:
    answer = req.get("/task/00000000-0000-4000-8000-000000000000", Accept="application/x-yaml")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/x-yaml")
    assert list(yaml.safe_load(answer.content)) == ["error"]


def test_case_39_an_answer_can_be_sent_back(req: Person) -> None:
    path = f"/task/{req.task(tags={'a': '1'}, watcher_usernames=['wat'], input={'id': 'yes'})['id']}"
    before = req.read(path)
    text = req.get(path, Accept="application/x-yaml").content
    assert req.put(path, text, Content_Type="text/plain").status_code == 200
    after = req.read(path)
    for name in ("input", "tags", "watcher_usernames", "title"):
        assert after[name] == before[name]


@pytest.mark.parametrize("body", ["[1]", '{"template_name":', '{"input":[]}', "x", "\x01"])
def test_case_40_what_cannot_be_read_is_refused(req: Person, body: str) -> None:
    answer = req.post("/task", body)
    assert answer.status_code == 400
    assert error_of(answer)


def test_case_41_a_body_that_is_too_large(req: Person) -> None:
    answer = req.post("/task", {"template_name": "dummy", "input": {"id": "x" * 300 * 1024}})
    assert answer.status_code == 400
    assert "too large" in error_of(answer)


def test_case_42_a_number_where_a_text_is_expected_is_its_text(req: Person) -> None:
    answer = req.post(f"/task/{req.task()['id']}/comment", {"content": 12345})
    assert (answer.status_code, answer.json()["content"]) == (201, "12345")


def test_case_43_names_match_whatever_their_case_and_unknown_ones_are_ignored(req: Person) -> None:
    answer = req.post(f"/task/{req.task()['id']}/comment", {"CONTENT": "hello", "foo": 1})
    assert (answer.status_code, answer.json()["content"]) == (201, "hello")


def test_case_44_an_escaped_surrogate_pair_is_one_character(req: Person) -> None:
    answer = req.post(f"/task/{req.task()['id']}/comment", json.dumps({"content": "cool \U0001f600"}))
    assert (answer.status_code, answer.json()["content"]) == (201, "cool \U0001f600")


def test_numbers_keep_their_notation(adm: Person, req: Person) -> None:
    made = req.task()
    path = f"/task/{made['id']}"
    answer = req.put(path, '{"input": {"id": "x"}, "tags": {"n": 1.10, "big": 12345678901234567890}}')
    assert answer.json()["tags"] == {"big": "12345678901234567890", "n": "1.10"}
