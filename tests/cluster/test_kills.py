"""A bare ``qcluster``: whichever of its processes is killed, work goes on."""

import os
import signal

import pytest

from tests.cluster.clusters import a_job_is_done, is_whole, send
from tests.cluster.processes import is_running, until


@pytest.fixture(scope="module")
def lasting(migrated):
    """One cluster that lives through all the kills of this module."""
    migrated.start()
    yield migrated
    migrated.end()


@pytest.mark.parametrize("kind", ["runner", "worker", "pusher", "monitor", "sentinel"])
def test_a_killed_process_is_replaced_and_work_goes_on(lasting, kind):
    until(lambda: is_whole(lasting), "a whole cluster")
    victim = lasting.named(f"utask-{kind}")[0]
    victim.kill()
    until(
        lambda: victim.pid not in {p.pid for p in lasting.named(f"utask-{kind}")} and is_whole(lasting), "a replacement"
    )
    a_job_is_done(lasting)
    until(lambda: len(lasting.left_over()) == len(lasting.family()), "the orphans' end")


def test_a_sentinel_that_fails_is_replaced_and_nobody_waits_for_it(lasting):
    until(lambda: is_whole(lasting), "a whole cluster")
    switch = lasting.folder / "notes.break"
    switch.touch()
    until(lambda: len(lasting.noted("broken")) >= 1, "a failure")
    switch.unlink()
    until(lambda: is_whole(lasting), "a whole cluster")
    a_job_is_done(lasting)
    until(lambda: len(lasting.left_over()) == len(lasting.family()), "the orphans' end")


def test_many_idle_workers_killed_one_after_the_other_leave_nobody_deaf(lasting):
    """Upstream: the idle reader holds the queue's semaphore and takes it to its grave."""
    for _ in range(8):
        until(lambda: is_whole(lasting), "a whole cluster")
        (victim,) = lasting.named("utask-worker")
        victim.kill()
        until(lambda victim=victim: not is_running(victim), "its end")
    until(lambda: is_whole(lasting), "a whole cluster")
    a_job_is_done(lasting)


def test_a_job_whose_worker_is_killed_does_not_hold_up_the_next(lasting):
    until(lambda: is_whole(lasting), "a whole cluster")
    send(lasting, "long_job", "held")
    (pid,) = until(lambda: lasting.noted("held-began"), "the long job")
    os.kill(pid, signal.SIGKILL)
    a_job_is_done(lasting)


def test_a_failed_job_is_kept_with_its_places_but_without_its_words(lasting):
    until(lambda: is_whole(lasting), "a whole cluster")
    send(lasting, "failing_job")
    script = (
        "from django_q.models import Failure; from django_q.signing import SignedPackage\n"
        "print([failure.result for failure in Failure.objects.filter(func__endswith='failing_job')])"
    )
    kept = until(
        lambda: (text := lasting.manage("shell", "--no-imports", "-c", script)) != "[]\n" and text, "the failure's row"
    )
    assert "standins.py" in kept
    assert "ValueError" in kept
    assert "canary" not in kept + lasting.output.read_text()
