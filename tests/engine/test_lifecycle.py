"""The tables of states: what is final, what an operator may do, what wakes whom."""

from datetime import timedelta

import pytest

from tasks.engine.facts import ResolutionFields
from tasks.engine.lifecycle import (
    ACTS,
    FINISHED,
    RESOLUTION_MOVES,
    RETRIABLE,
    RUNNABLE,
    STEP_MOVES,
    WAKES_PARENT,
    WONTFIX_IN,
    Act,
    StepEvent,
    allows,
    extended,
    is_final,
    may_set_by_hand,
    paused,
    resolution_may_move,
    step_may_move,
    woken,
)
from tasks.engine.simulation import EPOCH
from tasks.states import ResolutionState as R
from tasks.states import StepState as S
from tasks.states import TaskState as T


def test_done_prune_and_every_custom_state_are_final():
    assert [state for state in S if is_final(state)] == [S.DONE, S.PRUNE]
    assert is_final("NOT_FOUND")


def test_a_step_is_runnable_running_or_final_and_never_two_of_them():
    for state in S:
        assert (state in RUNNABLE) + (state == S.RUNNING) + is_final(state) == 1


def test_what_is_retried_by_itself_is_runnable():
    assert RETRIABLE < RUNNABLE


@pytest.mark.parametrize("state", ["RUNNING", "EXPANDED", "ANY"])
def test_an_operator_cannot_give_a_state_that_only_the_engine_can_make_true_s66(state):
    assert not may_set_by_hand(state, ())


def test_an_operator_may_give_builtin_states_and_the_custom_states_of_the_step():
    assert may_set_by_hand("DONE", ())
    assert may_set_by_hand("FOUND", ("FOUND",))
    assert not may_set_by_hand("FOUND", ("LOST",))


def test_every_event_of_a_step_has_one_row_in_the_table():
    assert [move.event for move in STEP_MOVES] == list(StepEvent)


def test_a_final_step_is_never_started():
    assert not step_may_move(StepEvent.STARTED, S.DONE, S.RUNNING)
    assert not step_may_move(StepEvent.STARTED, "CUSTOM", S.RUNNING)


def test_no_event_of_the_engine_leads_into_a_step_that_only_a_run_can_leave():
    into_running = [move.event for move in STEP_MOVES if S.RUNNING in move.after]
    assert into_running == [StepEvent.STARTED]


def test_an_unknown_word_counts_as_a_custom_state():
    assert step_may_move(StepEvent.GIVEN, S.TODO, "WHATEVER")


@pytest.mark.parametrize("act", [Act.RUN, Act.PAUSE, Act.CANCEL])
def test_what_runs_or_is_over_can_neither_be_run_nor_paused_nor_cancelled(act):
    assert ACTS[act] == frozenset(R) - {R.RUNNING, R.DONE, R.CANCELLED}


def test_a_forced_pause_is_accepted_in_every_state():
    assert all(allows(Act.FORCE_PAUSE, state) for state in R)


@pytest.mark.parametrize("act", [Act.EDIT_RESOLUTION, Act.EDIT_STEP, Act.EDIT_STEP_STATE])
def test_only_what_is_paused_can_be_edited(act):
    assert ACTS[act] == {R.PAUSED}


def test_only_a_resolution_out_of_runs_is_extended():
    assert ACTS[Act.EXTEND] == {R.BLOCKED_MAXRETRIES}


def test_extending_raises_the_limit_and_is_due_at_once():
    after = extended(ResolutionFields(state=R.BLOCKED_MAXRETRIES, run_count=3, run_max=3), 2, EPOCH)
    assert (after.state, after.run_max, after.next_retry) == (R.ERROR, 5, EPOCH)


def test_extending_without_a_limit_of_the_template_gives_a_hundred_runs():
    assert extended(ResolutionFields(state=R.BLOCKED_MAXRETRIES, run_max=100), None, EPOCH).run_max == 200


@pytest.mark.parametrize("state", [R.WAITING, R.ERROR])
def test_what_waits_or_is_to_be_retried_is_due_when_it_is_woken(state):
    assert woken(ResolutionFields(state=state, next_retry=EPOCH + timedelta(hours=1)), EPOCH).next_retry == EPOCH


def test_a_wake_up_never_puts_a_retry_off():
    due = EPOCH - timedelta(minutes=1)
    assert woken(ResolutionFields(state=R.ERROR, next_retry=due), EPOCH).next_retry == due


@pytest.mark.parametrize("state", [R.PAUSED, R.BLOCKED_BADREQUEST, R.BLOCKED_FATAL, R.RUNNING])
def test_a_wake_up_neither_unpauses_nor_unblocks_but_is_kept_s23(state):
    after = woken(ResolutionFields(state=state), EPOCH)
    assert (after.state, after.woken, after.next_retry) == (state, True, None)


def test_a_pause_keeps_the_wake_up_for_the_next_run():
    assert paused(ResolutionFields(state=R.WAITING, woken=True)).woken


def test_a_resolution_moves_only_as_the_table_says():
    assert resolution_may_move("run ended", R.RUNNING, R.DONE)
    assert not resolution_may_move("run ended", R.PAUSED, R.DONE)
    assert not resolution_may_move("no such event", R.RUNNING, R.DONE)


def test_every_final_state_of_a_child_and_blocked_wake_its_parent_s16():
    assert {T.DONE, T.CANCELLED, T.WONTFIX, T.BLOCKED} == WAKES_PARENT


def test_a_delayed_task_can_be_rejected_s37():
    assert {T.TODO, T.DELAYED} == WONTFIX_IN


def test_nothing_but_a_forced_pause_leads_out_of_a_finished_resolution():
    leaving = [move.event for move in RESOLUTION_MOVES if move.before & FINISHED]
    assert leaving == [Act.FORCE_PAUSE]
