"""The echo action on the real runner: every key, and every state that it can bring about."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.engine.gotemplate.jsontext import dumps
from tasks.models import Task
from tasks.runner.coordinator import Coordinator
from tests.actions.on_runner.conftest import Performed, step_of
from tests.runner.turns import later, resolution_of

Perform = Callable[..., Performed]
Play = Callable[..., Task]


@pytest.mark.parametrize(
    ("output", "stored"),
    [
        ("{{.input.name}}", '"Zoé"'),
        ({"who": {"name": "{{.input.name}}"}, "{{.input.name}}": 1}, '{"who":{"name":"Zoé"},"{{.input.name}}":1}'),
        (["{{.input.name}}", ["{{.input.name}}"], True, None], '["Zoé",["Zoé"],true,null]'),
        (12, "12"),
        (1619464078, "1619464078"),
        (False, "false"),
        ("", '""'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_the_output_is_any_value_with_its_texts_rendered(perform: Perform, output: Any, stored: str):
    done = perform("echo", {"output": output}, {"name": "Zoé"})
    assert (done.state, done.error, done.metadata) == ("DONE", "", None)
    assert json.loads(dumps(done.output)) == json.loads(stored)


@pytest.mark.parametrize("configuration", ["null", "{}", "{output: null, metadata: null, error_message: null}"])
def test_nothing_said_is_nothing_given(play: Play, configuration: str):
    task = play(f"it: {{description: d, action: {{type: echo, configuration: {configuration}}}}}")
    done = step_of(task, "it")
    assert (done.state, done.output, done.metadata) == ("DONE", None, None)


def test_numbers_keep_their_text_through_output_metadata_and_the_next_step(play: Play):
    task = play("""
        give:
          description: d
          action:
            type: echo
            configuration: {output: {num: 12345678901234567890, f: 2.5}, metadata: {id: 1619464078}}
        take:
          description: d
          dependencies: [give]
          action:
            type: echo
            configuration:
              output: "{{.step.give.output.num}} {{.step.give.output.f}} {{.step.give.metadata.id}}"
    """)
    assert step_of(task, "take").output == "12345678901234567890 2.5 1619464078"


def test_the_metadata_is_an_object_that_a_condition_can_look_at(play: Play):
    task = play("""
        it:
          description: d
          custom_states: [NOTFOUND]
          action:
            type: echo
            configuration:
              output: {a: 1}
              metadata: {HTTPStatus: 404, who: "{{.task.requester_username}}"}
              error_message: there is none
              error_type: client
          conditions:
            - type: check
              if: [{value: "{{.step.this.metadata.HTTPStatus}}", operator: EQ, expected: "404"}]
              then: {this: NOTFOUND}
    """)
    found = step_of(task, "it")
    assert (found.state, str(found.metadata["HTTPStatus"]), found.metadata["who"]) == ("NOTFOUND", "404", "admin")
    assert (found.output, task.state) == ({"a": 1}, "DONE")


@pytest.mark.parametrize(
    ("error_type", "state", "resolution", "task_state"),
    [
        ({"error_type": "client"}, "CLIENT_ERROR", "BLOCKED_BADREQUEST", "BLOCKED"),
        ({"error_type": "server"}, "SERVER_ERROR", "ERROR", "RUNNING"),
        ({"error_type": ""}, "SERVER_ERROR", "ERROR", "RUNNING"),
        ({"error_type": None}, "SERVER_ERROR", "ERROR", "RUNNING"),
        ({}, "SERVER_ERROR", "ERROR", "RUNNING"),
    ],
)
def test_it_fails_as_told_and_output_and_metadata_are_kept(perform: Perform, error_type, state, resolution, task_state):
    configuration = {"output": ["{{.input.name}}"], "metadata": {"m": True}, "error_message": "no {{.input.name}}"}
    failed = perform("echo", configuration | error_type, {"name": "Ann"})
    assert (failed.state, failed.error, failed.task.state) == (state, "no Ann", task_state)
    assert (failed.output, failed.metadata) == (["Ann"], {"m": True})
    row = resolution_of(failed.task)
    assert (row.state, row.next_retry is not None) == (resolution, resolution == "ERROR")


def test_a_message_that_is_rendered_empty_is_no_failure(perform: Perform):
    configuration = {"error_message": '{{if eq .input.go "on"}}{{else}}no{{end}}', "error_type": "client"}
    assert perform("echo", configuration, {"go": "on"}).state == "DONE"
    assert perform("echo", configuration, {"go": "back"}).error == "no"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {{.input.number}}}', '{"a":12345678901234567890}'),
        ("a: [{{.input.number}}, yes, null]", '{"a":[12345678901234567890,true,null]}'),
        ("{{.input.number}}", "12345678901234567890"),
        ("null", "null"),
    ],
)
@pytest.mark.parametrize("unmarshal", [True, "{{.input.yes}}"])
def test_unmarshal_makes_a_value_of_a_rendered_text(perform: Perform, text: str, expected: str, unmarshal: Any):
    step = {"output": text, "unmarshal": unmarshal, "metadata": {"m": 1}}
    done = perform("echo", step, {"number": "12345678901234567890", "yes": "true"})
    assert done.state == "DONE", done.error
    assert (dumps(done.output).replace(" ", ""), list(done.metadata)) == (expected, ["m"])


@pytest.mark.parametrize("output", [{"a": 1}, 5, None, "a: [{{.input.x}}"])
def test_unmarshal_of_what_does_not_parse_is_a_server_error_and_nothing_is_kept(perform: Perform, output: Any):
    configuration = {
        "output": output,
        "unmarshal": True,
        "metadata": {"m": 1},
        "error_message": "lost",
        "error_type": "client",
    }
    failed = perform("echo", configuration, {"x": "1"})
    assert (failed.state, failed.output, failed.metadata) == ("SERVER_ERROR", None, None)
    assert "unmarshal" in failed.error
    assert "lost" not in failed.error


def test_the_third_of_a_chain_fails(play: Play):
    task = play("""
        one: {description: d, action: {type: echo, configuration: {output: one}}}
        two: {description: d, dependencies: [one], action: {type: echo, configuration: {output: two}}}
        three: {description: d, dependencies: [two], action: {type: echo, configuration: {error_message: FAIL!}}}
    """)
    assert [step_of(task, name).state for name in ("one", "two", "three")] == ["DONE", "DONE", "SERVER_ERROR"]
    assert (step_of(task, "three").error, resolution_of(task).state) == ("FAIL!", "ERROR")


FAILING = "it: {description: d, action: {type: echo, configuration: {error_message: FAIL!}}}"


def test_the_last_run_that_is_allowed_blocks(play: Play):
    task = play(FAILING, about="retry_max: 1\n")
    row = resolution_of(task)
    assert (step_of(task, "it").state, row.state, row.run_count) == ("SERVER_ERROR", "BLOCKED_MAXRETRIES", 1)


def test_the_last_try_that_a_step_allows_is_fatal(play: Play, runner: Coordinator):
    task = play(FAILING.replace("{description: d,", "{description: d, max_retries: 1,"))
    for day in (1, 2):
        later(runner, timedelta(days=day))
    row = resolution_of(task)
    assert (step_of(task, "it").state, row.state) == ("FATAL_ERROR", "BLOCKED_FATAL")
    assert row.steps.get().try_count == 2


def test_steps_share_a_base_configuration_and_differ_in_what_they_say(play: Play):
    task = play(
        """
        one:
          description: d
          action: {type: echo, base_configuration: shared, configuration: {error_message: one, error_type: client}}
        two:
          description: d
          action: {type: echo, base_configuration: shared, configuration: {error_message: two, error_type: client}}
        """,
        about="base_configurations: {shared: {output: testingoutput}}\n",
    )
    found = [step_of(task, name) for name in ("one", "two")]
    assert [(step.output, step.error) for step in found] == [("testingoutput", "one"), ("testingoutput", "two")]


@pytest.mark.parametrize(
    ("output", "own", "expected"),
    [
        ("base_output: {id: '{{.input.id}}'}", "{foo: bar}", {"id": "1234", "foo": "bar"}),
        ("output: {strategy: merge, format: {foobar: buzz}}", "null", {"foobar": "buzz"}),
        ("base_output: {foobar: buzz}", "null", {"foobar": "buzz"}),
        ("output: {strategy: template, format: {name: '{{.step.this.output.foo}}'}}", "{foo: bar}", {"name": "bar"}),
        ("output: {strategy: none}", "{foo: bar}", {"foo": "bar"}),
    ],
)
def test_its_output_is_formed_as_the_step_says(play: Play, output: str, own: str, expected: dict[str, str]):
    task = play(
        f"it: {{description: d, action: {{type: echo, {output}, configuration: {{output: {own}}}}}}}",
        about="inputs: [{name: id, description: d}]\n",
        inputs={"id": "1234"},
    )
    done = step_of(task, "it")
    assert (done.state, done.output) == ("DONE", expected)
