"""A random process of the cluster is killed again and again: nothing is lost, nothing is done twice."""

import random
import time

import pytest

from tasks.models import Resolution, Step, Task
from tests.storms.conftest import size
from tests.storms.world import World, document, mark

CHAIN = document(
    "chain",
    f"""
    first: {mark(idempotent=True, takes="50ms")}
    second: {mark(idempotent=False, takes="20ms", after=["first"])}
    third: {mark(idempotent=True, after=["second"])}
    script:
      description: a real process
      idempotent: true
      dependencies: [third]
      action: {{type: script, configuration: {{file_path: hello.sh}}}}
    last: {{description: pure, dependencies: [script], action: {{type: echo, configuration: {{output: ok}}}}}}
    """,
)
LOOP = document(
    "loop",
    f"""
    all: {mark(idempotent=True, takes="20ms", more="foreach: '[1,2,3,4,5]',")}
    once: {mark(idempotent=False, takes="20ms", after=["all"])}
    """,
)
PARENT = document(
    "parent",
    """
    child: {description: one, action: {type: subtask, configuration: {template: chain, input: {log: "{{.input.log}}"}}}}
    other: {description: two, action: {type: subtask, configuration: {template: loop, input: {log: "{{.input.log}}"}}}}
    """,
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("reckless", [False, True], ids=["as it is", "never cautious"])
def test_nothing_is_lost_and_nothing_done_twice_while_processes_are_killed(world: World, reckless: bool) -> None:
    tasks, seconds = size("TASKS", 40, 300), size("SECONDS", 8, 60)
    scripts = world.folder / "scripts"
    scripts.mkdir()
    (scripts / "hello.sh").write_text("#!/bin/sh\necho '{\"ok\": true}'\n")
    (scripts / "hello.sh").chmod(0o755)
    world.load(CHAIN, LOOP, PARENT)
    cluster = world.cluster(workers=3, **(world.be_reckless() if reckless else {}))
    kills = 0
    asked = []
    until = time.monotonic() + seconds
    dice = random.Random(1)
    while time.monotonic() < until or len(asked) < tasks or kills < 10:
        for template in ("chain", "loop", "parent"):
            # All are asked for by the middle of the storm.
            asked += world.ask(template, min(tasks // 45 + 1, tasks - len(asked)))
        if runners := cluster.runners():
            dice.choice(runners).kill()
            kills += 1
        time.sleep(seconds / 30)
    world.until_over()

    states = list(Task.objects.values_list("state", flat=True))
    world.say(
        f"{kills} kills; {len(asked)} asked for, {len(states)} tasks: {world.summary()}; {len(world.marks())} marks"
    )
    assert kills >= 10
    cut_off = Step.objects.filter(state="CRASHED")
    definitely_not_twice = {
        (task, step): count for (task, step), count in world.executions().items() if step in ("second", "once")
    }
    assert max(definitely_not_twice.values()) == 1
    # Blocked are those with a step that was cut off and is not idempotent, and those that wait for such a task.
    assert set(cut_off.values_list("name", flat=True)) <= {"second", "once"}
    blocked = Resolution.objects.exclude(state="DONE")
    assert set(blocked.values_list("state", flat=True)) <= {"BLOCKED_TOCHECK", "BLOCKED_BADREQUEST"}
    # What was in the hands of three that were killed in a row, and made no progress, is under suspicion.
    suspected = blocked.filter(waiting_for__contains="runners died in a row").exclude(
        pk__in=cut_off.values("resolution")
    )
    crashed = cut_off.values("resolution").distinct().count()
    assert blocked.filter(state="BLOCKED_TOCHECK").count() == crashed + suspected.count()
    assert suspected.count() <= kills // 3
    parents = Task.objects.filter(template__name="parent")
    assert Task.objects.count() == len(asked) + 2 * parents.count()
    for parent in parents:
        children = Task.objects.filter(parent=parent.resolution)
        assert sorted(children.values_list("parent_step", flat=True)) == ["child", "other"]
    assert world.doctor() == []
