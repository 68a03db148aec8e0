"""From a new task to DONE, through real rows."""

from collections.abc import Callable

from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, Runner, Step, Task
from tests.runner.turns import resolution_of, states


def test_an_echo_task_runs_to_done(play: Callable[..., Task]) -> None:
    task = play(
        """
        hello:
          description: greet
          action:
            type: echo
            configuration: {output: {greeting: "Hello {{.input.name}}!"}}
        shout:
          description: greet louder
          dependencies: [hello]
          action:
            type: echo
            configuration: {output: {greeting: "{{.step.hello.output.greeting | upper}}"}}
        """,
        inputs={"name": "world"},
        about="""
        inputs: [{name: name, description: whom}]
        result_format: {said: "{{.step.shout.output.greeting}}"}
        """,
    )
    assert task.state == "DONE"
    assert states(task) == {"hello": "DONE", "shout": "DONE"}
    assert loads(task.result or "") == {"said": "HELLO WORLD!"}
    assert (task.steps_done, task.steps_total) == (2, 2)
    resolution = resolution_of(task)
    assert (resolution.state, resolution.runner, resolution.due_at, resolution.run_count) == ("DONE", None, None, 1)
    assert Runner.objects.get(pk=resolution.last_runner).ended is None
    step = Step.objects.get(name="hello")
    assert loads(step.configuration or "") == {"output": {"greeting": "Hello world!"}}
    assert step.try_count == 1
    moves = JournalEntry.objects.filter(task=task).values_list("kind", "step", "before", "after")
    assert list(moves) == [
        ("task", "", "", "TODO"),
        ("resolution", "", "", "TO_AUTORUN"),
        ("resolution", "", "TO_AUTORUN", "RUNNING"),
        ("task", "", "TODO", "RUNNING"),
        ("step", "hello", "TODO", "DONE"),
        ("step", "shout", "TODO", "DONE"),
        ("resolution", "", "RUNNING", "DONE"),
        ("task", "", "RUNNING", "DONE"),
    ]
