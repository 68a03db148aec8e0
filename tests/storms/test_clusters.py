"""Several clusters around one database: each step once, the load shared, a stop that gives everything back."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

from tasks.models import Resolution, Runner, Step, Task
from tasks.runner import ahead, claims
from tests.storms.conftest import size
from tests.storms.world import World, document, mark

WORK = document(
    "work", f"one: {mark(takes='10ms')}\ntwo: {mark(after=['one'])}\nthree: {mark(takes='5ms', after=['one'])}"
)


def test_two_clusters_share_the_load_and_execute_each_step_once(world: World) -> None:
    world.load(WORK)
    count = size("WORK", 100, 1_000)
    clusters = world.cluster(workers=2), world.cluster(workers=2)
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 4, "four runners")
    world.ask("work", count)
    world.until_over()
    assert set(world.executions().values()) == {1}
    assert len(world.executions()) == 3 * count
    assert dict(Counter(Task.objects.values_list("state", flat=True))) == {"DONE": count}
    at_work = Counter(process for *_, process in world.marks())
    pids = [{str(runner.pid) for runner in cluster.runners()} for cluster in clusters]
    shares = [sum(at_work.get(pid, 0) for pid in each) for each in pids]
    world.say(f"shares of the clusters: {shares}")
    assert min(shares) > 0
    assert world.doctor() == []


LONG = document(
    "long",
    f"""
    one: {mark(idempotent=True, takes="60ms")}
    two: {mark(idempotent=True, takes="60ms", after=["one"])}
    three: {mark(idempotent=True, takes="60ms", after=["two"])}
    """,
)


def test_a_cluster_that_is_asked_to_stop_gives_back_what_another_finishes(world: World) -> None:
    world.load(LONG)
    count = size("LONG", 60, 300)
    leaving = world.cluster(workers=2, UTASK_STOP_GRACE="1")
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 2, "two runners")
    world.ask("long", count)
    world.until(lambda: len(world.marks()) > count // 2, "some work")
    leaving.signal(signal.SIGTERM)
    assert leaving.wait_ended() == 0
    assert not Runner.objects.filter(ended__isnull=True).exists()
    assert not Resolution.objects.filter(runner__isnull=False).exists()
    left = Task.objects.exclude(state="DONE").count()
    assert world.doctor() == []
    world.cluster(workers=2)
    world.until_over()
    world.say(f"{left} of {count} were given back")
    assert dict(Counter(Task.objects.values_list("state", flat=True))) == {"DONE": count}
    assert world.doctor() == []


def test_a_frozen_runner_wakes_up_to_find_that_it_may_not_write(world: World, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    world.load(
        document(
            "held",
            f"""
            one:
              description: one
              idempotent: true
              action: {{type: mark, configuration: {{log: '{{{{.input.log}}}}', until: '{gate}'}}}}
            two: {mark(after=["one"])}
            """,
        )
    )
    frozen = world.cluster(workers=1)
    world.ask("held", 3)
    world.until(lambda: len(world.marks()) == 3, "three steps at work")
    [runner] = frozen.runners()
    os.kill(runner.pid, signal.SIGSTOP)
    other = world.cluster(workers=1)
    # Its lock is still there; its silence gives it away.
    world.until(lambda: len(world.marks()) == 6, "the other's work", 30)
    gate.touch()
    world.until_over()
    os.kill(runner.pid, signal.SIGCONT)
    world.until(lambda: Runner.objects.filter(ended__isnull=True, pid=runner.pid).exists(), "its new beginning")
    assert dict(Counter(Task.objects.values_list("state", flat=True))) == {"DONE": 3}
    twice = {step: count for (_, step), count in world.executions().items() if count > 1}
    assert set(twice) <= {"one"}
    executed_by = {process for _, step, _, process in world.marks() if step == "two"}
    assert executed_by == {str(each.pid) for each in other.runners()}
    assert world.doctor() == []


DEADLY = document(
    "deadly",
    """
    only: {description: kills, action: {type: deadly, configuration: {spared: "{{.input.more}}"}}}
    """,
)
QUICK = document("quick", "only: {description: quick, action: {type: echo, configuration: {output: 1}}}")


def test_what_kills_its_runner_before_its_claim_is_written_is_set_aside_soon(world: World, tmp_path: Path) -> None:
    world.load(DEADLY, QUICK)
    workers = 2
    cluster = world.cluster(workers=workers)
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == workers, "two runners")
    # Until their caution of the beginning is over.
    time.sleep(ahead.CAUTIOUS_SECONDS + 1)
    [deadly] = world.ask("deadly", more=str(tmp_path / "spared"))
    world.until(lambda: Resolution.objects.filter(task=deadly, state="BLOCKED_TOCHECK").exists(), "the end of dying")
    died = Runner.objects.filter(ended__isnull=False).count()
    world.say(f"{died} runners died")
    # Each may die once without a trace; after that all deaths count.
    assert claims.POISON_DEATHS < died <= workers + claims.POISON_DEATHS
    world.ask("quick", 20)
    world.until_over()
    assert Task.objects.filter(state="DONE").count() == 20
    assert cluster.runners()
    assert world.doctor() == []


def test_machines_with_a_wrong_clock_do_as_the_others_do(world: World, tmp_path: Path) -> None:
    world.load(
        document(
            "retried",
            f"""
            one: {mark(takes="20ms")}
            again:
              description: fails once
              dependencies: [one]
              idempotent: true
              action: {{type: mark, configuration: {{log: '{{{{.input.log}}}}', fail: server}}}}
              conditions:
                - type: skip
                  if: [{{value: '{{{{.step.this.try_count}}}}', operator: GE, expected: '1'}}]
                  then: {{this: DONE}}
            """,
            "retry_max: 5\n",
        )
    )
    for minutes in (-10, 0, 10):
        skewed = tmp_path / f"skewed{minutes}"
        skewed.mkdir()
        (skewed / "sitecustomize.py").write_text(f"OFFSET = {minutes * 60}\n" + _SKEW)
        world.cluster(workers=1, PYTHONPATH=str(skewed))
    world.until(lambda: Runner.objects.filter(ended__isnull=True).count() == 3, "three runners")
    count = size("SKEWED", 15, 150)
    world.ask("retried", count)
    waits: dict[int, float] = {}

    def all_have_failed_once() -> bool:
        # Where the machine is slow, the first is tried again before the last has failed.
        failed = Resolution.objects.filter(state="ERROR").values_list("pk", "last_stop", "next_retry")
        waits.update({pk: (retry - stopped).total_seconds() for pk, stopped, retry in failed})
        return len(waits) == count

    world.until(all_have_failed_once, "the first try of all")
    assert world.doctor() == []
    assert all(9 <= seconds <= 11 for seconds in waits.values())
    assert Runner.objects.filter(ended__isnull=False).count() == 0
    world.until_over()
    assert dict(Counter(Task.objects.values_list("state", flat=True))) == {"DONE": count}
    assert Step.objects.filter(name="again", try_count=1).count() == count
    assert world.doctor() == []


#: The machine's time of day is off, for all that asks Python for it.
_SKEW = """
import time
_time = time.time
time.time = lambda: _time() + OFFSET
import datetime
from django.utils import timezone
timezone.now = lambda: datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=OFFSET)
"""
