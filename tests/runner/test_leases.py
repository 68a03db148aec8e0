"""Who holds a resolution, and how it changes hands: forced pauses, deaths, poison, shutdown, regions, maintenance."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.models import JournalEntry, Resolution, Runner, Setting, Task, clock
from tasks.runner import claims
from tasks.runner.coordinator import Coordinator
from tasks.runner.flush import DeclaredDead
from tasks.services import resolutions
from tests.runner.conftest import ADMIN
from tests.runner.test_calls import marks
from tests.runner.turns import resolution_of, settle, states, turn_until

Make = Callable[[], Coordinator]
Ask = Callable[..., Task]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "marks"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def waiting_step(log: Path, gate: Path, *, idempotent: bool = False) -> str:
    return f"""
        first:
          description: one
          idempotent: {str(idempotent).lower()}
          action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}
        then:
          description: two
          dependencies: [first]
          action: {{type: mark, configuration: {{log: '{log}'}}}}
    """


def fall_silent(runner: Coordinator) -> Runner:
    """Nobody has heard of the runner for long."""
    row = Runner.objects.filter(pk=runner.fence.runner_id)
    row.update(heartbeat=clock.now() - claims.SILENCE)
    return row.get()


def test_a_forced_pause_takes_it_away_and_the_late_result_is_only_noted(
    ask: Ask, runner: Coordinator, log: Path, gate: Path
) -> None:
    task = ask(waiting_step(log, gate))
    turn_until(runner, lambda: bool(marks(log)))
    resolutions.force_pause(ADMIN, resolution_of(task).public_id)
    gate.touch()
    turn_until(runner, lambda: JournalEntry.objects.filter(task=task, event="late result").exists())
    assert (resolution_of(task).state, resolution_of(task).runner) == ("PAUSED", None)
    assert states(task) == {"first": "RUNNING"}
    assert not runner.work.held


@pytest.mark.parametrize(
    ("idempotent", "first", "state"), [(True, "DONE", "DONE"), (False, "CRASHED", "BLOCKED_TOCHECK")]
)
def test_another_takes_over_what_a_dead_runner_held(
    ask: Ask, runners: Make, log: Path, gate: Path, idempotent: bool, first: str, state: str
) -> None:
    dead, living = runners(), runners()
    task = ask(waiting_step(log, gate, idempotent=idempotent))
    turn_until(dead, lambda: bool(marks(log)))
    assert claims.take_over(fall_silent(dead), clock.now()) == 1
    assert resolution_of(task).state == "CRASHED"
    gate.touch()
    settle(living)
    assert states(task)["first"] == first
    assert resolution_of(task).state == state
    assert marks(log).count(["first", "1"]) == (2 if idempotent else 1)


def test_a_runner_that_was_declared_dead_cannot_write(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    frozen, other = runners(), runners()
    task = ask(waiting_step(log, gate, idempotent=True))
    turn_until(frozen, lambda: bool(marks(log)))
    claims.take_over(fall_silent(frozen), clock.now())
    turn_until(other, lambda: len(marks(log)) == 2)
    gate.touch()
    with pytest.raises(DeclaredDead):
        settle(frozen)
    settle(other)
    assert states(task) == {"first": "DONE", "then": "DONE"}
    assert marks(log).count(["then", "1"]) == 1


def test_only_one_takes_over(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    dead = runners()
    ask(waiting_step(log, gate))
    turn_until(dead, lambda: bool(marks(log)))
    silent = fall_silent(dead)
    assert [claims.take_over(silent, clock.now()) for _ in range(2)] == [1, 0]


def test_a_runner_that_is_heard_of_again_is_not_taken_over(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    slow = runners()
    ask(waiting_step(log, gate))
    turn_until(slow, lambda: bool(marks(log)))
    silent = fall_silent(slow)
    Runner.objects.filter(pk=silent.pk).update(heartbeat=clock.now())
    assert claims.take_over(silent, clock.now()) == 0
    gate.touch()
    settle(slow)


def test_what_kills_three_runners_in_a_row_is_set_aside(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    task = ask(waiting_step(log, gate, idempotent=True))
    for deaths in range(claims.POISON_DEATHS):
        victim = runners()
        turn_until(victim, lambda: len(marks(log)) > deaths)  # noqa: B023 - called in this round only
        claims.take_over(fall_silent(victim), clock.now())
    settle(runners())
    resolution = resolution_of(task)
    assert (resolution.state, resolution.deaths) == ("BLOCKED_TOCHECK", 0)
    assert "3 runners died" in resolution.waiting_for
    assert len(marks(log)) == 3
    # A human may try again.
    gate.touch()
    resolutions.run_resolution(ADMIN, resolution.public_id)
    settle(runners())
    assert resolution_of(task).state == "DONE"


def test_deaths_do_not_count_against_what_makes_progress(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    task = ask(
        "\n".join(
            f"s{number}: {{description: one, idempotent: true, dependencies: [{f's{number - 1}' if number else ''}], "
            f"action: {{type: mark, configuration: {{log: '{log}', until: '{gate}{number}'}}}}}}"
            for number in range(6)
        )
    )
    for number in range(6):
        victim = runners()
        turn_until(victim, lambda: [f"s{number}", "1"] in marks(log))  # noqa: B023 - called in this round only
        Path(f"{gate}{number}").touch()
        turn_until(victim, lambda: states(task).get(f"s{number}") == "DONE")  # noqa: B023
        claims.take_over(fall_silent(victim), clock.now())
    settle(runners())
    assert resolution_of(task).state == "DONE"


def test_a_stopping_runner_gives_back_what_is_not_finished(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    leaving, staying = runners(), runners()
    task = ask(waiting_step(log, gate, idempotent=True))
    turn_until(leaving, lambda: bool(marks(log)))
    leaving.begin_to_stop()
    leaving.give_back_all()
    leaving.retire()
    resolution = resolution_of(task)
    assert (resolution.runner, resolution.state) == (None, "CRASHED")
    assert resolution.due_at is not None
    assert resolution.due_at <= clock.now()
    gate.touch()
    settle(staying)
    assert resolution_of(task).state == "DONE"
    assert Runner.objects.get(pk=leaving.fence.runner_id).ended is not None


def test_a_call_that_no_hand_has_begun_is_todo_after_a_stop(
    ask: Ask, runners: Make, log: Path, gate: Path, settings: object
) -> None:
    settings.UTASK_HANDS = 1  # type: ignore[attr-defined]
    leaving = runners()
    task = ask(
        "\n".join(
            f"s{number}: {{description: one, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}"
            for number in range(3)
        )
    )
    turn_until(leaving, lambda: len(marks(log)) == 1)
    leaving.begin_to_stop()
    leaving.give_back_all()
    assert sorted(states(task).values()) == ["RUNNING", "TODO", "TODO"]


def test_a_region_is_served_by_its_own_runners_only(ask: Ask, runners: Make, settings: object) -> None:
    here = runners()
    task = ask(
        "only: {description: one, action: {type: echo, configuration: {output: 1}}}", about="region: elsewhere\n"
    )
    settle(here)
    assert resolution_of(task).state == "TO_AUTORUN"
    settings.UTASK_REGION = "elsewhere"  # type: ignore[attr-defined]
    settle(runners())
    assert resolution_of(task).state == "DONE"


def test_nothing_is_claimed_in_maintenance(ask: Ask, runner: Coordinator) -> None:
    Setting.objects.create(name="maintenance", value=True)
    task = ask("only: {description: one, action: {type: echo, configuration: {output: 1}}}")
    settle(runner)
    assert resolution_of(task).state == "TO_AUTORUN"


def test_no_more_is_claimed_than_the_share(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    runner = runners()
    runner.share = type(runner.share)(most=2, most_cut_off=1, pause_between_cut_off=timedelta(0))
    ask(waiting_step(log, gate))
    for _ in range(4):
        ask(waiting_step(log, gate))
    turn_until(runner, lambda: len(marks(log)) == 2)
    for _ in range(5):
        runner.run_once()
    assert Resolution.objects.filter(runner=runner.fence.runner_id).count() == 2
    gate.touch()
    settle(runner)
    assert set(Resolution.objects.values_list("state", flat=True)) == {"DONE"}


def test_a_delayed_start_waits_for_its_time(runner: Coordinator, load: Callable[..., None]) -> None:
    from tasks.services.creation import NewTask
    from tasks.services.tasks import create_task
    from tests.runner.conftest import document

    load(document("played", "only: {description: one, action: {type: echo, configuration: {output: 1}}}"))
    task = create_task(ADMIN, "played", {}, NewTask(delay=timedelta(minutes=5)))
    assert (task.state, resolution_of(task).state) == ("DELAYED", "TO_AUTORUN_DELAYED")
    settle(runner)
    assert resolution_of(task).state == "TO_AUTORUN_DELAYED"
    settle(runner, now=clock.now() + timedelta(minutes=5, seconds=1))
    assert resolution_of(task).state == "DONE"
