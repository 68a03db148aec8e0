"""Ends that come together: no wake-up is lost, nothing is stuck, whoever was first."""

import random
from collections.abc import Callable

from tasks.models import Callback, Resolution, Runner, Task
from tasks.services import callbacks, resolutions
from tasks.services.errors import ServiceError
from tasks.services.identity import actor_named
from tests.storms.conftest import size
from tests.storms.world import World, document, mark

ADMIN = actor_named("admin", superuser=True)

CHILD = document("child", f"one: {mark(takes='1ms')}")
SUBTASKS = document(
    "subtasks",
    "all:\n  description: many\n  foreach: '[1,2,3,4]'\n"
    "  action: {type: subtask, configuration: {template: child, input: {log: '{{.input.log}}'}}}",
)
BATCH = document(
    "batched",
    """
    all:
      description: many
      action:
        type: batch
        configuration:
          template_name: child
          inputs: [{}, {}, {}, {}]
          common_inputs: {log: '{{.input.log}}'}
    """,
)
CALLBACK = document(
    "called",
    f"""
    make: {{description: one, action: {{type: callback, configuration: {{action: create}}}}}}
    wait:
      description: two
      dependencies: [make]
      action: {{type: callback, configuration: {{action: wait, id: '{{{{.step.make.output.id}}}}'}}}}
    slow: {mark(takes="20ms")}
    """,
)


def test_the_last_children_of_many_parents_end_together(world: World) -> None:
    world.load(CHILD, SUBTASKS, BATCH)
    for _ in range(2):
        world.cluster(workers=2)
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 4, "four runners")
    parents = size("PARENTS", 40, 400)
    for _ in range(parents // 2):
        world.ask("subtasks")
        world.ask("batched")
    world.until_over(240)
    assert Task.objects.filter(state="DONE").count() == 5 * parents
    assert world.doctor() == []


def test_callbacks_come_while_the_task_runs_and_while_it_waits(world: World) -> None:
    world.load(CALLBACK)
    world.cluster(workers=2, UTASK_BASE_URL="http://here.example")
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 2, "two runners")
    count = size("CALLBACKS", 40, 400)
    world.ask("called", count)
    called = 0
    dice = random.Random(2)

    def call_some() -> bool:
        nonlocal called
        open_ones = list(Callback.objects.filter(called__isnull=True))
        dice.shuffle(open_ones)
        for callback in open_ones[:5]:
            callbacks.answer(callback.public_id, callback.token, {"n": called}, address="")
            called += 1
        return called == count

    world.until(call_some, "all calls")
    world.until_over()
    assert Task.objects.filter(state="DONE").count() == count
    assert world.doctor() == []


def test_pauses_and_runs_race_against_results(world: World) -> None:
    world.load(document("raced", f"one: {mark(takes='5ms')}\ntwo: {mark(takes='5ms', after=['one'])}"))
    world.cluster(workers=2)
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 2, "two runners")
    count = size("RACES", 60, 600)
    world.ask("raced", count)
    acts: list[Callable[..., object]] = [
        resolutions.pause_resolution,
        resolutions.force_pause,
        resolutions.run_resolution,
        resolutions.force_pause,
    ]
    dice = random.Random(3)
    keys = list(Resolution.objects.values_list("public_id", flat=True))
    done = refused = 0
    for _ in range(count * 2):
        try:
            dice.choice(acts)(ADMIN, dice.choice(keys))
            done += 1
        except ServiceError:
            refused += 1

    def run_the_paused() -> bool:
        for key in (
            Resolution.objects.exclude(state__in=("DONE", "RUNNING"))
            .filter(due_at__isnull=True)
            .values_list("public_id", flat=True)
        ):
            resolutions.run_resolution(ADMIN, key)
        return not Resolution.objects.exclude(state="DONE").exists()

    world.until(run_the_paused, "the end of all")
    world.say(f"{done} acts, {refused} refused")
    assert world.doctor() == []
