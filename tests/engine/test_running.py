"""Events and orders: what the runner may rely on, at the start, in the middle, in a shutdown and after a crash."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from tasks.engine import tries
from tasks.engine.errors import EventMisfit
from tasks.engine.events import (
    DelayOver,
    GraceOver,
    JobEnded,
    RunsGiven,
    RunStarted,
    SetAside,
    ShutdownBegan,
    Woken,
)
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.jobs import Answer, Attempt, Call, Failure, JobKind, Rendered
from tasks.engine.orders import ComeBackAt, Move, RunEnded, RunJob
from tasks.engine.resolution import Resolution, advance
from tasks.engine.simulation import EPOCH, echo
from tasks.engine.steps import Step
from tasks.states import ResolutionState as R
from tests.engine.playing import DONE, SERVER_ERROR, WAITING, defined, task

ONE = "steps: {s: {action: *ok}}"
TWO = "steps: {s: {action: *ok}, t: {dependencies: [s], action: *ok}}"


def resolution(
    text: str = ONE, *, steps: Iterable[Step] = (), pure: Iterable[str] = (), **fields: object
) -> Resolution:
    return Resolution(
        defined(text),
        facts=TaskFacts("task", EPOCH, EPOCH, "me"),
        inputs={},
        resolver_inputs={},
        task=TaskFields(),
        fields=ResolutionFields(**fields),
        steps=steps,
        installation=Installation(pure_actions=frozenset(pure)),
    )


def jobs(orders):
    return [order.job for order in orders if isinstance(order, RunJob)]


def begun(one, **started):
    return jobs(advance(one, RunStarted(**started), EPOCH))


def answered(one, job, answer=DONE, now=EPOCH):
    call = tries.prepare(job)
    return advance(one, tries.finish(job, call, answer), now)


# --- starting


@pytest.mark.parametrize(("state", "told"), [(R.DONE, "done"), (R.CANCELLED, "cancelled"), (R.RUNNING, "running")])
def test_what_is_over_or_running_cannot_be_run(state, told):
    one = resolution(state=state)
    with pytest.raises(EventMisfit, match=told):
        advance(one, RunStarted(manual=True), EPOCH)
    assert not one.take_changes()


@pytest.mark.parametrize("state", sorted(set(R) - {R.DONE, R.CANCELLED, R.RUNNING}))
def test_everything_else_can_be_run_by_hand(state):
    one = resolution(state=state)
    assert [job.kind for job in begun(one, manual=True)] == [JobKind.ACTION]
    assert (one.fields.state, one.fields.run_count, one.fields.last_start) == (R.RUNNING, 1, EPOCH)
    assert one.task.state == "RUNNING"


def test_a_run_clears_the_wake_up_and_the_planned_time():
    one = resolution(state=R.WAITING, woken=True, next_retry=EPOCH, waiting="x")
    begun(one)
    assert (one.fields.woken, one.fields.next_retry, one.fields.waiting) == (False, None, "")


def test_a_step_that_nobody_defines_is_refused():
    with pytest.raises(ValueError, match="ghost"):
        resolution(steps=[Step("ghost")])


def test_a_child_without_its_loop_is_refused():
    with pytest.raises(ValueError, match="child of nothing"):
        resolution(steps=[Step("x-0", loop="nothing", index=0)])


# --- orders


def test_an_effect_outside_wants_its_running_state_written_first():
    (order,) = advance(resolution(), RunStarted(), EPOCH)
    assert isinstance(order, RunJob)
    assert order.durable


def test_a_pure_action_wants_nothing_written_first():
    (order,) = advance(resolution(pure=["act"]), RunStarted(), EPOCH)
    assert not order.durable


def test_changes_are_handed_out_once_and_are_exactly_what_changed():
    one = resolution(TWO)
    advance(one, RunStarted(), EPOCH)
    changes = one.take_changes()
    assert set(changes.steps) == {"s"}
    assert changes.steps["s"].state == "RUNNING"
    assert set(changes.resolution) == {"state", "run_count", "last_start"}
    assert set(changes.task) == {"state"}
    assert not one.take_changes()


def test_a_start_that_nobody_has_seen_and_its_end_are_one_line_of_the_journal():
    one = resolution()
    (job,) = begun(one)
    answered(one, job, now=EPOCH + timedelta(seconds=3))
    steps = [move for move in one.take_changes().journal if move.kind == "step"]
    assert steps == [
        Move("step", "try ended", "TODO", "DONE", EPOCH + timedelta(seconds=3), "s", 1, timedelta(seconds=3))
    ]


def test_a_start_that_was_written_has_a_line_of_its_own():
    one = resolution()
    (job,) = begun(one)
    one.take_changes()
    answered(one, job)
    assert [(move.before, move.after) for move in one.take_changes().journal if move.kind == "step"] == [
        ("RUNNING", "DONE")
    ]


def test_children_that_are_gone_are_told():
    one = resolution("steps: {loop: {action: *ok, foreach: '[1]'}}")
    (listing,) = begun(one)
    (job,) = jobs(advance(one, tries.evaluate(listing), EPOCH))
    assert "loop-0" in one.take_changes().steps
    answered(one, job)
    changes = one.take_changes()
    assert changes.deleted == {"loop-0"}
    assert "loop-0" not in changes.steps


def test_effects_are_handed_through_with_their_step():
    one = resolution()
    (job,) = begun(one)
    answered(one, job, Answer(effects=("one", "two")))
    assert one.take_changes().effects == (("s", "one"), ("s", "two"))


def test_the_end_of_a_run_is_the_last_order():
    one = resolution()
    (job,) = begun(one)
    assert answered(one, job) == [RunEnded(R.DONE, None)]


# --- misfits and late results


@pytest.mark.parametrize("event", [JobEnded(1, "s", Attempt("DONE")), DelayOver(1, "s"), ShutdownBegan(), GraceOver()])
def test_without_a_run_there_is_nothing_to_end(event):
    one = resolution()
    with pytest.raises(EventMisfit):
        advance(one, event, EPOCH)
    assert not one.take_changes()


def test_a_job_that_was_never_given_out_is_a_misfit():
    one = resolution()
    begun(one)
    one.take_changes()
    with pytest.raises(EventMisfit):
        advance(one, JobEnded(99, "s", Attempt("DONE")), EPOCH)
    assert not one.take_changes()


def test_what_came_of_another_kind_of_job_is_a_misfit():
    one = resolution()
    (job,) = begun(one)
    one.take_changes()
    with pytest.raises(EventMisfit):
        advance(one, JobEnded(job.serial, "s", Rendered("x")), EPOCH)
    assert not one.take_changes()


def test_a_result_that_comes_twice_is_dropped_with_a_line_of_the_journal():
    one = resolution(TWO)
    (job,) = begun(one)
    answered(one, job)
    one.take_changes()
    assert answered(one, job, SERVER_ERROR) == []
    changes = one.take_changes()
    assert [move.event for move in changes.journal] == ["late result"]
    assert not changes.steps


def test_a_running_resolution_is_not_started_twice():
    one = resolution()
    begun(one)
    with pytest.raises(EventMisfit):
        advance(one, RunStarted(recovered=True), EPOCH)


# --- pre_hook, execution_delay, timeout

HOOKED = "steps: {s: {action: *ok, pre_hook: *ok, execution_delay: 5s, resources: [r]}}"


def test_pre_hook_and_execution_delay_go_on_at_the_same_time():
    one = resolution(HOOKED)
    orders = advance(one, RunStarted(), EPOCH)
    assert [type(order) for order in orders] == [RunJob, ComeBackAt]
    assert orders[1].moment == EPOCH + timedelta(seconds=5)
    assert answered(one, orders[0].job) == []
    (job,) = jobs(advance(one, orders[1].event, EPOCH + timedelta(seconds=5)))
    assert job.kind is JobKind.ACTION


def test_the_action_waits_for_the_longer_of_the_two():
    one = resolution(HOOKED)
    hook, delay = advance(one, RunStarted(), EPOCH)
    assert advance(one, delay.event, EPOCH + timedelta(seconds=5)) == []
    (job,) = jobs(answered(one, hook.job))
    assert tries.prepare(job).resources == ("r",)


def test_a_step_held_by_its_delay_has_not_begun_and_says_until_when_s68():
    one = resolution("steps: {s: {action: *ok, execution_delay: 5s}}")
    (order,) = advance(one, RunStarted(), EPOCH)
    step = one.step("s")
    assert (step.state, step.due_at) == ("RUNNING", EPOCH + timedelta(seconds=5))
    assert step.waiting == "held by its execution_delay until 2024-01-01T00:00:05+00:00"
    advance(one, order.event, EPOCH + timedelta(seconds=5))
    assert one.step("s").due_at is None


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure.CLIENT, "CLIENT_ERROR"),
        (Failure.SERVER, "SERVER_ERROR"),
        (Failure.NOT_READY, "WAITING"),
        (Failure.TO_RETRY, "TO_RETRY"),
        (Failure.NO_RESOURCES, "TO_RETRY"),
        (Failure.TIMED_OUT, "SERVER_ERROR"),
    ],
)
def test_a_failing_pre_hook_has_the_class_of_its_failure_and_counts_as_a_try_s46(failure, state):
    one = resolution("steps: {s: {action: *ok, pre_hook: *ok}}")
    (job,) = begun(one)
    again = jobs(answered(one, job, Answer(output={"x": 1}, failure=failure, error="why")))
    for job in again:  # what waits is looked at once more
        answered(one, job, Answer(failure=failure, error="why"))
    step = one.step("s")
    assert (step.state, step.try_count, step.output) == (state, 1, None)
    assert step.error.startswith("prehook: ")


def test_a_pre_hook_that_cannot_be_prepared_is_a_fatal_error_without_a_try():
    one = task("""
        steps: {s: {action: *ok, pre_hook: {type: hook, configuration: {x: '{{ index .input "a" "b" }}'}}}}
    """)
    assert one.run().state == R.BLOCKED_FATAL
    assert one.step("s").error.startswith("prehook: Templating error")
    assert one.step("s").try_count == 0


def test_a_pre_hook_s_output_is_formatted_and_its_tags_are_ignored_s70():
    one = task(
        """
        steps:
          s:
            pre_hook: {type: hook, configuration: {}, output: {strategy: merge, format: {extra: "yes"}}}
            action: {type: echo, configuration: {output: "{{.pre_hook.output.extra}}"}}
        """,
        {"s:pre_hook": Answer(output={"a": 1}, tags={"t": "1"})},
    )
    one.run()
    assert (one.step("s").output, one.resolution.task.tags) == ("yes", {})


def test_a_timeout_is_a_server_error_that_says_after_how_long():
    one = task("steps: {s: {action: *ok, timeout: 1m30s}}", {"s": Answer(failure=Failure.TIMED_OUT)})
    assert one.run().state == R.ERROR
    assert one.step("s").error == "timed out after 1m30s"


def test_a_call_has_the_step_s_timeout_try_and_previous_result():
    calls = []
    one = task(
        "steps: {s: {action: *ok, timeout: 5s}}",
        {"s": lambda call: calls.append(call) or Answer(output={"id": "x"}, failure=Failure.SERVER)},
    )
    one.run()
    one.run(manual=True)
    assert [(call.try_number, call.output, call.timeout) for call in calls] == [
        (1, None, timedelta(seconds=5)),
        (2, {"id": "x"}, timedelta(seconds=5)),
    ]


def test_a_base_configuration_is_rendered_and_handed_over():
    calls: list[Call] = []
    one = task(
        """
        base_configurations: {base: {x: "{{ upper `a` }}"}}
        steps: {s: {action: {type: act, base_configuration: base, configuration: {z: 1}}}}
        """,
        {"s": lambda call: calls.append(call) or DONE},
    )
    one.run()
    assert (calls[0].base_configuration, calls[0].configuration) == ({"x": "A"}, {"z": 1})


# --- shutdown


def test_nothing_starts_once_a_shutdown_has_begun_and_results_still_count_s50():
    one = resolution(TWO)
    (job,) = begun(one)
    assert advance(one, ShutdownBegan(), EPOCH) == []
    assert answered(one, job) == [RunEnded(R.CRASHED, EPOCH)]
    assert (one.step("s").state, one.step("t").state) == ("DONE", "TODO")
    assert (one.fields.state, one.task.state) == (R.CRASHED, "RUNNING")


def test_a_run_that_has_nothing_left_ends_as_ever_in_a_shutdown():
    one = resolution()
    (job,) = begun(one)
    advance(one, ShutdownBegan(), EPOCH)
    assert answered(one, job) == [RunEnded(R.DONE, None)]


def test_a_delay_ends_at_a_shutdown_and_its_step_has_not_begun_s68():
    one = resolution("steps: {s: {action: *ok, execution_delay: 5s}}")
    advance(one, RunStarted(), EPOCH)
    assert advance(one, ShutdownBegan(), EPOCH) == [RunEnded(R.CRASHED, EPOCH)]
    assert (one.step("s").state, one.step("s").due_at) == ("TODO", None)


def test_after_the_grace_what_had_not_begun_is_todo_and_the_rest_stays_running_s50():
    one = resolution("steps: {a: {action: *ok}, b: {action: *ok}, c: {action: *ok, dependencies: [a]}}")
    a, b = begun(one)
    orders = advance(one, GraceOver(frozenset({b.serial})), EPOCH)
    assert orders == [RunEnded(R.CRASHED, EPOCH)]
    assert [step.state for step in one.steps()] == ["RUNNING", "TODO", "TODO"]
    with pytest.raises(EventMisfit):
        answered(one, a)


def test_an_action_that_was_told_not_to_start_leaves_no_trace():
    one = resolution()
    (job,) = begun(one)
    advance(one, ShutdownBegan(), EPOCH)
    answered(one, job, Answer(failure=Failure.NOT_STARTED))
    assert (one.step("s").state, one.step("s").try_count, one.step("s").error) == ("TODO", 0, "")


def test_a_pure_action_is_simply_done_again_after_the_grace():
    one = resolution(pure=["act"])
    begun(one)
    advance(one, GraceOver(), EPOCH)
    assert one.step("s").state == "TODO"


def test_a_result_that_could_not_be_rendered_any_more_is_rendered_by_the_next_run():
    one = resolution("result_format: {x: text}\n" + ONE)
    (job,) = begun(one)
    (last,) = jobs(answered(one, job))
    assert last.kind is JobKind.RESULT
    assert advance(one, GraceOver(), EPOCH) == [RunEnded(R.CRASHED, EPOCH)]
    (again,) = begun(one)
    advance(one, tries.evaluate(again), EPOCH)
    assert (one.fields.state, one.task.result) == (R.DONE, {"x": "text"})


# --- crash


def crashed(text=ONE, *, pure=(), **step):
    return resolution(text, steps=[Step("s", state="RUNNING", **step)], pure=pure, state=R.RUNNING, run_count=1)


def test_an_idempotent_step_that_was_cut_off_is_tried_again():
    one = crashed("steps: {s: {action: *ok, idempotent: true}}")
    assert [job.step for job in begun(one, recovered=True)] == ["s"]


def test_a_pure_step_that_was_cut_off_is_tried_again():
    assert begun(crashed(pure=["act"]), recovered=True)


def test_a_step_that_was_held_by_its_delay_had_not_begun():
    one = crashed("steps: {s: {action: *ok, execution_delay: 5s}}", due_at=EPOCH)
    advance(one, RunStarted(recovered=True), EPOCH)
    assert one.fields.state == R.RUNNING


def test_any_other_step_that_was_cut_off_is_crashed_and_a_human_must_look():
    one = crashed()
    assert advance(one, RunStarted(recovered=True), EPOCH) == [RunEnded(R.BLOCKED_TOCHECK, None)]
    assert (one.step("s").state, one.fields.run_count, one.task.state) == ("CRASHED", 1, "BLOCKED")
    assert "s" in one.fields.waiting
    assert [job.step for job in begun(one, manual=True)] == ["s"]


def test_steps_of_both_kinds_are_treated_each_in_its_own_way():
    one = resolution(
        "steps: {s: {action: *ok}, t: {action: *ok, idempotent: true}}",
        steps=[Step("s", state="RUNNING"), Step("t", state="RUNNING")],
        state=R.CRASHED,
    )
    advance(one, RunStarted(), EPOCH)
    assert [step.state for step in one.steps()] == ["CRASHED", "TODO"]


def test_a_result_whose_conditions_were_not_judged_is_not_lost_by_a_crash():
    text = "steps: {s: {action: *ok, conditions: [{type: check, if: [], then: {this: PRUNE}}]}}"
    one = crashed(text, prior_state="DONE", output={"kept": "yes"}, try_count=1)
    (job,) = begun(one, recovered=True)
    assert job.kind is JobKind.CHECK
    advance(one, tries.evaluate(job), EPOCH)
    step = one.step("s")
    assert (step.state, step.output, step.try_count) == ("PRUNE", {"kept": "yes"}, 1)


def test_a_state_that_was_given_to_a_step_is_not_lost_by_a_crash():
    one = crashed(given_state="PRUNE")
    advance(one, RunStarted(recovered=True), EPOCH)
    assert (one.step("s").state, one.fields.state) == ("PRUNE", R.DONE)


def test_what_a_forced_pause_left_running_is_recovered_by_the_next_run_s21():
    one = resolution(steps=[Step("s", state="RUNNING")], state=R.PAUSED)
    assert advance(one, RunStarted(manual=True), EPOCH) == [RunEnded(R.BLOCKED_TOCHECK, None)]


# --- other events


def test_a_poisonous_resolution_is_set_aside_with_the_reason():
    one = crashed()
    assert advance(one, SetAside("three runners died"), EPOCH) == [RunEnded(R.BLOCKED_TOCHECK, None)]
    assert (one.fields.state, one.fields.waiting) == (R.BLOCKED_TOCHECK, "blocked: three runners died")
    assert (one.step("s").state, one.task.state) == ("CRASHED", "BLOCKED")


@pytest.mark.parametrize("event", [SetAside("x"), Woken(), RunsGiven(1)])
@pytest.mark.parametrize("state", [R.DONE, R.CANCELLED])
def test_a_finished_resolution_is_left_in_peace(event, state):
    with pytest.raises(EventMisfit):
        advance(resolution(state=state), event, EPOCH)


def test_runs_given_back_count_at_the_end_of_the_run():
    one = resolution(run_max=1)
    (job,) = begun(one)
    advance(one, RunsGiven(2), EPOCH)
    assert answered(one, job, SERVER_ERROR)[-1].state == R.ERROR
    assert one.fields.run_max == 3


def test_a_wake_up_between_runs_makes_a_waiting_resolution_due():
    one = resolution(state=R.WAITING)
    advance(one, Woken(), EPOCH)
    assert (one.fields.next_retry, one.fields.woken) == (EPOCH, True)


def test_a_wake_up_in_a_run_is_remembered_for_its_end():
    one = resolution()
    (job,) = begun(one)
    advance(one, Woken(), EPOCH)
    (again,) = jobs(answered(one, job, WAITING))
    assert answered(one, again, WAITING) == [RunEnded(R.WAITING, EPOCH)]


def test_slow_evaluations_are_marked_so_that_a_hand_does_them():
    scripted = "variables: [{name: x, expression: '1'}]\n"
    condition = (
        "conditions: [{type: check, if: [{value: '{{ eval `x` }}', operator: EQ, expected: '1'}], then: {this: PRUNE}}]"
    )
    one = resolution(f"{scripted}steps: {{s: {{action: *ok, {condition}}}}}")
    (job,) = begun(one)
    (check,) = jobs(answered(one, job))
    assert (check.kind, check.slow) == (JobKind.CHECK, True)


def test_evaluations_without_javascript_are_quick():
    one = resolution("steps: {s: {action: *ok, conditions: [{type: skip, if: [], then: {this: PRUNE}}]}}")
    (job,) = begun(one)
    assert (job.kind, job.slow, job.calls) == (JobKind.SKIP, False, False)


def test_a_loop_that_is_changed_while_its_list_is_rendered_does_not_expand():
    one = resolution("steps: {a: {action: *ok}, loop: {action: *ok, foreach: '[1]'}}")
    _, listing = begun(one)
    one.run.prune(one.network.nodes["loop"], EPOCH)
    assert advance(one, tries.evaluate(listing), EPOCH) == []
    assert one.step("loop").state == "PRUNE"


def test_an_edited_definition_takes_the_place_of_the_template_s():
    definition = defined(ONE).steps["s"]
    edited = replace(definition, action=replace(definition.action, type="echo", configuration={"output": "edited"}))
    one = resolution(steps=[Step("s", definition=edited)])
    (job,) = begun(one)
    call = tries.prepare(job)
    advance(one, tries.finish(job, call, echo(call)), EPOCH)
    assert one.step("s").output == "edited"


def test_an_evaluation_is_no_call_and_a_call_no_evaluation():
    one = resolution()
    (job,) = begun(one)
    with pytest.raises(ValueError, match="is a call"):
        tries.evaluate(job)


def test_a_loop_whose_children_are_all_there_is_collected_even_in_a_shutdown():
    one = resolution("steps: {loop: {action: *ok, foreach: '[1]'}}")
    (listing,) = begun(one)
    (job,) = jobs(advance(one, tries.evaluate(listing), EPOCH))
    advance(one, ShutdownBegan(), EPOCH)
    assert answered(one, job) == [RunEnded(R.DONE, None)]
    assert [step.name for step in one.steps()] == ["loop"]


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        ("{{ .input }}", False),
        ("the words eval and range outside of handles", False),
        ("{{ range .input }}x{{ end }}", True),
        ("{{ genPrivateKey `rsa` }}", True),
        ("{{ eval `expression` }}", True),
        ("{{ evalCache `expression` }}", True),
    ],
)
def test_a_call_whose_texts_may_take_long_is_not_for_the_coordinator(text, slow):
    one = resolution(
        f"""
        variables: [{{name: expression, expression: "1"}}]
        steps: {{s: {{action: {{type: act, configuration: {{x: "{text}"}}}}}}}}
        """,
        pure=["act"],
    )
    (job,) = begun(one)
    assert (job.pure, job.slow) == (True, slow)
