"""From a new task to DONE, through real rows."""

from collections.abc import Callable

from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, Runner, Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.services import resolutions, steps
from tasks.services.creation import NewTask
from tasks.services.tasks import create_task
from tests.runner.conftest import ADMIN, document
from tests.runner.turns import resolution_of, settle, states


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


def test_a_state_that_was_set_by_hand_before_the_first_run_counts(
    ask: Callable[..., Task], runner: Coordinator
) -> None:
    task = ask("""
        first: {description: one, action: {type: echo, configuration: {error_message: never, error_type: client}}}
        then: {description: two, dependencies: [first], action: {type: echo, configuration: {output: 1}}}
    """)
    key = resolution_of(task).public_id
    resolutions.pause_resolution(ADMIN, key)
    steps.edit_step_state(ADMIN, key, "first", "DONE")
    resolutions.run_resolution(ADMIN, key)
    settle(runner)
    assert states(task) == {"first": "DONE", "then": "DONE"}


def test_people_and_tags_of_a_task_are_seen_by_its_texts(load: Callable[..., None], runner: Coordinator) -> None:
    text = "{{.task.watcher_usernames}} {{.task.resolver_groups}}"
    load(document("seen", f"only: {{description: one, action: {{type: echo, configuration: {{output: '{text}'}}}}}}"))
    new = NewTask(watcher_usernames=["ann", "bob"], resolver_groups=["ops"], tags={"colour": "blue"})
    task = create_task(ADMIN, "seen", {}, new)
    settle(runner)
    assert loads(Step.objects.get(resolution__task=task).output or "") == "ann,bob ops"
    assert task.tag_map() == {"colour": "blue"}
