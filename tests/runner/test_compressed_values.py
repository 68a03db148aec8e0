"""What a runner stores with compression on, off, and on again: smaller rows, the same values."""

from collections.abc import Callable

import pytest
from django.db import connection

from tasks.engine.gotemplate import loads
from tasks.models import Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.services import resolutions, steps
from tests.runner.conftest import ADMIN
from tests.runner.turns import resolution_of, settle

STEPS = """
    long:
      description: gives much
      action: {type: echo, configuration: {output: {text: "{{repeat 500 .input.word}}"}}}
    gate:
      description: fails, until a person says that it is done
      dependencies: [long]
      action: {type: echo, configuration: {error_message: "closed", error_type: client}}
    next:
      description: reads much
      dependencies: [gate]
      action: {type: echo, configuration: {output: {text: "{{.step.long.output.text}}"}}}
"""


@pytest.fixture
def compress_by(configure: Callable[..., None]) -> Callable[[str], None]:
    """Configures an algorithm, as an operator does."""
    return lambda name: configure(steps_compression_algorithm=name)


def stored_bytes(task: Task, step: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT length(s.output) FROM tasks_step s JOIN tasks_resolution r ON r.id = s.resolution_id"
            " WHERE r.task_id = %s AND s.name = %s",
            [task.pk, step],
        )
        [(length,)] = cursor.fetchall()
        return int(length)


@pytest.mark.parametrize(("first", "then"), [("gzip", "noop"), ("noop", "gzip")])
def test_a_resolution_goes_on_with_what_was_stored_under_another_setting(
    compress_by: Callable[[str], None],
    ask: Callable[..., Task],
    runner: Coordinator,
    first: str,
    then: str,
) -> None:
    compress_by(first)
    task = ask(
        STEPS,
        inputs={"word": "again and "},
        about="inputs: [{name: word, description: what is said}]\n",
    )
    settle(runner)
    assert resolution_of(task).state == "BLOCKED_BADREQUEST"
    compress_by(then)
    key = resolution_of(task).public_id
    resolutions.pause_resolution(ADMIN, key)
    steps.edit_step_state(ADMIN, key, "gate", "DONE")
    resolutions.run_resolution(ADMIN, key)
    settle(runner)
    outputs = {step.name: loads(step.output or "null") for step in Step.objects.filter(resolution__task=task)}
    assert outputs["long"] == outputs["next"] == {"text": "again and " * 500}
    sizes = {first: stored_bytes(task, "long"), then: stored_bytes(task, "next")}
    assert sizes["noop"] > 5000
    assert sizes["gzip"] < 300
