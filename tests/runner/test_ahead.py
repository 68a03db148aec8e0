"""What is quick is done with the claim, in one commit; what kills its runner by that is found out all the same."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from tasks import doorbell
from tasks.models import CacheEntry, JournalEntry, Resolution, ResourceSlot, Runner, Step, Task, clock
from tasks.runner import checkpoints, claims, resident
from tasks.runner.checkpoints import Moment
from tasks.runner.coordinator import Coordinator
from tests.runner.conftest import document
from tests.runner.test_calls import marks
from tests.runner.turns import resolution_of, settle, states, turn_until

Ask = Callable[..., Task]
CHAIN = """
    one: {description: one, action: {type: echo, configuration: {output: 1}}}
    two: {description: two, dependencies: [one], action: {type: echo, configuration: {output: '{{.step.one.output}}'}}}
"""


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each commit from now on."""
    made: list[int] = []
    commit = connection._commit

    def counted() -> None:
        made.append(1)
        commit()

    monkeypatch.setattr(connection, "_commit", counted)
    return made


@pytest.mark.parametrize(("cautious", "expected"), [(False, 1), (True, 2)])
def test_a_chain_of_pure_steps_is_one_commit_or_two(
    ask: Ask, runner: Coordinator, commits: list[int], cautious: bool, expected: int
) -> None:
    settle(runner)
    task = ask(CHAIN)
    if cautious:
        runner.caution.begin()
    commits.clear()
    turn_until(runner, lambda: resolution_of(task).state == "DONE")
    assert len(commits) == expected
    assert states(task) == {"one": "DONE", "two": "DONE"}
    assert Step.objects.get(resolution__task=task, name="two").output == '"1"'


def test_both_ways_leave_the_same_rows(ask: Ask, load: Callable[..., None], runner: Coordinator) -> None:
    first = ask(CHAIN)
    settle(runner)
    runner.caution.begin()
    second = ask(CHAIN)
    settle(runner)

    def rows(task: Task) -> list[Any]:
        task.refresh_from_db()
        steps = Step.objects.filter(resolution__task=task).order_by("name")
        fields = ("name", "state", "try_count", "rounds", "waiting_for", "position")
        moves = JournalEntry.objects.filter(task=task).order_by("pk").values_list("kind", "event", "step", "after")
        run = resolution_of(task)
        return [
            [*steps.values_list(*fields)],
            [step.output for step in steps],
            [*moves],
            (run.state, run.run_count, run.runner_id, run.due_at, run.waiting_for),
            (task.state, task.steps_done, task.title),
        ]

    assert rows(first) == rows(second)


def test_a_call_with_an_effect_outside_is_running_in_the_row_of_the_claim(
    ask: Ask, runner: Coordinator, commits: list[int], tmp_path: Path
) -> None:
    log, gate = tmp_path / "marks", tmp_path / "gate"
    settle(runner)
    task = ask(f"""
        pure: {{description: one, action: {{type: echo, configuration: {{output: 1}}}}}}
        call:
          description: two
          dependencies: [pure]
          action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}
    """)
    commits.clear()
    turn_until(runner, lambda: bool(marks(log)))
    assert len(commits) == 1
    assert states(task) == {"pure": "DONE", "call": "RUNNING"}
    assert resolution_of(task).runner_id == runner.fence.runner_id
    gate.touch()
    settle(runner)
    assert states(task)["call"] == "DONE"


def test_calls_for_which_there_is_no_hand_wait_as_todo(
    ask: Ask, runners: Callable[[], Coordinator], settings: Any, tmp_path: Path
) -> None:
    settings.UTASK_HANDS = 2
    runner = runners()
    log, gate = tmp_path / "marks", tmp_path / "gate"
    task = ask(
        "\n".join(
            f"s{number}: {{description: one, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}"
            for number in range(4)
        )
    )
    turn_until(runner, lambda: len(marks(log)) == 2)
    assert sorted(states(task).values()) == ["RUNNING", "RUNNING", "TODO", "TODO"]
    assert Step.objects.filter(state="TODO", waiting_for__contains="free hand").count() == 2
    gate.touch()
    settle(runner)
    assert set(states(task).values()) == {"DONE"}
    assert len(marks(log)) == 4


def test_nothing_is_left_of_a_claim_that_is_rolled_back_and_the_next_does_all_once(
    ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "marks"
    settle(runner)
    task = ask(f"""
        kept: {{description: one, action: {{type: cache, configuration: {{action: set, key: kept, value: 1}}}}}}
        call: {{description: two, dependencies: [kept], action: {{type: mark, configuration: {{log: '{log}'}}}}}}
    """)
    failures = iter([True])
    seen: list[tuple[int, str, object]] = []

    def fail_once(reached: Moment) -> None:
        if reached is Moment.EFFECTS_APPLIED and next(failures, False):
            raise OperationalError("disk full")

    monkeypatch.setattr(checkpoints, "at", fail_once)
    runner.should_claim = True
    runner.run_once()
    run = resolution_of(task)
    seen.append((CacheEntry.objects.count(), run.state, run.runner_id))
    assert runner.work.held == {}
    assert states(task) == {}
    settle(runner)
    assert seen == [(0, "TO_AUTORUN", None)]
    assert states(task) == {"kept": "DONE", "call": "DONE"}
    assert (CacheEntry.objects.count(), len(marks(log))) == (1, 1)
    assert JournalEntry.objects.filter(task=task, kind="resolution", event="run started").count() == 1


def test_a_question_is_answered_with_what_follows_the_claim(
    ask: Ask, load: Callable[..., None], runner: Coordinator
) -> None:
    load(document("child", "only: {description: one, action: {type: echo, configuration: {output: 2}}}"))
    task = ask("""
        child: {description: one, action: {type: subtask, configuration: {template: child}}}
        after:
          description: two
          dependencies: [child]
          action: {type: echo, configuration: {output: '{{.step.child.output.state}}'}}
    """)
    settle(runner)
    assert states(task) == {"child": "DONE", "after": "DONE"}
    assert Task.objects.filter(template__name="child", state="DONE").count() == 1


def test_whoever_watches_hears_of_a_task_that_was_over_with_its_claim(ask: Ask, runner: Coordinator) -> None:
    settle(runner)
    task = ask(CHAIN)
    topic = f"{doorbell.NEWS}:{task.public_id}"
    with doorbell.Bell(topic) as bell:
        # It listens from its first look on, which tells of what may have been missed before.
        assert bell.wait(5)
        turn_until(runner, lambda: resolution_of(task).state == "DONE")
        while topic not in bell.heard:
            assert bell.wait(5)


def test_the_slot_of_a_template_is_free_again_when_its_task_is_over_with_its_claim(
    ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.work.limits, "limits", {"template:played": 1})
    tasks = [ask(CHAIN) for _ in range(3)]
    settle(runner)
    assert {resolution_of(task).state for task in tasks} == {"DONE"}
    assert ResourceSlot.objects.count() == 0


# --- Caution ---------------------------------------------------------------------------------------------------------


def test_a_runner_begins_cautiously(transactional_db: None) -> None:
    coordinator = resident.make()
    assert coordinator.caution.is_on
    coordinator.retire()


def test_the_death_of_another_makes_cautious_its_retirement_does_not(
    ask: Ask, runners: Callable[[], Coordinator]
) -> None:
    watching, retiring, dying = runners(), runners(), runners()
    now = clock.now()
    retiring.retire()
    watching.run_once(now)
    assert not watching.caution.is_on
    row = Runner.objects.get(pk=dying.fence.runner_id)
    # It held nothing: what killed it was not claimed.
    assert claims.take_over(row, now + timedelta(seconds=1)) == 0
    watching.sweeps._next.clear()
    watching.run_once(now + timedelta(seconds=2))
    assert watching.caution.is_on


def test_what_was_cut_off_is_claimed_before_anything_is_done_for_it(
    ask: Ask, runner: Coordinator, commits: list[int]
) -> None:
    task = ask(CHAIN)
    Resolution.objects.filter(task=task).update(deaths=1)
    settle(runner)
    task = ask(CHAIN)
    Resolution.objects.filter(task=task).update(deaths=1)
    commits.clear()
    turn_until(runner, lambda: resolution_of(task).state == "DONE")
    assert len(commits) == 2
