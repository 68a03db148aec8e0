"""How far PRUNE reaches, and what ``ANY`` waits for."""

from dataclasses import replace

from tasks.states import ResolutionState as R
from tests.engine.playing import edited, play, task

SKIP = "conditions: [{type: skip, if: [], then: {this: PRUNE}}]"


def test_pruning_reaches_those_that_wait_for_done_but_not_for_any():
    states = play("""
        steps:
          build:  {action: *ok, conditions: [{type: skip, if: [], then: {this: PRUNE}}]}
          deploy: {dependencies: [build], action: *ok}
          report: {dependencies: ["build:ANY"], action: *ok}
    """)
    assert states == {"build": "PRUNE", "deploy": "PRUNE", "report": "DONE"}


def test_a_custom_state_prunes_those_that_wait_for_another():
    states = play("""
        steps:
          look:    {action: *ok, custom_states: [LOST], conditions: [{type: check, if: [], then: {this: LOST}}]}
          found:   {dependencies: [look], action: *ok}
          lost:    {dependencies: ["look:LOST"], action: *ok}
          either:  {dependencies: ["look:DONE,LOST"], action: *ok}
          further: {dependencies: [found], action: *ok}
    """)
    assert states == {"look": "LOST", "found": "PRUNE", "lost": "DONE", "either": "DONE", "further": "PRUNE"}


def test_one_impossible_dependency_is_enough_while_others_run():
    one = task(f"""
        steps:
          never: {{action: *ok, {SKIP}}}
          slow:  {{action: *ok}}
          both:  {{dependencies: [slow, never], action: *ok}}
    """)
    one.run()
    pruned = next(n for n, move in enumerate(one.timeline) if move.step == "both")
    ended = next(n for n, move in enumerate(one.timeline) if move.step == "slow" and move.after == "DONE")
    assert pruned < ended


def test_an_error_prunes_nothing():
    assert play("""
        steps:
          a: {action: {type: echo, configuration: {error_message: failed}}}
          b: {dependencies: [a], action: *ok}
    """) == {"a": "SERVER_ERROR", "b": "TODO"}


def test_any_waits_for_all_that_stands_before_a_step_pruned_ahead_of_its_turn():
    one = task("""
        steps:
          first:  {action: *ok, conditions: [{type: check, if: [], then: {third: PRUNE}}]}
          second: {dependencies: [first], action: {type: echo, configuration: {error_message: failed}}}
          third:  {dependencies: [second], action: *ok}
          fourth: {dependencies: ["third:ANY"], action: *ok}
    """)
    one.run()
    assert one.states == {"first": "DONE", "second": "SERVER_ERROR", "third": "PRUNE", "fourth": "TODO"}


def test_any_goes_on_in_the_same_run_once_all_before_it_is_final():
    states = play("""
        steps:
          first:  {action: *ok, conditions: [{type: check, if: [], then: {third: PRUNE}}]}
          second: {dependencies: [first], action: *ok}
          third:  {dependencies: [second], action: *ok}
          fourth: {dependencies: ["third:ANY"], action: *ok}
    """)
    assert states["fourth"] == "DONE"


def test_a_state_set_by_hand_prunes_at_the_begin_of_the_next_run_s6():
    one = task("steps: {a: {action: *ok}, b: {dependencies: [a], action: *ok}, c: {dependencies: [b], action: *ok}}")
    by_hand = edited(one, a="PRUNE")
    by_hand.run(manual=True)
    assert (by_hand.states, by_hand.state) == ({"a": "PRUNE", "b": "PRUNE", "c": "PRUNE"}, R.DONE)


def test_the_begin_of_a_run_prunes_only_what_has_not_started_s6():
    one = task("steps: {a: {action: *ok}, b: {dependencies: [a], action: *ok}}")
    by_hand = edited(one, a="PRUNE", b="SERVER_ERROR")
    by_hand.run(manual=True)
    assert by_hand.states == {"a": "PRUNE", "b": "SERVER_ERROR"}


def test_a_step_may_wait_for_prune():
    states = play(f"""
        steps:
          a: {{action: *ok, {SKIP}}}
          instead: {{dependencies: ["a:PRUNE"], action: *ok}}
          either: {{dependencies: ["a:DONE,PRUNE"], action: *ok}}
          only: {{dependencies: [a], action: *ok}}
    """)
    assert states == {"a": "PRUNE", "instead": "DONE", "either": "DONE", "only": "PRUNE"}


def test_a_step_that_waits_for_prune_is_pruned_when_it_does_not_come():
    states = play('steps: {a: {action: *ok}, instead: {dependencies: ["a:PRUNE"], action: *ok}}')
    assert states == {"a": "DONE", "instead": "PRUNE"}


def test_a_pruned_step_keeps_an_old_error_s62():
    one = task("steps: {a: {action: *ok}, b: {dependencies: [a], action: *ok}}")
    by_hand = edited(one, a="PRUNE")
    stored = replace(by_hand.step("b"), error="old")
    by_hand = edited(by_hand, b=stored)
    by_hand.run(manual=True)
    assert (by_hand.step("b").state, by_hand.step("b").error) == ("PRUNE", "old")
