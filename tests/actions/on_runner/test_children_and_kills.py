"""A runner is killed at every moment of a subtask's and a batch's life: each child is there once, nothing is lost."""

import os
from collections.abc import Iterator

import pytest

from tasks.engine.gotemplate import loads
from tasks.models import Batch, Comment, JournalEntry, Resolution, Step, Task
from tasks.runner.checkpoints import Moment
from tasks.services.templates import load_templates
from tests.actions.on_runner.victims import INSERTED, Victims
from tests.runner.conftest import test_actions
from tests.runner.turns import states
from tests.storms.conftest import world
from tests.storms.world import World, document, mark

__all__ = ["test_actions", "world"]

CHILD = document("child", f"one: {mark(idempotent=True)}")
SUBTASK = document(
    "subtask",
    f"""
    sub: {{description: d, action: {{type: subtask, configuration: {{
      template: child, input: {{log: '{{{{.input.log}}}}', more: '0'}}}}}}}}
    after: {mark(idempotent=True, after=["sub"])}
    """,
)
BATCH = document(
    "batch",
    f"""
    all: {{description: d, action: {{type: batch, configuration: {{
      template_name: child, common_inputs: {{log: '{{{{.input.log}}}}'}}, comment: of a batch,
      inputs: [{{more: '0'}}, {{more: '1'}}, {{more: '2'}}, {{more: '3'}}, {{more: '4'}}],
      sub_batch_size: '{{{{.input.more}}}}'}}}}}}
    after: {mark(idempotent=True, after=["all"])}
    """,
)
LARGE = os.environ.get("STORM") == "large"
#: Those between which children are made; the others lie around the actions that a task and its children run.
AROUND = (Moment.CLAIMED, Moment.EFFECTS_APPLIED, Moment.RESULT_WRITTEN, INSERTED)
MOMENTS = (*map(str, Moment), INSERTED) if LARGE else AROUND


@pytest.fixture
def victims(world: World, test_actions: None) -> Iterator[Victims]:
    """Runners to be killed; they know the templates."""
    folder = world.folder / "templates"
    folder.mkdir()
    for number, text in enumerate((CHILD, SUBTASK, BATCH)):
        (folder / f"{number}.yaml").write_text(text)
    assert not load_templates([folder], []).has_errors
    # Two tasks at a time in memory: a batch of five is made in three pieces.
    made = Victims(world.environ, slice_of_tasks=2)
    yield made
    made.end()


def children_are_there_once(parent: Task, count: int, *comments: str) -> None:
    """All is done, and of all that makes a child there is one."""
    resolution = Resolution.objects.get(task=parent)
    errors = list(Step.objects.filter(resolution=resolution).values_list("error", flat=True))
    assert (resolution.state, set(states(parent).values())) == ("DONE", {"DONE"}), errors
    children = list(Task.objects.filter(parent=resolution).order_by("pk"))
    assert [str(loads(child.input)["more"]) for child in children] == [str(number) for number in range(count)]
    assert {child.state for child in children} == {"DONE"}
    for child in children:
        assert Resolution.objects.get(task=child).state == "DONE"
        said = [comment.content for comment in Comment.objects.filter(task=child).order_by("pk")]
        assert [str(parent.public_id) in said[0], *said[1:]] == [True, *comments]
        assert JournalEntry.objects.filter(task=child, event="created", kind="task").count() == 1
        assert child.tag_map() == {"_utask_parent_task_id": str(parent.public_id)}


def one_subtask_is_there(parent: Task) -> None:
    children_are_there_once(parent, 1)
    child = Task.objects.get(parent__task=parent)
    step = Step.objects.get(resolution__task=parent, name="sub")
    assert (step.link, loads(step.output or "")["id"]) == (child.public_id, str(child.public_id))


def one_batch_is_there(parent: Task) -> None:
    children_are_there_once(parent, 5, "of a batch")
    batch = Batch.objects.get(parent__task=parent)
    assert (batch.started, Task.objects.filter(batch=batch).count()) == (5, 5)
    assert Step.objects.get(resolution__task=parent, name="all").link == batch.public_id


SCENARIOS = [
    pytest.param("subtask", "", one_subtask_is_there, 1, id="subtask"),
    pytest.param("batch", "3", one_batch_is_there, 1 if LARGE else 3, id="batch in parts"),
]
if LARGE:
    SCENARIOS.append(pytest.param("batch", "0", one_batch_is_there, 1, id="batch at once"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("template", "more", "check", "stride"), SCENARIOS)
def test_whenever_a_runner_is_killed_there_is_each_child_once(world, victims, template, more, check, stride) -> None:
    kills: dict[str, int] = {}
    parents = 0
    for moment in MOMENTS:
        number = 1
        was_killed = True
        while was_killed:
            [parent] = world.ask(template, more=more)
            parents += 1
            was_killed = victims.run(moment, number)
            if was_killed:
                kills[moment] = number
                number += stride
                assert not victims.run()
            check(parent)
            assert world.doctor() == []
    world.say(f"{template} {more}: {parents - len(MOMENTS)} kills, at each moment up to number {kills}")
    assert set(kills) == set(MOMENTS)
    # In the middle of what is made: a child has several rows, and a batch several pieces.
    assert kills[INSERTED] >= (5 if template == "subtask" else 15)
    assert kills[Moment.EFFECTS_APPLIED] >= 3
    assert Task.objects.count() == parents * (2 if template == "subtask" else 6)
