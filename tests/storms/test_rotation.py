"""Keys are rotated, and the rotation killed, while a cluster runs and somebody reads: nobody notices."""

import random
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.apps import storage_keys
from tasks.crypto import keyring
from tasks.crypto.keyring import Key
from tasks.engine.gotemplate import loads
from tasks.models import Step, Task
from tasks.services import key_usage
from tests.storms.conftest import size
from tests.storms.world import World, document, mark

ROOT = Path(__file__).resolve().parents[2]
WORKED = document(
    "worked",
    f"""
    one: {mark(takes="30ms")}
    two: {mark(takes="30ms", after=["one"])}
    three: {mark(after=["two"])}
    last:
      description: pure
      dependencies: [three]
      action: {{type: echo, configuration: {{output: "{{{{.input.more}}}}"}}}}
    """,
)
ROTATE = """
import django; django.setup()
from tasks.services import keys
from tasks.services.actors import Actor
keys.BATCH = 5
keys.rotate_keys(Actor("test", is_admin=True), lambda progress: print(progress.rows, flush=True))
print("complete", flush=True)
"""


@pytest.fixture
def new_key() -> Iterator[str]:
    """A new newest key, as text; the one that there was stays behind it."""
    text, old = secrets.token_hex(32), storage_keys()
    yield text
    keyring.use_source(storage_keys)
    assert storage_keys() == old


def rotate(world: World, new_key: str, batches: int) -> bool:
    """Whether it came to its end: it is killed after so many batches (0: never)."""
    environ = {**world.environ, "UTASK_ENCRYPTION_KEYS": new_key}
    command = [sys.executable, "-c", ROTATE]
    told = 0
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as rotation:
        assert rotation.stdout is not None
        for line in rotation.stdout:
            told += 1
            if line == "complete\n":
                return True
            if told == batches:
                rotation.kill()
                return False
    raise AssertionError("the rotation ended before it was complete")


def test_tasks_run_and_are_read_while_keys_are_rotated_and_the_rotation_is_killed(world: World, new_key: str) -> None:
    world.load(WORKED)
    tasks = world.ask("worked", size("ROTATED", 20, 200), more="before")
    old = key_usage.values_by_key()
    keys = [Key(bytes.fromhex(new_key)), *storage_keys()]
    keyring.use_source(lambda: keys)
    world.cluster(workers=2, UTASK_ENCRYPTION_KEYS=new_key)
    dice, killed = random.Random(7), 0
    # Eight times it is killed somewhere; then it may come to its end.
    while not rotate(world, new_key, dice.randint(1, 4) if killed < 8 else 0):
        killed += 1
        tasks += world.ask("worked", 2, more="meanwhile")
        assert {loads(task.input)["more"] for task in Task.objects.all()} == {"before", "meanwhile"}
    assert killed == 8
    world.until_over()
    assert {task.state for task in Task.objects.all()} == {"DONE"}
    outputs = [loads(step.output or "null") for step in Step.objects.filter(name="last")]
    assert sorted(outputs) == ["before"] * size("ROTATED", 20, 200) + ["meanwhile"] * 2 * killed
    assert set(world.executions().values()) == {1}
    assert world.doctor() == []
    left = key_usage.values_by_key()
    assert set(left) == {keys[0].id}
    assert left[keys[0].id] > sum(old.values())
