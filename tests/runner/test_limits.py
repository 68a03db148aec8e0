"""Limited resources: slots over all runners, taken with RUNNING, given back with the result."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.models import Resolution, ResourceSlot, Step, Task, clock
from tasks.runner import claims, resident
from tasks.runner.coordinator import Coordinator
from tests.runner.test_calls import marks
from tests.runner.test_leases import fall_silent
from tests.runner.turns import later, resolution_of, settle, states, turn_until

Make = Callable[[], Coordinator]
Ask = Callable[..., Task]
#: Two slots of ``door``, none of ``closed``, one for tasks of the template that is played.
LIMITS = {"door": 2, "closed": 0, "template:played": 1}


@pytest.fixture(autouse=True)
def limits(configure: Callable[..., None]) -> None:
    """What all of these tests begin with."""
    configure(resource_limits=LIMITS)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "marks"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def doors(log: Path, gate: Path, count: int, resource: str = "door") -> str:
    return "\n".join(
        f"s{number}: {{description: one, idempotent: true, resources: [{resource}], "
        f"action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}"
        for number in range(count)
    )


def test_no_more_run_than_there_are_slots_and_the_others_say_what_they_wait_for(
    ask: Ask, runner: Coordinator, log: Path, gate: Path
) -> None:
    task = ask(doors(log, gate, 5))
    turn_until(runner, lambda: len(marks(log)) == 2)
    turn_until(runner, lambda: Step.objects.filter(waiting_for__contains="resource door").count() == 3)
    assert sorted(states(task).values()) == ["RUNNING"] * 2 + ["TODO"] * 3
    assert ResourceSlot.objects.filter(resource="door").count() == 2
    gate.touch()
    settle(runner)
    assert set(states(task).values()) == {"DONE"}
    assert len(marks(log)) == 5
    assert not ResourceSlot.objects.exists()


def test_slots_count_over_all_runners(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    one, other = runners(), runners()
    ask(doors(log, gate, 2), about="")
    turn_until(one, lambda: len(marks(log)) == 2)
    Resolution.objects.update(template_name="another")  # its own limit is not what is tested here
    ResourceSlot.objects.filter(resource="template:played").delete()
    ask(doors(log, gate, 2))
    turn_until(other, lambda: Step.objects.filter(waiting_for__contains="resource door").count() == 2)
    assert len(marks(log)) == 2
    gate.touch()
    settle(one)
    settle(other)
    assert len(marks(log)) == 4


def test_a_resource_without_slots_refuses_at_once(play: Callable[..., Task], log: Path, gate: Path) -> None:
    task = play(doors(log, gate, 1, "closed"))
    step = Step.objects.get(resolution__task=task)
    assert (step.state, step.try_count) == ("TO_RETRY", 1)
    assert "closed" in (step.error or "")
    assert not marks(log)


def test_a_step_waits_for_a_slot_no_longer_than_it_may(ask: Ask, runner: Coordinator, log: Path, gate: Path) -> None:
    task = ask(doors(log, gate, 3))
    turn_until(runner, lambda: Step.objects.filter(waiting_for__contains="resource door").count() == 1)
    runner.run_once(clock.now() + timedelta(minutes=2))
    assert sorted(states(task).values()) == ["RUNNING", "RUNNING", "TO_RETRY"]
    gate.touch()
    settle(runner)


def test_the_slots_of_a_dead_runner_are_free(ask: Ask, runners: Make, log: Path, gate: Path) -> None:
    dead = runners()
    ask(doors(log, gate, 2))
    turn_until(dead, lambda: len(marks(log)) == 2)
    claims.take_over(fall_silent(dead), clock.now())
    assert not ResourceSlot.objects.exists()
    gate.touch()
    settle(runners())
    assert len(marks(log)) == 4


def test_a_limited_template_starts_one_after_the_other_and_keeps_nobody_else_waiting(
    ask: Ask, runner: Coordinator, log: Path, gate: Path, load: Callable[..., None]
) -> None:
    from tasks.services.tasks import create_task
    from tests.runner.conftest import ADMIN, document

    first, second = ask(doors(log, gate, 1)), ask(doors(log, gate, 1))
    load(document("free", "only: {description: one, action: {type: echo, configuration: {output: 1}}}"))
    free = create_task(ADMIN, "free", {})
    turn_until(runner, lambda: resolution_of(free).state == "DONE" and len(marks(log)) == 1)
    assert [resolution_of(task).state for task in (first, second)] == ["RUNNING", "TO_AUTORUN"]
    assert "template:played" in resolution_of(second).waiting_for
    assert resolution_of(second).run_count == 0
    gate.touch()
    settle(runner)
    later(runner, timedelta(seconds=1))
    assert resolution_of(second).state == "DONE"


def test_each_instance_has_its_own_slots_where_that_is_wanted(
    ask: Ask,
    runners: Make,
    log: Path,
    gate: Path,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(resource_limits=LIMITS, resource_limits_per_instance=True)
    one = runners()
    monkeypatch.setattr(resident, "instance_name", lambda: "another machine")
    other = runners()
    ask(doors(log, gate, 3))
    turn_until(one, lambda: len(marks(log)) == 2)
    ask(doors(log, gate, 3))
    turn_until(other, lambda: len(marks(log)) == 4)
    gate.touch()
    settle(one)
    settle(other)
    assert len(marks(log)) == 6
