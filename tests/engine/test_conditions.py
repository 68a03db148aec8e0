"""Skip and check conditions: when they are judged, what they do, and to whom."""

from dataclasses import replace

import pytest

from tasks.engine.events import RunStarted
from tasks.engine.gotemplate import loads
from tasks.engine.jobs import Answer, StateChange
from tasks.engine.simulation import Simulation
from tasks.states import ResolutionState as R
from tests.engine.playing import CLIENT_ERROR, DONE, SERVER_ERROR, TO_RETRY, WAITING, edited, play, task


def one_step(conditions, script=None, states="[A, B, C]", **rest):
    """A step ``s`` with these conditions, after one run."""
    one = task(f"steps: {{s: {{action: *ok, custom_states: {states}, conditions: {conditions}}}}}", script, **rest)
    one.run()
    return one


# --- when


@pytest.mark.parametrize("answer", [DONE, CLIENT_ERROR])
def test_a_check_is_judged_after_success_and_client_error(answer):
    assert one_step("[{type: check, if: [], then: {this: A}}]", {"s": answer}).states == {"s": "A"}


@pytest.mark.parametrize("answer", [SERVER_ERROR, TO_RETRY, WAITING])
def test_a_check_is_not_judged_after_any_other_end(answer):
    assert one_step("[{type: check, if: [], then: {this: A}}]", {"s": answer}).step("s").state != "A"


def test_a_skipped_step_is_not_executed_and_counts_no_try():
    step = one_step("[{type: skip, if: [], then: {this: A}}, {type: check, if: [], then: {this: B}}]").step("s")
    assert (step.state, step.try_count, step.last_run) == ("A", 0, None)


def test_conditions_are_judged_in_order_and_the_last_wins():
    one = one_step("[{type: check, if: [], then: {this: A}}, {type: check, if: [], then: {this: B}}]")
    assert one.states == {"s": "B"}


def test_a_final_condition_that_is_met_ends_the_judging():
    one = one_step("[{type: check, if: [], then: {this: A}, final: true}, {type: check, if: [], then: {this: B}}]")
    assert one.states == {"s": "A"}


def test_a_final_condition_that_is_not_met_ends_nothing():
    one = one_step(
        "[{type: check, if: [{value: x, operator: EQ, expected: y}], then: {this: A}, final: true},"
        " {type: check, if: [], then: {this: B}}]"
    )
    assert one.states == {"s": "B"}


def test_a_later_condition_sees_the_state_and_message_of_an_earlier_one():
    one = one_step(
        "[{type: check, if: [], then: {this: A}, message: first},"
        " {type: check, if: [{value: '{{.step.this.state}}/{{.step.s.error}}', operator: EQ, expected: A/first}],"
        "  then: {this: B}}]"
    )
    assert one.states == {"s": "B"}


def test_all_assertions_must_hold():
    one = one_step(
        "[{type: check, if: [{value: a, operator: EQ, expected: a}, {value: a, operator: EQ, expected: b}],"
        " then: {this: A}}]"
    )
    assert one.states == {"s": "DONE"}


def test_a_check_sees_the_new_result_and_a_skip_the_previous_one():
    one = task(
        """
        steps:
          s:
            action: *ok
            custom_states: [ENOUGH]
            conditions:
              - {type: skip, if: [{value: "{{.step.this.output.n}}", operator: EQ, expected: "1"}],
                  then: {this: ENOUGH}}
              - {type: check, if: [{value: "{{.step.this.output.n}}", operator: EQ, expected: "1"}],
                  then: {this: RETRY_NOW}}
        """,
        {"s": [answer(1), answer(2)]},
    )
    one.run()
    assert (one.states, one.step("s").try_count) == ({"s": "ENOUGH"}, 1)


# --- whom


def test_a_condition_may_change_steps_before_and_behind_in_order_of_writing_s69():
    one = task("""
        steps:
          a: {action: *ok}
          b: {dependencies: [a], action: *ok, conditions: [{type: check, if: [], then: {c: PRUNE, a: TO_RETRY}}]}
          c: {dependencies: [b], action: *ok}
    """)
    one.run()
    assert one.states == {"a": "TO_RETRY", "b": "DONE", "c": "PRUNE"}
    given = [move.step for move in one.timeline if move.event == "given by a condition"]
    assert given == ["c", "a"]


def test_a_step_changed_by_a_condition_is_not_looked_at_again_in_this_run():
    one = task("""
        steps:
          a: {action: *ok}
          b: {dependencies: [a], action: *ok, conditions: [{type: check, if: [], then: {a: TO_RETRY}}]}
    """)
    assert one.run().state == R.ERROR
    assert one.step("a").try_count == 1


def test_a_step_given_retry_now_by_another_runs_again_in_this_run():
    one = task(
        """
        steps:
          a: {action: *ok}
          b:
            dependencies: [a]
            action: *ok
            conditions:
              - {type: check, if: [{value: "{{.step.a.try_count}}", operator: LT, expected: "3"}],
                  then: {a: RETRY_NOW, this: RETRY_NOW}}
        """
    )
    assert one.run().state == R.DONE
    assert one.step("a").try_count == 3


# --- messages


def test_a_message_becomes_the_error_even_of_a_good_state():
    step = one_step("[{type: check, if: [], then: {this: A}, message: 'found {{.step.this.state}}'}]").step("s")
    assert (step.state, step.error) == ("A", "found DONE")


def test_an_empty_message_wipes_the_error_of_a_final_state_s15():
    step = one_step("[{type: check, if: [], then: {this: A}}]", {"s": CLIENT_ERROR}).step("s")
    assert (step.state, step.error) == ("A", "")


def test_a_skip_without_a_message_leaves_the_error_of_a_state_that_is_not_final_s15():
    assertion = "{value: '{{.step.this.try_count}}', operator: EQ, expected: '1'}"
    condition = f"{{type: skip, if: [{assertion}], then: {{this: CLIENT_ERROR}}}}"
    one = task(f"steps: {{s: {{action: *ok, conditions: [{condition}]}}}}", {"s": SERVER_ERROR})
    one.run()
    one.run(manual=True)
    assert (one.step("s").state, one.step("s").error) == ("CLIENT_ERROR", "server down")


def test_an_empty_message_leaves_the_error_of_a_state_that_is_not_final_s15():
    step = one_step("[{type: check, if: [], then: {this: TO_RETRY}}]", {"s": CLIENT_ERROR}).step("s")
    assert (step.state, step.error) == ("TO_RETRY", "bad request")


def test_a_message_that_cannot_be_rendered_counts_as_written_and_the_condition_is_met():
    step = one_step("""[{type: check, if: [], then: {this: A}, message: 'x {{index "a" "b"}}'}]""").step("s")
    assert step.state == "A"
    assert step.error.startswith('x {{index "a" "b"}} (Templating error')


# --- what cannot be judged

NO_NUMBER = "{value: one, operator: GT, expected: '1'}"


def test_a_skip_that_cannot_be_judged_is_a_server_error_and_nothing_is_executed():
    one = one_step(f"[{{type: skip, if: [{NO_NUMBER}], then: {{this: A}}}}, {{type: skip, if: [], then: {{this: B}}}}]")
    step = one.step("s")
    assert (step.state, step.try_count, one.state) == ("SERVER_ERROR", 0, R.ERROR)
    assert 'skip condition: "one" is not a number' in step.error


def test_a_check_that_cannot_be_judged_is_an_afterrun_error_and_the_rest_is_not_judged():
    one = one_step(
        f"[{{type: check, if: [{NO_NUMBER}], then: {{this: A}}}}, {{type: check, if: [], then: {{this: B}}}}]"
    )
    step = one.step("s")
    assert (step.state, step.prior_state, step.try_count) == ("AFTERRUN_ERROR", "DONE", 1)


def test_effects_of_earlier_conditions_stay_when_a_later_one_cannot_be_judged():
    one = task(f"""
        steps:
          a: {{action: *ok, conditions: [{{type: check, if: [],
              then: {{b: PRUNE}}}}, {{type: check, if: [{NO_NUMBER}], then: {{this: PRUNE}}}}]}}
          b: {{dependencies: [a], action: *ok}}
    """)
    one.run()
    assert one.states == {"a": "AFTERRUN_ERROR", "b": "PRUNE"}


@pytest.mark.parametrize("kind", ["skip", "check"])
def test_a_pattern_that_is_illegal_once_rendered_cannot_be_judged_s2(kind):
    one = task(
        f"inputs: [{{name: p, description: pattern}}]\nsteps: {{s: {{action: *ok, conditions: [{{type: {kind}, "
        "if: [{value: a, operator: REGEXP, expected: '{{.input.p}}'}], then: {this: PRUNE}}]}}",
        inputs={"p": "("},
    )
    one.run()
    assert one.states == {"s": "SERVER_ERROR" if kind == "skip" else "AFTERRUN_ERROR"}


@pytest.mark.parametrize("operator", ["gt", "Gt", "GT"])
def test_the_case_of_an_operator_does_not_matter_s1(operator):
    condition = f"[{{type: check, if: [{{value: '1', operator: {operator}, expected: '2'}}], then: {{this: A}}}}]"
    assert one_step(condition).states == {"s": "DONE"}


@pytest.mark.parametrize(("value", "expected"), [("3000000001", "3000000000"), ("1.5", "1.4"), (" 7", "6")])
def test_numbers_are_compared_whatever_their_size_fraction_and_blanks_s48(value, expected):
    condition = (
        f"[{{type: check, if: [{{value: '{value}', operator: GT, expected: '{expected}'}}], then: {{this: A}}}}]"
    )
    assert one_step(condition).states == {"s": "A"}


def test_the_list_of_in_stands_in_value_s59():
    condition = "[{type: check, if: [{value: 'a, b', operator: IN, expected: b}], then: {this: A}}]"
    assert one_step(condition).states == {"s": "A"}


def test_afterrun_error_is_judged_again_without_calling_the_action_and_goes_back_to_done_s36():
    one = task(
        """
        steps:
          a: {action: *ok}
          s: {action: *ok, dependencies: ["a:ANY"], conditions: [
               {type: check, if: [{value: "{{.step.a.output.n}}", operator: GT, expected: "5"}], then: {this: PRUNE}}]}
        """,
        {"a": [answer("x")], "s": [answer(1), SERVER_ERROR]},
    )
    one.run()
    assert one.step("s").state == "AFTERRUN_ERROR"
    mended = edited(one, a=replace(one.step("a"), output={"n": loads("3")}))
    mended.run(manual=True)
    step = mended.step("s")
    assert (step.state, step.prior_state, step.error, step.try_count) == ("DONE", "", "", 1)


def test_afterrun_error_after_a_client_error_goes_back_to_it_with_the_action_s_error_s36():
    one = task(
        """
        inputs: [{name: num, description: number}]
        steps:
          s: {action: *ok, conditions: [
               {type: check, if: [{value: "{{.step.this.state}}", operator: EQ, expected: DONE}], then: {this: PRUNE}},
               {type: check, if: [{value: "{{.input.num}}", operator: GT, expected: "5"}], then: {this: PRUNE}}]}
        """,
        {"s": CLIENT_ERROR},
        inputs={"num": "x"},
    )
    one.run()
    assert one.step("s").prior_state == "CLIENT_ERROR"
    mended = Simulation(one.resolution.definition, inputs={"num": "1"}, steps=one.resolution.steps())
    mended.run(manual=True)
    assert (mended.step("s").state, mended.step("s").error) == ("CLIENT_ERROR", "bad request")


# --- skips with odd outcomes


def test_a_skip_without_an_outcome_for_its_step_prunes_it_s4():
    one = task("""
        steps:
          a: {action: *ok, conditions: [{type: skip, if: [], then: {b: CLIENT_ERROR}}]}
          b: {dependencies: ["a:ANY"], action: *ok}
    """)
    assert one.run().state == R.BLOCKED_BADREQUEST
    assert (one.step("a").state, one.step("a").error) == ("PRUNE", "skipped, no outcome given")


def test_retry_now_from_a_skip_is_to_retry_and_is_judged_afresh_next_time_s39():
    one = task(
        """
        steps:
          s: {action: *ok, conditions: [
               {type: skip, if: [{value: "{{.step.this.state}}", operator: EQ, expected: RUNNING}],
                   then: {this: RETRY_NOW}}]}
        """
    )
    assert one.run().state == R.ERROR
    assert (one.step("s").state, one.step("s").try_count) == ("TO_RETRY", 0)


# --- states given while a step runs


def test_a_state_given_to_a_running_step_counts_when_its_result_comes_s5():
    one = task(
        """
        steps:
          first:  {action: *ok}
          slow:   {dependencies: [first], action: *ok, pre_hook: *ok}
          quick:  {dependencies: ["first:ANY"], action: *ok}
          after:  {dependencies: [slow], action: *ok}
        """
    )
    # While ``slow`` is in its pre_hook, a condition elsewhere prunes it.
    simulation = one
    simulation._take(RunStarted())
    simulation._do(simulation._queue.popleft())  # first ends, slow and quick start
    simulation.resolution.run.give(StateChange("slow", "PRUNE", "not wanted"), simulation.now)
    assert simulation.step("slow").state == "RUNNING"
    assert simulation.step("after").state == "TODO"
    while simulation._queue:
        simulation._do(simulation._queue.popleft())
    step = simulation.step("slow")
    assert (step.state, step.error, step.output, step.try_count) == ("PRUNE", "not wanted", None, 1)
    assert simulation.step("after").state == "PRUNE"


# --- functions

FUNCTION = """
    name: wrapped
    action: {type: act, configuration: {x: "{{.function_args.who}}"}}
    custom_states: [INNER]
    conditions:
      - {type: check, if: [{value: "{{.function_args.who}}", operator: EQ, expected: me}],
          then: {this: INNER}, message: "by {{.function_args.who}}"}
"""


def test_a_function_s_conditions_see_its_arguments_s35():
    one = task(
        """
        steps:
          s: {action: {type: wrapped, configuration: {who: me}}}
          t: {action: {type: wrapped, configuration: {who: you}}}
        """,
        functions=(FUNCTION,),
    )
    one.run()
    assert (one.states, one.step("s").error) == ({"s": "INNER", "t": "DONE"}, "by me")


def test_inner_conditions_come_first_and_the_step_s_own_last_s42():
    one = task(
        """
        steps:
          s:
            action: {type: wrapped, configuration: {who: me}}
            custom_states: [OUTER]
            conditions:
              - {type: check, if: [{value: "{{.step.this.state}}", operator: EQ, expected: INNER}], then: {this: OUTER}}
        """,
        functions=(FUNCTION,),
    )
    one.run()
    assert one.states == {"s": "OUTER"}


def test_a_message_is_rendered_anew_for_every_step_that_uses_it_s40():
    one = task(
        """
        steps:
          s: {action: *ok, foreach: '["a","b"]', conditions: [{type: check, if: [],
              then: {this: DONE}, message: "{{.iterator}}"}]}
        """
    )
    said = [move.detail for move in one_run(one).timeline if move.step.startswith("s-") and move.detail]
    assert said == ["a", "b"]


def test_a_dependency_may_name_a_custom_state_of_a_function_s31():
    states = play(
        "steps: {s: {action: {type: wrapped, configuration: {who: me}}}, t: {dependencies: ['s:INNER'], action: *ok}}",
        functions=(FUNCTION,),
    )
    assert states == {"s": "INNER", "t": "DONE"}


def one_run(simulation):
    simulation.run()
    return simulation


def answer(number):
    return Answer(output={"n": number})
