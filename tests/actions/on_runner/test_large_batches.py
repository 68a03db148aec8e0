"""A large batch on the real runner (STORM=large: 10,000 tasks): all is done, and little of it is held at a time."""

import gc
import resource
import sys
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_init

from tasks.models import Batch, Resolution, Task, Template
from tasks.runner.coordinator import Coordinator
from tasks.services import creation
from tasks.services.creation import NewTask
from tests.runner.conftest import ADMIN, document
from tests.runner.turns import settle, states
from tests.storms.conftest import size

CHILD = document(
    "child",
    "only: {description: d, action: {type: echo, configuration: {output: '{{.input.number}}'}}}",
    "inputs: [{name: number, description: d, type: number}]\n",
)
BATCH = """
    all:
      description: d
      action:
        type: batch
        configuration:
          template_name: child
          json_inputs: >-
            [{{range $n, $_ := until (.input.count | int)}}{{if $n}},{{end}}{"number": {{$n}}}{{end}}]
          sub_batch_size: '{{.input.at_once}}'
"""
ABOUT = "inputs: [{name: count, description: d, type: number}, {name: at_once, description: d}]\n"


class Held:
    """How many tasks were held in memory at once, and how many values went into one statement, at most."""

    def __init__(self) -> None:
        self.tasks = self.values = 0
        self._alive = 0

    def __enter__(self) -> "Held":
        post_init.connect(self._made, sender=Task)
        self._wrapped = connection.execute_wrapper(self._execute)
        self._wrapped.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._wrapped.__exit__(None, None, None)
        post_init.disconnect(self._made, sender=Task)

    def _made(self, instance: Task, **_: object) -> None:
        self._alive += 1
        weakref.finalize(instance, self._gone).atexit = False

    def _gone(self) -> None:
        self._alive -= 1

    def _execute(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT INTO"):
            if self._alive > self.tasks:
                # What only waits for its collection is not held.
                gc.collect()
            self.tasks = max(self.tasks, self._alive)
            # PostgreSQL takes a column of many rows as one value.
            values = sum(len(value) if isinstance(value, list) else 1 for value in parameters or ())
            self.values = max(self.values, values)
        return execute(sql, parameters, many, context)


@pytest.fixture(autouse=True)
def quick_collections() -> Iterator[None]:
    """What is there before a test is not looked through at each collection."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("at_once", [0, 200])
def test_a_large_batch_is_made_and_done_without_being_held_all_at_once(load, ask, runner: Coordinator, at_once) -> None:
    count = size("BATCH", 1_200, 10_000)
    load(CHILD)
    parent = ask(BATCH, inputs={"count": count, "at_once": str(at_once)}, about=ABOUT)
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begun = time.monotonic()
    with Held() as held:
        settle(runner, seconds=1000)
    seconds = time.monotonic() - begun
    assert (states(parent), Resolution.objects.get(task=parent).state) == ({"all": "DONE"}, "DONE")
    children = Task.objects.filter(batch=Batch.objects.get())
    assert (children.count(), children.filter(state="DONE").count()) == (count, count)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - memory_before
    said = f"{count} tasks, {at_once or count} at once: {seconds:.1f} s, {taken} MB more than before"
    sys.stdout.write(f"{said}; at most {held.tasks} tasks in memory, {held.values} values in a statement\n")
    # A slice that is being made beside the one before.
    assert 0 < held.tasks <= 2 * creation.SLICE
    # The widest statement is that of two lines of journal for each task of a slice.
    assert held.values <= 30 * creation.SLICE


def test_the_memory_that_a_batch_takes_does_not_grow_with_it(
    load: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "SLICE", 40)
    load(CHILD)
    template = Template.objects.get(name="child")

    def numbers(count: int) -> Iterator[dict[str, int]]:
        for number in range(count):
            if number % creation.SLICE == 0:
                # What only waits for its collection is not held.
                gc.collect()
            yield {"number": number}

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            with transaction.atomic():
                made = creation.create_tasks(ADMIN, template, numbers(count), NewTask(comment="one of many"))
            assert len(made) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(80)
    small, large = peak(80), peak(480)
    assert large < 1.5 * small
