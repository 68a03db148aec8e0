"""Actions with effects outside: written before they begin, told to stop in time, their failures classified."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tasks import doorbell
from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, Step, Task
from tasks.runner.coordinator import Coordinator
from tests.runner.turns import later, resolution_of, settle, states, turn_until


def marks(log: Path) -> list[list[str]]:
    """What the actions have left: step and try of each."""
    return [line.split()[1:3] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "marks"


def test_running_is_written_before_the_action_begins(
    ask: Callable[..., Task], runner: Coordinator, log: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    task = ask(f"only: {{description: one, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}")
    turn_until(runner, lambda: bool(marks(log)))
    assert states(task) == {"only": "RUNNING"}
    assert resolution_of(task).runner_id == runner.fence.runner_id
    gate.touch()
    settle(runner)
    assert states(task) == {"only": "DONE"}
    assert marks(log) == [["only", "1"]]


def test_who_watches_hears_at_once_of_a_step_that_ended_while_the_task_goes_on(
    ask: Callable[..., Task], runner: Coordinator, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    task = ask(f"""
        first: {{description: one, action: {{type: mark, configuration: {{log: '{log}'}}}}}}
        second:
          description: two
          dependencies: [first]
          action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}
    """)
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda *topics: rung.extend(topics))
    turn_until(runner, lambda: states(task).get("first") == "RUNNING")
    rung.clear()
    turn_until(runner, lambda: states(task).get("first") == "DONE")
    assert f"{doorbell.NEWS}:{task.public_id}" in rung
    task.refresh_from_db()
    assert task.state == "RUNNING"
    gate.touch()
    settle(runner)


@pytest.mark.parametrize(
    ("fail", "step", "resolution"),
    [
        ("client", "CLIENT_ERROR", "BLOCKED_BADREQUEST"),
        ("server", "SERVER_ERROR", "ERROR"),
        ("error", "SERVER_ERROR", "ERROR"),
        ("not ready", "WAITING", "WAITING"),
    ],
)
def test_a_failure_has_the_state_of_its_class(
    play: Callable[..., Task], log: Path, fail: str, step: str, resolution: str
) -> None:
    task = play(f"only: {{description: one, action: {{type: mark, configuration: {{log: '{log}', fail: {fail}}}}}}}")
    assert states(task) == {"only": step}
    stored = resolution_of(task)
    assert (stored.state, stored.runner) == (resolution, None)
    assert stored.waiting_for


def test_a_failed_step_is_tried_again_when_it_is_due_and_not_before(
    play: Callable[..., Task], runner: Coordinator, log: Path
) -> None:
    task = play(f"only: {{description: one, action: {{type: mark, configuration: {{log: '{log}', fail: server}}}}}}")
    later(runner, timedelta(seconds=9))
    assert marks(log) == [["only", "1"]]
    later(runner, timedelta(seconds=11))
    assert marks(log) == [["only", "1"], ["only", "2"]]
    assert resolution_of(task).run_count == 2


def test_an_action_that_takes_too_long_is_told_to_stop(play: Callable[..., Task], log: Path, tmp_path: Path) -> None:
    never = tmp_path / "never"
    task = play(f"""
        only:
          description: one
          timeout: 50ms
          action: {{type: mark, configuration: {{log: '{log}', until: '{never}'}}}}
    """)
    step = Step.objects.get(resolution__task=task)
    assert step.state == "SERVER_ERROR"
    assert "timed out after 50ms" in (step.error or "")


def test_an_action_that_does_not_stop_is_given_up_and_its_late_result_only_noted(
    ask: Callable[..., Task], runner: Coordinator, log: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    task = ask(f"""
        only:
          description: one
          timeout: 50ms
          action: {{type: mark, configuration: {{log: '{log}', until: '{gate}', stubborn: true}}}}
    """)
    settle(runner)
    assert states(task) == {"only": "SERVER_ERROR"}
    gate.touch()
    turn_until(runner, lambda: JournalEntry.objects.filter(task=task, event="late result").exists())
    assert states(task) == {"only": "SERVER_ERROR"}


def test_an_output_that_is_too_large_is_fatal_and_hurts_nobody(
    play: Callable[..., Task], log: Path, settings: object
) -> None:
    task = play(f"only: {{description: one, action: {{type: mark, configuration: {{log: '{log}', size: 10000001}}}}}}")
    step = Step.objects.get(resolution__task=task)
    assert step.state == "FATAL_ERROR"
    assert step.output is None
    assert "10" in (step.error or "")


def test_a_loop_of_calls_runs_at_the_same_time(ask: Callable[..., Task], runner: Coordinator, log: Path) -> None:
    task = ask(f"""
        all:
          description: many
          foreach: '[1,2,3,4,5,6,7,8]'
          action: {{type: mark, configuration: {{log: '{log}', takes: 200ms}}}}
    """)
    turn_until(runner, lambda: len(marks(log)) == 8)
    assert set(states(task).values()) == {"EXPANDED", "RUNNING"}
    settle(runner)
    children = loads(Step.objects.get(resolution__task=task, name="all").children or "")
    assert [child["output"]["step"] for child in children] == [f"all-{number}" for number in range(8)]
    assert states(task) == {"all": "DONE"}


def test_no_more_calls_begin_than_there_are_hands(
    ask: Callable[..., Task], runners: Callable[[], Coordinator], log: Path, settings: object, tmp_path: Path
) -> None:
    settings.UTASK_HANDS = 3  # type: ignore[attr-defined]
    runner = runners()
    gate = tmp_path / "gate"
    task = ask(f"""
        all:
          description: many
          foreach: '[1,2,3,4,5,6,7,8]'
          action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}
    """)
    turn_until(runner, lambda: len(marks(log)) == 3)
    stored = states(task)
    # What no hand has begun is not RUNNING in its row: after a crash nobody has to ask what it did.
    assert sorted(stored.values()) == ["EXPANDED", *["RUNNING"] * 3, *["TODO"] * 5]
    waiting = Step.objects.filter(resolution__task=task, state="TODO").values_list("waiting_for", flat=True)
    assert all("hand" in why for why in waiting)
    gate.touch()
    settle(runner)
    assert states(task) == {"all": "DONE"}
    assert len(marks(log)) == 8
