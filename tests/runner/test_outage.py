"""The database is away for a while: nothing is lost, nothing is written twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from tasks.models import JournalEntry, Task
from tasks.runner import checkpoints
from tasks.runner.checkpoints import Moment
from tasks.runner.coordinator import Coordinator
from tests.runner.test_calls import marks
from tests.runner.turns import resolution_of, settle, states, turn_until

Ask = Callable[..., Task]
CHAIN = """
    one: {description: one, action: {type: echo, configuration: {output: 1}}}
    two: {description: two, dependencies: [one], action: {type: echo, configuration: {output: 2}}}
"""


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    ("which", "cautious"),
    [(1, False), (1, True), (2, True)],
    ids=["of all", "of the claim", "of what follows"],
)
def test_a_commit_whose_answer_is_lost_is_written_once(
    ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch, committed: bool, which: int, cautious: bool
) -> None:
    settle(runner)  # a heartbeat is none of the commits that are counted
    if cautious:
        runner.caution.begin()
    task = ask(CHAIN)
    commit, counted = connection._commit, iter(range(1, 100))

    def lose_the_answer() -> Any:
        lost = next(counted) == which
        if committed or not lost:
            commit()
        if lost:
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "_commit", lose_the_answer)
    turn_until(runner, lambda: resolution_of(task).state == "DONE")
    assert next(counted) > which
    assert (states(task), resolution_of(task).state) == ({"one": "DONE", "two": "DONE"}, "DONE")
    entries = Counter(JournalEntry.objects.filter(task=task).values_list("kind", "event", "step"))
    assert set(entries.values()) == {1}


def test_results_are_kept_until_they_can_be_written(
    ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log, gate = tmp_path / "marks", tmp_path / "gate"
    task = ask(f"""
        one: {{description: one, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}
        two: {{description: two, dependencies: [one], action: {{type: mark, configuration: {{log: '{log}'}}}}}}
    """)
    turn_until(runner, lambda: len(marks(log)) == 1)
    failures = iter(range(5))

    def away(reached: Moment) -> None:
        if reached is Moment.EFFECTS_APPLIED and next(failures, None) is not None:
            raise OperationalError("disk full")

    monkeypatch.setattr(checkpoints, "at", away)
    gate.touch()
    settle(runner)
    assert next(failures, None) is None
    assert states(task) == {"one": "DONE", "two": "DONE"}
    assert marks(log) == [["one", "1"], ["two", "1"]]


@pytest.mark.parametrize("before", [0, 1], ids=["its first step", "a later one"])
def test_nothing_begins_while_it_cannot_be_written(
    ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: int
) -> None:
    log = tmp_path / "marks"
    ask(f"""
        one: {{description: one, action: {{type: mark, configuration: {{log: '{log}'}}}}}}
        two: {{description: two, dependencies: [one], action: {{type: mark, configuration: {{log: '{log}'}}}}}}
    """)
    is_away = True

    def away(reached: Moment) -> None:
        if reached is Moment.EFFECTS_APPLIED and is_away and len(marks(log)) == before:
            raise OperationalError("disk full")

    monkeypatch.setattr(checkpoints, "at", away)
    turn_until(runner, lambda: runner.outage.is_on)
    for _ in range(10):
        runner.run_once()
    assert len(marks(log)) == before
    is_away = False
    settle(runner)
    assert marks(log) == [["one", "1"], ["two", "1"]]
