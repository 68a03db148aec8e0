"""Values of ``password`` inputs are in no answer, whoever asks, whatever he asks."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.services.templates import load_templates
from tests.api.clients import Person

WORD = "abracadabra"
MASK = "**__SECRET__**"

TEMPLATE = """
name: guarded
description: keeps secrets of both
title_format: guarded
allow_task_start_over: true
inputs:
  - {name: word, description: one, type: password, regex: "^[a-z]+$"}
  - {name: words, description: many, type: password, collection: true, optional: true}
  - {name: plain, description: not secret, optional: true}
resolver_inputs:
  - {name: key, description: of the resolver, type: password}
steps:
  step: {description: nothing, action: {type: echo, configuration: {output: {}}}}
"""


@pytest.fixture
def guarded(world: None, tmp_path: Any) -> None:
    folder = tmp_path / "guarded"
    folder.mkdir()
    (folder / "guarded.yaml").write_text(TEMPLATE)
    assert not load_templates([folder], []).has_errors


def test_no_answer_holds_a_password(guarded: None, adm: Person, req: Person, run: Callable[[], None]) -> None:
    answers = []
    made = req.post(
        "/task", {"template_name": "guarded", "input": {"word": WORD, "words": [WORD, WORD], "plain": "seen"}}
    )
    answers.append(made)
    path = f"/task/{made.json()['id']}"
    assert made.json()["input"] == {"plain": "seen", "word": MASK, "words": MASK}
    resolved = adm.post("/resolution", {"task_id": made.json()["id"], "resolver_inputs": {"key": WORD}})
    answers.append(resolved)
    assert resolved.json()["resolver_inputs"] == {"key": MASK}
    resolution = f"/resolution/{resolved.json()['id']}"
    adm.post(f"{resolution}/pause")
    for body in ({"word": WORD + '"'}, {"word": WORD + "1"}, {"word": [WORD]}):
        answers.append(adm.put(path, {"input": body}))
        assert answers[-1].status_code == 400
    answers.append(adm.put(path, {"input": {"word": MASK, "words": MASK}}))
    assert answers[-1].status_code == 200
    assert adm.put(resolution, {"resolver_inputs": {"key": MASK}}).status_code == 204
    answers.append(adm.post("/resolution", {"task_id": made.json()["id"], "resolver_inputs": {"key": WORD + '"'}}))
    run()
    for person in (adm, req):
        for target in (
            path,
            f"{path}/comment",
            f"{path}/journal",
            resolution,
            "/task",
            "/task?type=all",
            "/resolution",
        ):
            answers += [person.get(target), person.get(target, Accept="application/x-yaml")]
            answers.append(person.get(target, Accept="text/html"))
    assert all(WORD not in answer.content.decode() for answer in answers)


def test_the_mask_keeps_what_is_stored_and_no_other_input_takes_it(guarded: None, req: Person) -> None:
    made = req.task("guarded", input={"word": WORD, "plain": "seen"})
    path = f"/task/{made['id']}"
    # A mask in an input that is no password is a text like any other.
    assert req.put(path, {"input": {"word": MASK, "plain": MASK}}).json()["input"]["plain"] == MASK
    from tasks.engine.gotemplate import loads
    from tasks.models import Task

    assert loads(Task.objects.get().input) == {"word": WORD, "plain": MASK}
