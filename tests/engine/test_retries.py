"""When a failed step is tried again, and when no more."""

from datetime import timedelta

import pytest

from tasks.engine.definition import RetryPattern
from tasks.engine.jobs import Answer, Failure
from tasks.engine.retries import delay_of, is_used_up, limit_error, retry_delay
from tasks.engine.simulation import EPOCH, NeverEnds
from tasks.engine.steps import Step
from tasks.states import ResolutionState as R
from tests.engine.playing import CLIENT_ERROR, DONE, SERVER_ERROR, TO_RETRY, WAITING, edited, task


@pytest.mark.parametrize(
    ("pattern", "tries", "seconds"),
    [
        ("seconds", 1, 10),
        ("seconds", 2, 12.5),
        ("seconds", 3, 15.625),
        ("seconds", 19, 555.1),
        ("seconds", 20, 600),
        ("seconds", 100_000, 600),
        ("minutes", 1, 96),
        ("minutes", 10, 960),
        ("minutes", 19, 1800),
        ("hours", 1, 3600),
        ("hours", 2, 4200),
        ("hours", 13, 10_800),
        ("hours", 50, 10_800),
    ],
)
def test_delays_grow_with_the_tries_up_to_a_cap_and_hours_are_not_cut_s18(pattern, tries, seconds):
    assert retry_delay(RetryPattern(pattern), tries).total_seconds() == pytest.approx(seconds, abs=0.05)


def test_what_was_never_tried_waits_as_after_a_first_try_and_longer_each_round_s19():
    assert delay_of(Step("s"), RetryPattern.MINUTES) == timedelta(seconds=96)
    assert delay_of(Step("s", rounds=1), RetryPattern.MINUTES) == timedelta(seconds=96)
    assert delay_of(Step("s", rounds=3), RetryPattern.MINUTES) == timedelta(seconds=288)


def test_a_skip_that_asks_for_a_retry_does_not_burn_all_runs_at_once_s19():
    one = task("""
        retry_max: 3
        steps:
          s: {action: *ok, retry_pattern: minutes, conditions: [{type: skip, if: [], then: {this: TO_RETRY}}]}
    """)
    one.run_to_rest()
    assert one.state == R.BLOCKED_MAXRETRIES
    assert one.now - EPOCH == timedelta(seconds=96 + 192)


def test_a_negative_limit_is_none():
    assert not is_used_up(Step("s", try_count=1_000_000, max_retries=-1))


def test_a_limit_of_one_executes_twice_and_then_never_again():
    one = task("steps: {s: {action: *ok, max_retries: 1}}", {"s": SERVER_ERROR})
    states = [one.run(manual=True).state for _ in range(3)]
    assert states == [R.ERROR, R.ERROR, R.BLOCKED_FATAL]
    step = one.step("s")
    assert (step.state, step.try_count, step.error) == ("FATAL_ERROR", 2, "Step reached max retries 1: server down")


def test_the_limit_is_said_once_s65():
    error = limit_error(Step("s", error="server down", max_retries=1))
    assert limit_error(Step("s", error=error, max_retries=1)) == error


def test_the_limit_holds_for_a_step_that_is_skipped_too():
    one = task("""
        steps:
          s: {action: *ok, max_retries: 1, conditions: [
            {type: skip, if: [{value: "{{.step.this.try_count}}", operator: GT, expected: "1"}], then: {this: PRUNE}},
            {type: check, if: [], then: {this: RETRY_NOW}}]}
    """)
    assert one.run().state == R.BLOCKED_FATAL


def test_retry_now_runs_again_at_once_until_the_limit_s56():
    one = task(
        "steps: {s: {action: *ok, max_retries: 41, conditions: [{type: check, if: [], then: {this: RETRY_NOW}}]}}"
    )
    assert one.run().state == R.BLOCKED_FATAL
    assert one.step("s").try_count == 42


def test_retry_now_without_end_is_told_by_the_simulation():
    one = task(
        "steps: {s: {action: *ok, max_retries: -1, conditions: [{type: check, if: [], then: {this: RETRY_NOW}}]}}"
    )
    one._jobs_left = 100
    with pytest.raises(NeverEnds):
        one.run()


def test_retry_now_given_to_a_step_that_was_not_tried_in_this_run_is_retried_by_a_later_one_s3():
    one = task("""
        steps:
          a: {action: *ok}
          b: {dependencies: [a], action: *ok, conditions: [
            {type: check, if: [{value: "{{.step.this.try_count}}", operator: EQ, expected: "2"}],
                then: {a: RETRY_NOW}}]}
    """)
    one.run()
    again = edited(one, b="TO_RETRY")
    assert again.run(manual=True).state == R.ERROR
    assert again.step("a").state == "RETRY_NOW"
    again.run_to_rest()
    assert (again.state, again.step("a").try_count) == (R.DONE, 2)


def test_each_step_has_its_own_due_time_s20():
    one = task(
        "steps: {often: {action: *ok}, seldom: {action: *ok, retry_pattern: hours}}",
        {"often": [SERVER_ERROR] * 4 + [DONE], "seldom": [SERVER_ERROR, DONE]},
    )
    assert one.run().come_back_at == EPOCH + timedelta(seconds=10)
    one.run_to_rest()
    assert one.state == R.DONE
    assert one.step("seldom").try_count == 2
    assert one.step("seldom").last_run == EPOCH + timedelta(hours=1)


def test_a_run_by_hand_tries_all_whatever_their_due_time_s61():
    one = task("steps: {seldom: {action: *ok, retry_pattern: hours}}", {"seldom": [SERVER_ERROR, DONE]})
    one.run()
    assert one.run(manual=True).state == R.DONE


@pytest.mark.parametrize("state", ["CLIENT_ERROR", "FATAL_ERROR", "CRASHED"])
def test_an_automatic_run_leaves_alone_what_a_human_must_see_first(state):
    one = edited(task("steps: {s: {action: *ok}, other: {action: *ok}}"), s=state)
    one.run()
    assert one.states == {"s": state, "other": "DONE"}


@pytest.mark.parametrize("state", ["CLIENT_ERROR", "FATAL_ERROR", "CRASHED", "WAITING", "TO_RETRY"])
def test_a_run_by_hand_tries_every_unfinished_step_s61(state):
    one = edited(task("steps: {s: {action: *ok}}"), s=state)
    assert one.run(manual=True).state == R.DONE


def test_a_step_that_still_waits_for_another_has_no_due_time_of_its_own():
    one = task(
        """
        steps:
          a: {action: *ok, retry_pattern: hours, conditions: [{type: check, if: [], then: {b: TO_RETRY}}]}
          b: {dependencies: [a], action: *ok}
        """,
        {"a": [CLIENT_ERROR, DONE]},
    )
    one.run()
    assert one.states == {"a": "CLIENT_ERROR", "b": "TO_RETRY"}
    assert one.step("b").due_at is None


def test_not_provisioned_is_retried_like_a_server_error():
    one = task("steps: {s: {action: *ok}}", {"s": [TO_RETRY, DONE]})
    assert one.run().state == R.ERROR
    assert one.run_to_rest().state == R.DONE


def test_blocked_steps_lose_their_due_time_so_that_any_later_run_tries_them():
    one = task("retry_max: 1\nsteps: {s: {action: *ok, retry_pattern: hours}}", {"s": SERVER_ERROR})
    one.run()
    assert (one.state, one.step("s").due_at, one.resolution.fields.next_retry) == (R.BLOCKED_MAXRETRIES, None, None)


def test_a_waiting_step_is_looked_at_once_more_in_the_same_run():
    one = task("steps: {s: {action: *ok}, after: {dependencies: [s], action: *ok}}", {"s": [WAITING, DONE]})
    assert one.run().state == R.DONE


def test_looks_that_find_a_step_still_waiting_use_up_no_tries_s57():
    one = task("steps: {s: {action: *ok, max_retries: 1}}", {"s": WAITING})
    for _ in range(5):
        assert one.run().state == R.WAITING
    assert one.step("s").try_count == 1


def test_a_batch_is_not_looked_at_again_even_within_a_function_s57():
    calls = []
    wrapped = "name: wrapped\naction: {type: batch, configuration: {}}"
    one = task(
        "steps: {s: {action: {type: wrapped, configuration: {}}}}",
        {"s": lambda call: calls.append(call) or WAITING},
        functions=(wrapped,),
    )
    one.run()
    assert len(calls) == 1


def test_a_wake_up_during_the_run_asks_for_the_next_run_at_once():
    one = task("steps: {s: {action: *ok}}", {"s": lambda call: one.wake() or WAITING})
    ended = one.run()
    assert (ended.state, ended.come_back_at) == (R.WAITING, one.now)


def test_only_the_named_steps_are_looked_at_by_a_run_that_was_woken_for_them():
    one = task("steps: {s: {action: *ok}, t: {action: *ok}}", {"s": WAITING, "t": WAITING})
    one.run()
    before = len(one.timeline)
    one.run(woken=frozenset({"s"}))
    assert {move.step for move in one.timeline[before:] if move.after == "RUNNING"} == {"", "s"}


def test_an_action_may_say_when_to_look_again_s53():
    later = EPOCH + timedelta(minutes=7)
    one = task("steps: {s: {action: *ok}}", {"s": [answer_at(later), answer_at(later), DONE]})
    ended = one.run()
    assert (ended.state, ended.come_back_at) == (R.WAITING, later)
    assert one.step("s").waiting == (
        "waits: the moon; looked at again when that wakes it, at a run by hand, or 2024-01-01T00:07:00+00:00"
    )
    one.now = later
    assert one.run().state == R.DONE


def answer_at(moment):
    return Answer(failure=Failure.NOT_READY, error="not yet", waits_for="the moon", look_again_at=moment)
