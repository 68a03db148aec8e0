"""Answers: each in both notations, and in the API's shape even where no view could give it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.api.clients import Person, error_of


def test_every_answer_is_the_same_value_in_yaml(adm: Person) -> None:
    task = adm.task("owned", tags={"a": "1"}, watcher_usernames=["wat"])
    resolution = adm.resolve(task)
    comment = adm.post(f"/task/{task['id']}/comment", {"content": "hello"}).json()
    own, of_resolution = f"/task/{task['id']}", f"/resolution/{resolution['id']}"
    paths = ["/meta", "/template", "/template/owned", "/function", "/function/greet", "/task", own, f"{own}/journal"]
    paths += [f"{own}/comment", f"{own}/comment/{comment['id']}", "/resolution", of_resolution]
    paths += [f"{of_resolution}/step/step", "/unsecured/stats"]
    for path in paths:
        answer = adm.get(path, Accept="application/x-yaml")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-yaml; charset=utf-8"), path
        assert yaml.safe_load(answer.content) == adm.read(path), path
    created = adm.post(f"{own}/comment", {"content": "hello"}, Accept="application/x-yaml")
    assert (created.status_code, yaml.safe_load(created.content)["content"]) == (201, "hello")


def test_fields_come_in_the_order_of_their_description(adm: Person, run: Callable[[], None]) -> None:
    resolution = adm.resolve(adm.task("owned"))
    run()
    description = adm.read("/unsecured/spec.json")["components"]["schemas"]
    path = f"/resolution/{resolution['id']}"
    step = adm.read(f"{path}/step/step")
    assert {"output", "state", "try_count"} <= set(step)
    answers = {"StepAnswer": [step, *adm.read(path)["steps"].values()], "FunctionAnswer": adm.read("/function")}
    for shape, found in answers.items():
        described = list(description[shape]["properties"])
        for answer in found:
            assert list(answer) == [name for name in described if name in answer], shape


def test_an_answer_that_cannot_be_written_is_told_in_the_shape_of_errors(
    adm: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("cannot be written")

    monkeypatch.setattr("tasks.api.answers.JSONAnswer.render", fail)
    answer = adm.get("/meta")
    assert answer.status_code == 500
    assert "logged" in error_of(answer)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_program_that_asks_another_host_is_answered_as_a_program(adm: Person) -> None:
    answer = adm.get("/meta", Host="other.example")
    assert answer.status_code == 400
    assert "name" in error_of(answer)
    assert b"<html" in adm.get("/meta", Host="other.example", Accept="text/html").content


@pytest.mark.parametrize(
    "delay", ["-9223372036854775808ns", "2562047h47m16.854775807s", "9223372036854775807ns", "-2562047h", "1ns", "0"]
)
def test_a_delay_may_be_as_long_as_durations_are(adm: Person, delay: str) -> None:
    task = adm.task("auto", input={}, delay=delay)
    assert task["state"] == "DELAYED"
    assert adm.read(f"/resolution/{task['resolution']}")["state"] == "TO_AUTORUN_DELAYED"
    waits = adm.task("dummy", delay=delay)
    assert adm.resolve(waits)["state"] == "TO_AUTORUN_DELAYED"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("after=0001-01-01T00:00:00%2B23:59", 1),
        ("before=0001-01-01T00:00:00%2B23:59", 0),
        ("after=9999-12-31T23:59:59.999999999-23:59", 0),
        ("before=9999-12-31T23:59:59-00:01", 1),
    ],
)
def test_times_at_the_ends_of_time_can_be_asked_for(adm: Person, query: str, number: int) -> None:
    adm.task(tags={"a": "1"})
    assert len(adm.read(f"/task?{query}")) == number
    assert len(adm.read(f"/task?{query}&tag=a=1&type=all")) == number


def test_tags_of_any_length_can_be_asked_for(adm: Person) -> None:
    long = "".join(chr(0x4E00 + index * 7919 % 20000) for index in range(1000))
    task = adm.task(tags={"\U0001f600" * 255: "x", "k": long})
    adm.task(tags={"k": long[:-1]})
    (found,) = adm.read(f"/task?tag=k={long}")
    assert found["id"] == task["id"]
    assert (
        adm.post("/task", {"template_name": "dummy", "input": {"id": "x"}, "tags": {"k" * 256: "v"}}).status_code == 400
    )
