"""Loops: expansion, order, collection, breaking off, doing anew."""

from dataclasses import replace

import pytest

from tasks.engine.foreach import BadList, child_definition, collect_children, read_items
from tasks.engine.gotemplate import loads
from tasks.engine.jobs import Answer
from tasks.engine.simulation import Simulation
from tasks.engine.steps import Step
from tasks.states import ResolutionState as R
from tests.engine.playing import CLIENT_ERROR, DONE, SERVER_ERROR, WAITING, defined, edited, play, task

LETTERS = """foreach: '["a","b","c"]'"""


def runs(simulation, count, manual=False):
    return [simulation.run(manual=manual).state for _ in range(count)][-1]


def outputs(simulation, loop="loop"):
    return [child.get("output") for child in simulation.step(loop).children]


# --- lists


@pytest.mark.parametrize(("text", "items"), [("[]", []), ("null", []), ("[1, 2]", [1, 2]), ('["a"] rest', ["a"])])
def test_a_list_is_the_first_json_value_of_the_text(text, items):
    assert read_items(text) == items


@pytest.mark.parametrize("text", ["", "{}", "1", '"a"', "true", "[1", "<no value>"])
def test_anything_but_a_list_is_refused(text):
    with pytest.raises(BadList):
        read_items(text)


def test_a_bad_list_is_a_fatal_error_and_the_run_ends():
    one = task("""
        steps:
          loop: {action: *ok, foreach: '{{ "{}" }}'}
          after: {dependencies: [loop], action: *ok}
    """)
    assert one.run().state == R.BLOCKED_FATAL
    assert one.states == {"loop": "FATAL_ERROR", "after": "TODO"}
    assert one.step("loop").error == "foreach: a JSON list is wanted, not an object"


def test_an_empty_list_is_done_without_children():
    one = task("steps: {loop: {action: *ok, foreach: '[]'}, after: {dependencies: [loop], action: *ok}}")
    assert one.run().state == R.DONE
    assert one.step("loop").children == []


def test_an_empty_loop_beside_a_skipped_step_is_collected_s44():
    states = play("""
        steps:
          skipped: {action: *ok, conditions: [{type: skip, if: [], then: {this: PRUNE}}]}
          loop: {action: *ok, foreach: "[]"}
          after: {dependencies: [loop], action: *ok}
    """)
    assert states == {"skipped": "PRUNE", "loop": "DONE", "after": "DONE"}


def test_numbers_of_a_list_keep_their_digits():
    one = task(
        """
        steps:
          loop: {foreach: "[1619464078, 1.50]", action: {type: echo, configuration: {output: "{{.iterator}}"}}}
        """
    )
    one.run()
    assert outputs(one) == ["1619464078", "1.50"]


# --- children


def test_children_take_over_everything_but_the_loop_itself():
    loop = defined("""
        steps:
          first: {action: *ok}
          loop:
            description: each
            dependencies: [first]
            foreach: "[1]"
            foreach_strategy: sequence
            idempotent: true
            pre_hook: *ok
            execution_delay: 5s
            action: *ok
            conditions:
              - {type: skip, foreach: parent, if: [], then: {this: PRUNE}}
              - {type: skip, if: [], then: {this: PRUNE}}
              - {type: check, if: [], then: {this: PRUNE}}
    """).steps["loop"]
    child = child_definition(loop, 1)
    assert (child.name, child.description, child.is_loop) == ("loop-1", "1 - each", False)
    assert [str(dependency) for dependency in child.dependencies] == ["first", "loop-0:ANY"]
    assert [str(condition.type) for condition in child.conditions] == ["skip", "check"]
    assert (child.pre_hook, child.execution_delay, child.idempotent) == (loop.pre_hook, loop.execution_delay, True)


def test_pre_hook_and_execution_delay_of_a_loop_are_its_children_s_s9():
    asked = []
    one = task(
        """
        steps:
          loop: {foreach: "[1]", pre_hook: *ok, execution_delay: 5s,
                 action: {type: act, configuration: {token: "{{.pre_hook.output.token}}"}}}
        """,
        {
            "loop-0:pre_hook": Answer(output={"token": "t"}),
            "loop-0": lambda call: asked.append(call.configuration) or DONE,
        },
    )
    before = one.now
    assert one.run().state == R.DONE
    assert asked == [{"token": "t"}]
    assert (one.now - before).total_seconds() == 5


def test_a_null_item_is_a_child_all_the_same_s13():
    one = task(
        """
        steps:
          loop: {foreach: "[null]", action: {type: echo, configuration: {output: "{{.iterator}}"}}}
        """
    )
    one.run()
    assert outputs(one) == ["<no value>"]
    assert one.step("loop").children[0]["metadata"] == {"iterator": None}
    assert one.resolution.task.steps_done == 1


def test_a_merge_format_sees_each_child_s_own_item_s41():
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            action: {{type: act, configuration: {{}}, output: {{
              strategy: merge, format: {{who: "{{{{.iterator}}}}"}}}}}}
        """
    )
    one.run()
    assert outputs(one) == [{"who": "a"}, {"who": "b"}, {"who": "c"}]


def test_a_child_that_would_take_the_name_of_a_step_is_a_fatal_error_s10():
    definition = defined("steps: {loop: {action: *ok, foreach: '[1,2]'}}")
    taken = defined("steps: {other: {action: *ok}}").steps["other"]
    one = Simulation(definition, steps=[Step("loop-1", state="DONE", definition=replace(taken, name="loop-1"))])
    assert one.run().state == R.BLOCKED_FATAL
    assert one.step("loop").error == "foreach: a step named loop-1 exists already"
    assert one.step("loop-1").state == "DONE"


# --- order


def test_parallel_children_all_start_at_once():
    one = task(f"steps: {{loop: {{action: *ok, {LETTERS}}}}}")
    one.run()
    moves = [(move.step, move.after) for move in one.timeline if move.step.startswith("loop-")]
    assert moves[:3] == [("loop-0", "RUNNING"), ("loop-1", "RUNNING"), ("loop-2", "RUNNING")]


def test_children_of_a_sequence_follow_one_another():
    one = task(f"steps: {{loop: {{action: *ok, foreach_strategy: sequence, {LETTERS}}}}}")
    one.run()
    moves = [(move.step[-1], move.after) for move in one.timeline if move.step.startswith("loop-")]
    assert moves == [(n, state) for n in "012" for state in ("RUNNING", "DONE")]


@pytest.mark.parametrize("end", ["PRUNE", "OTHER"])
def test_a_sequence_goes_on_after_a_child_that_is_final_in_another_state_s11(end):
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            foreach_strategy: sequence
            custom_states: [OTHER]
            action: {{type: echo, configuration: {{output: "{{{{.iterator}}}}"}}}}
            conditions:
              - {{type: skip, if: [{{value: "{{{{.iterator}}}}", operator: EQ, expected: a}}], then: {{this: {end}}}}}
        """
    )
    assert one.run().state == R.DONE
    assert outputs(one)[-2:] == ["b", "c"]


def test_a_sequence_stops_at_a_child_in_an_error():
    one = task(
        f"""
        steps:
          loop: {{action: *ok, foreach_strategy: sequence, {LETTERS}}}
        """,
        {"loop-1": SERVER_ERROR},
    )
    assert one.run().state == R.ERROR
    assert one.states == {"loop": "EXPANDED", "loop-0": "DONE", "loop-1": "SERVER_ERROR", "loop-2": "TODO"}


# --- collection


def test_children_are_collected_in_order_pruned_ones_left_out():
    children = [
        Step("x-0", state="DONE", loop="x", index=0, item="a", output={"n": 1}, metadata={"m": 2}),
        Step("x-1", state="PRUNE", loop="x", index=1, item="b", output={"n": 1}),
        Step("x-2", state="FOUND", loop="x", index=2, item="c", metadata="no object"),
    ]
    assert collect_children(children) == [
        {"output": {"n": 1}, "metadata": {"m": 2, "iterator": "a"}, "state": "DONE"},
        {"metadata": {"iterator": "c"}, "state": "FOUND"},
    ]


def test_a_loop_whose_children_are_all_pruned_is_done_with_an_empty_list():
    one = task(
        f"steps: {{loop: {{action: *ok, {LETTERS}, conditions: [{{type: skip, if: [], then: {{this: PRUNE}}}}]}}}}"
    )
    assert one.run().state == R.DONE
    assert (one.step("loop").state, one.step("loop").children) == ("DONE", [])


def test_a_later_run_tries_only_the_unfinished_children():
    one = task(f"steps: {{loop: {{action: *ok, {LETTERS}}}}}", {"loop-1": [SERVER_ERROR, DONE]})
    one.run_to_rest()
    started = [move.step for move in one.timeline if move.after == "RUNNING" and move.step]
    assert started == ["loop-0", "loop-1", "loop-2", "loop-1"]
    assert one.state == R.DONE


def test_one_child_in_an_error_holds_no_other_back():
    one = task(f"steps: {{loop: {{action: *ok, {LETTERS}}}}}", {"loop-0": CLIENT_ERROR, "loop-1": WAITING})
    assert one.run().state == R.BLOCKED_BADREQUEST
    assert one.states == {"loop": "EXPANDED", "loop-0": "CLIENT_ERROR", "loop-1": "WAITING", "loop-2": "DONE"}


def test_results_of_children_stay_readable_for_the_rest_of_the_run():
    one = task(
        f"""
        steps:
          loop: {{{LETTERS}, action: {{type: echo, configuration: {{output: "{{{{.iterator}}}}"}}}}}}
          after: {{dependencies: [loop], action: {{type: echo, configuration: {{
            output: '{{{{index .step "loop-1" "output"}}}}'}}}}}}
        """
    )
    one.run()
    assert one.step("after").output == "b"


# --- a loop's own skip conditions


def test_a_skip_of_the_parent_prunes_the_loop_and_makes_no_child():
    one = task(f"""
        steps:
          loop: {{action: *ok, {LETTERS}, conditions: [{{type: skip, foreach: parent, if: [], then: {{this: PRUNE}}}}]}}
          after: {{dependencies: [loop], action: *ok}}
    """)
    one.run()
    assert one.states == {"loop": "PRUNE", "after": "PRUNE"}


def test_a_skip_of_the_parent_without_an_outcome_makes_no_child_s4():
    one = task(f"""
        steps:
          before: {{action: *ok}}
          loop: {{action: *ok, {LETTERS}, dependencies: [before], conditions: [
            {{type: skip, foreach: parent, if: [], then: {{before: DONE}}}}]}}
    """)
    assert one.run().state == R.DONE
    assert one.states == {"before": "DONE", "loop": "PRUNE"}


def test_a_skip_of_the_parent_that_cannot_be_judged_is_retried_and_then_expands_s8():
    condition = "{type: skip, foreach: parent, if: [{value: '{{.step.a.output.x}}', operator: GT, expected: '5'}]"
    one = task(
        f"""
        steps:
          a: {{action: *ok}}
          loop: {{dependencies: [a], action: *ok, {LETTERS}, conditions: [{condition}, then: {{this: PRUNE}}}}]}}
        """,
        {"a": Answer(output={"x": "?"})},
    )
    assert one.run().state == R.ERROR
    assert one.step("loop").state == "SERVER_ERROR"
    mended = edited(one, a=replace(one.step("a"), output={"x": loads("1")}))
    assert mended.run(manual=True).state == R.DONE


@pytest.mark.parametrize("state", ["SERVER_ERROR", "FATAL_ERROR", "CLIENT_ERROR", "CRASHED"])
def test_a_loop_in_an_error_is_expanded_by_a_run_by_hand_s8(state):
    one = edited(task(f"steps: {{loop: {{action: *ok, {LETTERS}}}}}"), loop=state)
    assert one.run(manual=True).state == R.DONE
    assert len(one.step("loop").children) == 3


def test_an_automatic_run_leaves_a_blocked_loop_alone():
    one = edited(task(f"steps: {{loop: {{action: *ok, {LETTERS}}}}}"), loop="FATAL_ERROR")
    assert one.run().state == R.BLOCKED_FATAL


# --- breaking off


@pytest.mark.parametrize(("strategy", "collected"), [("sequence", 2), ("parallel", 3)])
def test_a_final_state_given_by_a_child_is_the_break_of_a_loop_s12(strategy, collected):
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            foreach_strategy: {strategy}
            custom_states: [FOUND]
            action: *ok
            conditions: [{{type: check, if: [{{value: "{{{{.iterator}}}}", operator: EQ, expected: b}}],
                           then: {{loop: FOUND}}, message: enough}}]
          after: {{dependencies: ["loop:FOUND"], action: {{type: echo, configuration: {{
            output: "{{{{len .step.loop.children}}}}"}}}}}}
        """
    )
    assert one.run().state == R.DONE
    loop = one.step("loop")
    assert (loop.state, loop.error, len(loop.children)) == ("FOUND", "enough", collected)
    assert one.step("after").output == str(collected)  # dependents wait until all is collected
    assert set(one.states) == {"loop", "after"}


def test_after_a_break_a_failed_child_is_still_retried_and_then_all_is_collected_s12():
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            custom_states: [FOUND]
            action: *ok
            conditions: [{{type: check, if: [{{value: "{{{{.iterator}}}}", operator: EQ, expected: b}}],
                           then: {{loop: FOUND}}}}]
        """,
        {"loop-0": [SERVER_ERROR, DONE]},
    )
    assert one.run().state == R.ERROR
    assert one.states == {"loop": "FOUND", "loop-0": "SERVER_ERROR", "loop-1": "DONE", "loop-2": "DONE"}
    one.run_to_rest()
    assert (one.states, len(one.step("loop").children)) == ({"loop": "FOUND"}, 3)


def test_a_loop_finished_by_hand_ends_like_a_broken_one():
    one = task(f"steps: {{loop: {{action: *ok, foreach_strategy: sequence, {LETTERS}}}}}", {"loop-1": SERVER_ERROR})
    one.run()
    by_hand = edited(one, **{"loop": "DONE", "loop-1": "DONE"})
    assert by_hand.run(manual=True).state == R.DONE
    assert [child["metadata"]["iterator"] for child in by_hand.step("loop").children] == ["a", "b"]


# --- doing anew


def redoing(state, count=1):
    """A loop whose last child gives its loop a state, in each of the first ``count`` rounds."""
    return task(
        f"""
        steps:
          counter: {{action: *ok}}
          loop:
            dependencies: [counter]
            {LETTERS}
            action: {{type: act, configuration: {{}}}}
            conditions: [{{type: check, if: [
                {{value: "{{{{.step.this.output.again}}}}", operator: EQ, expected: "yes"}}],
                           then: {{loop: {state}}}, message: again}}]
          after: {{dependencies: [loop], action: *ok}}
        """,
        {"loop-2": [Answer(output={"again": "yes"})] * count + [DONE]},
    )


def test_to_retry_given_to_a_loop_throws_its_children_away_and_expands_in_the_next_run():
    one = redoing("TO_RETRY")
    ended = one.run()
    loop = one.step("loop")
    assert (ended.state, loop.state, loop.error, len(loop.children)) == (R.ERROR, "TO_RETRY", "", 3)
    assert set(one.states) == {"counter", "loop", "after"}
    assert one.run().state == R.ERROR  # not due yet
    one.now = one.resolution.fields.next_retry
    assert one.run().state == R.DONE


def test_redoing_a_loop_waits_for_the_next_run_even_if_another_is_expanded_later_s45():
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            action: *ok
            conditions: [{{type: check, if: [
                {{value: "{{{{.step.this.output.again}}}}", operator: EQ, expected: "yes"}}],
                           then: {{loop: TO_RETRY}}}}]
          slow: {{action: *ok}}
          other: {{dependencies: [slow], foreach: "[1]", action: *ok}}
        """,
        {"loop-0": [Answer(output={"again": "yes"}), DONE]},
    )
    assert one.run().state == R.ERROR
    assert one.states == {"loop": "TO_RETRY", "slow": "DONE", "other": "DONE"}
    one.now = one.resolution.fields.next_retry
    assert one.run().state == R.DONE
    assert len(one.step("loop").children) == 3


def test_retry_now_given_to_a_loop_expands_again_in_this_run_and_counts_s7():
    one = redoing("RETRY_NOW", count=2)
    assert one.run().state == R.DONE
    assert one.step("loop").try_count == 2


def test_rounds_of_retry_now_end_at_max_retries_s7():
    one = task(
        """
        steps:
          loop:
            foreach: "[1]"
            max_retries: 3
            action: *ok
            conditions: [{type: check, if: [], then: {loop: RETRY_NOW}}]
        """
    )
    assert one.run().state == R.BLOCKED_FATAL
    loop = one.step("loop")
    assert (loop.state, loop.error) == ("FATAL_ERROR", "Step reached max retries 3: ")
    assert len([move for move in one.timeline if move.after == "EXPANDED"]) == 4


@pytest.mark.parametrize("state", ["CLIENT_ERROR", "FATAL_ERROR"])
def test_an_error_given_to_a_loop_stops_it_and_a_run_by_hand_does_it_anew_s8(state):
    one = redoing(state)
    assert one.run().state in (R.BLOCKED_BADREQUEST, R.BLOCKED_FATAL)
    loop = one.step("loop")
    assert (loop.state, loop.error, len(loop.children)) == (state, "again", 3)
    assert one.run(manual=True).state == R.DONE


def test_children_that_have_not_started_do_not_start_once_the_loop_is_to_be_redone():
    one = task(
        f"""
        steps:
          loop:
            {LETTERS}
            foreach_strategy: sequence
            action: *ok
            conditions: [{{type: check, if: [], then: {{loop: TO_RETRY}}}}]
        """
    )
    one.run()
    assert [move.step for move in one.timeline if move.after == "RUNNING" and move.step] == ["loop-0"]


def test_a_loop_given_to_retry_after_it_was_collected_is_done_anew_by_the_next_run():
    one = task(
        f"""
        steps:
          loop: {{action: *ok, {LETTERS}}}
          judge: {{dependencies: [loop], action: *ok, conditions: [
            {{type: check, if: [{{value: "{{{{.step.this.try_count}}}}", operator: EQ, expected: "1"}}],
              then: {{loop: TO_RETRY, this: TO_RETRY}}}}]}}
        """
    )
    assert one.run().state == R.ERROR
    one.run_to_rest()
    assert one.state == R.DONE
    assert len([move for move in one.timeline if move.after == "EXPANDED"]) == 2
