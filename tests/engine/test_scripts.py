"""Scripts for the simulation as documents."""

import pytest

from tasks.engine import simulate
from tasks.engine.scripts import BadScript, read_script
from tests.engine.playing import defined


def test_a_document_scripts_a_whole_task():
    script = read_script(
        {
            "a": {"output": {"id": 1}, "metadata": {"code": 2}, "tags": {"t": "1"}},
            "b": [{"state": "SERVER_ERROR", "error": "down"}, {"state": "DONE", "output": "up"}],
        }
    )
    one = simulate(defined("steps: {a: {action: *ok}, b: {dependencies: [a], action: *ok}}"), script)
    assert [(step.state, step.output, step.try_count) for step in one.resolution.steps()] == [
        ("DONE", {"id": 1}, 1),
        ("DONE", "up", 2),
    ]
    assert one.resolution.task.tags == {"t": "1"}


@pytest.mark.parametrize("state", ["DONE", "CLIENT_ERROR", "SERVER_ERROR", "WAITING", "TO_RETRY"])
def test_every_state_that_an_action_can_make_is_an_answer(state):
    one = simulate(defined("retry_max: 1\nsteps: {s: {action: *ok}}"), read_script({"s": {"state": state}}))
    assert one.states == {"s": state}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a script is an object"),
        ({"s": []}, "s: a list of answers has at least one"),
        ({"s": "DONE"}, "s: an answer is an object"),
        ({"s": [{}, 1]}, r"s\[1\]: an answer is an object"),
        ({"s": {"state": "PRUNE"}}, 's: no action makes a step "PRUNE"'),
        ({"s": {"outptu": 1}}, "s: unknown: outptu"),
        ({"s": {"tags": {"a": 1}}}, "s: tags are an object of texts"),
        ({"s": {"tags": [1]}}, "s: tags are an object of texts"),
    ],
)
def test_a_bad_script_says_where_and_why(document, told):
    with pytest.raises(BadScript, match=told):
        read_script(document)
