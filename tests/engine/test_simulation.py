"""The simulation itself: complete, deterministic, bounded."""

from datetime import timedelta

import pytest

from tasks.engine import simulate
from tasks.engine.jobs import Answer, Failure
from tasks.engine.simulation import EPOCH, NeverEnds
from tasks.states import ResolutionState as R
from tests.engine.playing import DONE, SERVER_ERROR, WAITING, defined, task

DIAMOND = """
    steps:
      a: {action: *ok}
      c: {dependencies: [a], action: *ok}
      b: {dependencies: [a], action: *ok}
      d: {dependencies: [b, c], action: *ok}
"""


def test_it_tells_every_state_in_order():
    one = simulate(defined("steps: {s: {action: *ok}}"))
    assert [(move.kind, move.before, move.after) for move in one.timeline] == [
        ("resolution", "TO_AUTORUN", "RUNNING"),
        ("task", "TODO", "RUNNING"),
        ("step", "TODO", "RUNNING"),
        ("step", "RUNNING", "DONE"),
        ("resolution", "RUNNING", "DONE"),
        ("task", "RUNNING", "DONE"),
    ]


def test_steps_that_become_available_together_start_in_order_of_writing_s69():
    one = simulate(defined(DIAMOND))
    assert [move.step for move in one.timeline if move.after == "RUNNING" and move.step] == ["a", "c", "b", "d"]


def test_two_simulations_of_one_script_are_equal():
    script = {"a": [SERVER_ERROR, DONE], "b": Answer(failure=Failure.CLIENT)}
    assert simulate(defined(DIAMOND), script).timeline == simulate(defined(DIAMOND), script).timeline


def test_time_jumps_to_the_next_thing_due():
    one = simulate(defined("steps: {s: {action: *ok, execution_delay: 20s}}"), {"s": [SERVER_ERROR, DONE]})
    assert (one.state, one.now - EPOCH) == (R.DONE, timedelta(seconds=20 + 10 + 20))


def test_a_script_may_be_one_answer_many_or_a_function():
    one = simulate(
        defined("steps: {a: {action: *ok}, b: {action: *ok}, c: {action: *ok}}"),
        {
            "a": Answer(output=1),
            "b": [SERVER_ERROR, Answer(output=2)],
            "c": lambda call: Answer(output=call.try_number),
        },
    )
    assert [step.output for step in one.resolution.steps()] == [1, 2, 1]


@pytest.mark.parametrize(("kind", "state"), [("client", "CLIENT_ERROR"), ("", "SERVER_ERROR")])
def test_what_is_not_in_the_script_answers_as_echo(kind, state):
    one = task(
        "steps: {s: {action: {type: echo, configuration: "
        f"{{output: x, metadata: m, error_message: oops, error_type: '{kind}'}}}}}}}}"
    )
    one.run()
    step = one.step("s")
    assert (step.state, step.output, step.metadata, step.error) == (state, "x", "m", "oops")


def test_waiting_is_rest_until_it_is_woken():
    one = simulate(defined("steps: {s: {action: *ok}}"), {"s": [WAITING, WAITING, DONE]})
    assert one.state == R.WAITING
    one.wake()
    assert one.run_to_rest().state == R.DONE


def test_a_task_that_retries_without_end_is_told():
    with pytest.raises(NeverEnds):
        simulate(defined("steps: {s: {action: *ok}}"), {"s": SERVER_ERROR}, max_runs=5)


def test_a_task_that_turns_within_a_run_without_end_is_told():
    text = "steps: {s: {action: *ok, max_retries: -1, conditions: [{type: check, if: [], then: {this: RETRY_NOW}}]}}"
    with pytest.raises(NeverEnds):
        simulate(defined(text), max_jobs=50)


def test_inputs_are_seen():
    one = simulate(
        defined("""
            inputs: [{name: who, description: name}]
            result_format: {hello: "{{.input.who}}"}
            steps: {s: {action: *ok}}
        """),
        inputs={"who": "you"},
    )
    assert one.resolution.task.result == {"hello": "you"}
