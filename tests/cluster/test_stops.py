"""A bare ``qcluster``: told to stop, it stops, in whatever state it is, and leaves nobody."""

import os
import signal

import pytest

from tests.cluster.clusters import RUNNERS, SETTINGS, is_whole, send
from tests.cluster.processes import Command, until


@pytest.fixture
def cluster(migrated, tmp_path, shared_database_url):
    """A cluster of the test's own, whole."""
    command = Command(
        "qcluster", folder=tmp_path, database=shared_database_url, settings=SETTINGS, UTASK_WORKERS=str(RUNNERS)
    )
    command.environ["UTASK_VAR"] = migrated.environ["UTASK_VAR"]
    command.start()
    yield command
    command.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_on_a_signal_and_leaves_nobody(cluster, number):
    cluster.wait_for(lambda: is_whole(cluster), "a whole cluster")
    cluster.signal(number)
    assert cluster.wait_ended() == 0
    assert cluster.left_over() == []
    assert len(cluster.noted("ended")) == RUNNERS


def test_it_stops_when_the_whole_group_gets_the_signal(cluster):
    """Upstream: systemd's default way to stop a service hangs the cluster."""
    cluster.wait_for(lambda: is_whole(cluster), "a whole cluster")
    os.killpg(cluster.process.pid, signal.SIGTERM)
    assert cluster.wait_ended() == 0
    assert cluster.left_over() == []
    assert len(cluster.noted("ended")) == RUNNERS


def test_it_stops_while_it_is_still_starting(cluster):
    until(lambda: cluster.named("utask-sentinel"), "the sentinel")
    cluster.signal(signal.SIGTERM)
    assert cluster.wait_ended() == 0
    until(lambda: cluster.left_over() == [], "the end of all")


def test_killed_itself_it_leaves_nobody(cluster):
    cluster.wait_for(lambda: is_whole(cluster), "a whole cluster")
    cluster.process.kill()
    until(lambda: cluster.left_over() == [], "the orphans' end")
    assert len(cluster.noted("ended")) == RUNNERS


def test_a_running_job_is_asked_to_stop_and_its_cluster_waits_for_it(cluster):
    cluster.wait_for(lambda: is_whole(cluster), "a whole cluster")
    send(cluster, "long_job", "asked")
    until(lambda: cluster.noted("asked-began"), "the long job")
    cluster.signal(signal.SIGTERM)
    assert cluster.wait_ended() == 0
    assert cluster.noted("asked-stopped")


def test_a_runner_that_does_not_listen_is_killed_after_the_grace_time(cluster):
    (cluster.folder / "notes.deaf").touch()
    until(lambda: len(cluster.noted("running")) == RUNNERS, "the runners")
    cluster.family()
    cluster.signal(signal.SIGTERM)
    assert cluster.wait_ended() == 0
    assert cluster.left_over() == []
    assert cluster.noted("ended") == []


def test_a_runner_that_does_not_listen_ends_by_itself_when_everybody_above_it_is_killed(cluster):
    (cluster.folder / "notes.deaf").touch()
    until(lambda: len(cluster.noted("running")) == RUNNERS, "the runners")
    family = cluster.family()
    for process in family:
        if process.name() not in ("utask-runner", "utask-worker"):
            process.kill()
    until(lambda: cluster.left_over() == [], "the orphans' end")


def test_without_migrations_it_refuses_to_work_and_says_what_to_do(database_url, tmp_path):
    command = Command("qcluster", folder=tmp_path, database=database_url, settings=SETTINGS).start()
    assert command.wait_ended() != 0
    assert "manage.py migrate" in command.output.read_text()


@pytest.mark.postgresql
def test_it_waits_for_a_database_for_a_while_and_then_says_so(tmp_path):
    command = Command(
        "qcluster",
        folder=tmp_path,
        database="postgresql:///utask?host=/nowhere",
        settings=SETTINGS,
        UTASK_DATABASE_WAIT="1",
    ).start()
    assert command.wait_ended() != 0
    output = command.output.read_text()
    assert "waiting for the database" in output
    assert "the database does not answer" in output
