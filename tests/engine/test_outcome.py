"""From the states that are left to the state of resolution and task."""

import pytest

from tasks.engine.outcome import outcome
from tasks.states import ResolutionState as R
from tests.engine.playing import CLIENT_ERROR, SERVER_ERROR, WAITING, task


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (["DONE", "PRUNE", "CUSTOM"], R.DONE),
        ([], R.DONE),
        (["SERVER_ERROR", "TODO"], R.ERROR),
        (["TO_RETRY", "WAITING"], R.ERROR),
        (["AFTERRUN_ERROR"], R.ERROR),
        (["SERVER_ERROR", "CLIENT_ERROR"], R.BLOCKED_BADREQUEST),
        (["CLIENT_ERROR", "FATAL_ERROR"], R.BLOCKED_FATAL),
        (["WAITING", "TODO"], R.WAITING),
        (["DONE", "TODO"], R.BLOCKED_DEADLOCK),
        (["FATAL_ERROR", "RUNNING"], R.CRASHED),
    ],
)
def test_the_worst_step_decides(left, expected):
    assert outcome(left) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [("RETRY_NOW", R.ERROR), ("EXPANDED", R.BLOCKED_DEADLOCK), ("CRASHED", R.BLOCKED_TOCHECK)],
)
def test_done_means_that_every_step_is_final_s3(left, expected):
    assert outcome(["DONE", left]) == expected


@pytest.mark.parametrize("left", ["TODO", "RETRY_NOW", "EXPANDED", "RUNNING"])
def test_what_a_shutdown_keeps_from_going_on_is_crashed_s3(left):
    assert outcome(["DONE", left], shutdown=True) == R.CRASHED


def test_a_shutdown_changes_nothing_about_steps_that_have_ended():
    assert outcome(["DONE", "SERVER_ERROR"], shutdown=True) == R.ERROR


def test_a_client_error_beside_a_server_error_blocks_s60():
    one = task("steps: {a: {action: *ok}, b: {action: *ok}}", {"a": SERVER_ERROR, "b": CLIENT_ERROR})
    ended = one.run()
    assert (ended.state, ended.come_back_at, one.resolution.task.state) == (R.BLOCKED_BADREQUEST, None, "BLOCKED")


def test_the_task_stays_running_while_a_retry_is_planned():
    one = task("steps: {a: {action: *ok}}", {"a": SERVER_ERROR})
    one.run()
    assert (one.state, one.resolution.task.state) == (R.ERROR, "RUNNING")


def test_a_task_waits_with_its_resolution():
    one = task("steps: {a: {action: *ok}}", {"a": WAITING})
    ended = one.run()
    assert (ended.state, ended.come_back_at, one.resolution.task.state) == (R.WAITING, None, "WAITING")


@pytest.mark.parametrize("runs", [0, 1])
def test_retry_max_of_nought_and_one_both_allow_one_run_s63(runs):
    one = task(f"retry_max: {runs}\nsteps: {{a: {{action: *ok}}}}", {"a": SERVER_ERROR})
    assert one.run().state == R.BLOCKED_MAXRETRIES
    assert one.resolution.task.state == "BLOCKED"


def test_the_limit_of_runs_is_not_looked_at_when_a_human_runs_or_a_step_waits_s63():
    one = task("retry_max: 1\nsteps: {a: {action: *ok}}", {"a": [SERVER_ERROR, WAITING]})
    one.run()
    assert one.run(manual=True).state == R.WAITING


def test_pruned_steps_count_as_done_and_children_do_not():
    one = task("""
        steps:
          a: {action: *ok, conditions: [{type: skip, if: [], then: {this: PRUNE}}]}
          b: {dependencies: [a], action: *ok}
          c: {foreach: "[1,2,3]", action: *ok}
    """)
    one.run()
    assert (one.resolution.task.steps_done, one.resolution.task.steps_total) == (3, 3)


def test_every_unfinished_step_and_resolution_says_why_it_waits():
    one = task("steps: {a: {action: *ok}, b: {dependencies: [a], action: *ok}}", {"a": SERVER_ERROR})
    one.run()
    assert one.step("a").waiting == "tried again at 2024-01-01T00:00:10+00:00"
    assert one.step("b").waiting == ""  # nothing has happened to it: it has no row
    assert one.resolution.fields.waiting == "to be retried at 2024-01-01T00:00:10+00:00: a"
