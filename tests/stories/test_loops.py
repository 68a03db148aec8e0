"""docs/examples/foreach.md and hello-world-now: the smallest templates, run to their end and refused."""

import pytest

from tests.stories.conftest import Service


@pytest.mark.parametrize(
    ("language", "said"),
    [("english", "Hello World!"), ("spanish", "Hola mundo!"), ("french", "Bonjour, tout le monde !")],
)
def test_hello_world_says_hello_now(service: Service, language: str, said: str) -> None:
    task = service.someone("req").ask("hello-world-now", {"language": language}).wait_for("DONE").task
    assert task["title"] == f"Say hello in {language}"
    assert task["result"]["echo_message"] == said
    assert task["result"]["echo_when"].startswith("20")
    assert task["steps_done"] == task["steps_total"] == 2


def test_pages_are_asked_for_side_by_side_and_counted(service: Service) -> None:
    asked = service.someone("req").ask("foreach-parallel", {}).wait_for("DONE")
    assert asked.task["result"] == {"asked": "2", "found": "2", "statuses": "200 200"}


def test_a_page_that_does_not_exist_is_counted_too(service: Service) -> None:
    paths = ["/unsecured/time", "/no/such/page", "/unsecured/mon/ping"]
    asked = service.someone("req").ask("foreach-parallel", {"paths": paths}).wait_for("DONE")
    assert asked.task["result"] == {"asked": "3", "found": "2", "statuses": "200 404 200"}
    assert [child["state"] for child in asked.step("ask")["children"]] == ["DONE", "NOT_FOUND", "DONE"]


def test_a_page_that_fails_blocks_the_loop_and_the_rest_is_kept(service: Service) -> None:
    asked = service.someone("req").ask("foreach-parallel", {"paths": ["/unsecured/time", "/task"]})
    asked.wait_for("BLOCKED_BADREQUEST")
    assert {name: state for name, state in asked.states().items() if "-" in name} == {
        "ask-0": "DONE",
        "ask-1": "CLIENT_ERROR",
    }


def test_names_are_taken_one_by_one_and_some_left_out(service: Service) -> None:
    asked = service.someone("req").ask("foreach-sequence", {"skip": ["Bob Stone"]}).wait_for("DONE")
    assert asked.task["result"] == {"logins": "zmuller amariaperez"}


def test_a_name_that_nothing_can_be_made_of_stops_the_sequence(service: Service) -> None:
    asked = service.someone("req").ask("foreach-sequence", {"names": ["Ann Lee", "李 小龍", "Bob Stone"]})
    asked.wait_for("ERROR")
    assert "no login name can be made of 李 小龍" in asked.step("name-1")["metadata"]["output"]
    assert (asked.step("name-0")["state"], asked.step("name-1")["state"]) == ("DONE", "SERVER_ERROR")
    assert asked.step("name-2")["state"] == "TODO"


@pytest.mark.parametrize(
    ("template", "inputs"),
    [
        ("hello-world-now", {"language": "german"}),
        ("foreach-parallel", {"paths": ["https://elsewhere.example"]}),
        ("foreach-sequence", {"names": ["Cher"]}),
    ],
)
def test_inputs_that_do_not_fit_are_refused_by_name(service: Service, template: str, inputs: dict[str, object]) -> None:
    body = {"template_name": template, "input": inputs}
    answer = service.someone("req").call("POST", "/task", body, status=400)
    assert next(iter(inputs)) in answer["error"]
