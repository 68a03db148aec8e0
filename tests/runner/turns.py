"""Turns of a runner in the test's own process."""

import select
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tasks.models import Resolution, Step, Task, clock
from tasks.runner.coordinator import Coordinator


def settle(runner: Coordinator, *, now: datetime | None = None, seconds: float = 20.0) -> None:
    """Turn until nothing is in hand and nothing is due; fails when that does not come."""
    until = time.monotonic() + seconds
    runner.should_claim = True
    while True:
        progress = runner.run_once(now)
        if not progress and not runner.work.held and not runner.outage.is_on:
            return
        if not progress:
            select.select([runner.work.hands], [], [], 0.02)
        assert time.monotonic() < until, f"still in hand: {[str(held.key) for held in runner.work.held.values()]}"


def later(runner: Coordinator, span: timedelta) -> None:
    """Turn as if so much time had passed."""
    settle(runner, now=clock.now() + span)


def states(task: Task) -> Mapping[str, str]:
    """Each step's state by name, as stored; a step without a row is TODO."""
    return dict(Step.objects.filter(resolution__task=task).values_list("name", "state"))


def resolution_of(task: Task) -> Resolution:
    """The task's resolution as stored now."""
    return Resolution.objects.get(task=task)


def turn_until(runner: Coordinator, happened: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Turn until something has happened."""
    until = time.monotonic() + seconds
    runner.should_claim = True
    while not happened():
        if not runner.run_once():
            select.select([runner.work.hands], [], [], 0.01)
        assert time.monotonic() < until, "it did not happen"
