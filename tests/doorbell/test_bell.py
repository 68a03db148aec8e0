"""Who listens hears what was committed, in other processes too; who does not listen to it hears nothing."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from tasks.doorbell import Bell, ring
from tests.conftest import on_postgresql

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 10


@pytest.fixture
def bell():
    with Bell("runnable", "news") as listening:
        listening.wait(SOON)
        yield listening


def test_a_new_bell_rings_once_for_what_it_may_have_missed_and_then_waits():
    with Bell("runnable", "news") as bell:
        assert select.select([bell], [], [], SOON)[0] == [bell]
        assert bell.wait(0)
        assert bell.heard == {"runnable", "news"}
        assert not bell.wait(0)
        assert bell.heard == set()


def test_a_ring_is_heard_with_its_detail(bell):
    ring("news:41", "runnable")
    heard = set()
    while heard != {"news:41", "runnable"}:
        assert bell.wait(SOON)
        heard |= bell.heard


def test_a_selector_can_wait_for_it(bell):
    assert select.select([bell], [], [], 0)[0] == []
    ring("runnable")
    assert select.select([bell], [], [], SOON)[0] == [bell]
    assert bell.wait(0)
    assert select.select([bell], [], [], 0)[0] == []


def test_a_ring_for_another_family_is_not_heard(bell):
    ring("orders:7")
    ring("news:after")
    assert bell.wait(SOON)
    assert bell.heard == {"news:after"}


def test_it_rings_after_the_commit_and_never_before(bell):
    with transaction.atomic():
        ring("runnable")
        assert not bell.wait(0.05)
    assert bell.wait(SOON)


def test_a_rolled_back_change_does_not_ring(bell):
    with transaction.atomic():
        ring("runnable")
        transaction.set_rollback(True)
    ring("news:after")
    assert bell.wait(SOON)
    assert bell.heard == {"news:after"}


def test_all_who_listen_hear_it():
    with Bell("runnable") as first, Bell("runnable", "job") as second:
        for bell in (first, second):
            bell.wait(SOON)
        ring("runnable")
        assert first.wait(SOON)
        assert second.wait(SOON)


def test_a_ring_wakes_a_sleeper_of_another_thread(bell):
    heard = []
    sleeper = threading.Thread(target=lambda: heard.append(bell.wait(60)))
    sleeper.start()
    ring("runnable")
    sleeper.join(SOON)
    assert heard == [True]


@pytest.mark.parametrize("topic", ["", "Runnable", "a b", "news:", "news:with space", ":x", "x" * 41])
def test_what_is_no_topic_is_refused(topic):
    with pytest.raises(ValueError, match="no topic"):
        ring(topic)
    with pytest.raises(ValueError, match="no topic"):
        Bell(topic)


def test_a_bell_must_listen_to_something():
    with pytest.raises(ValueError, match="listens to something"):
        Bell()


def test_ringing_where_nobody_listens_is_no_error():
    ring("orders:nobody")


LISTENER = """
import django; django.setup()
from tasks.doorbell import Bell
bell = Bell("runnable"); bell.wait(10); print("listening", flush=True)
print(bell.wait(60), sorted(bell.heard), flush=True)
"""


@pytest.fixture
def listener():
    """Another process that listens to ``runnable``."""
    environ = dict(os.environ, DJANGO_SETTINGS_MODULE="utask_project.settings", UTASK_VAR=str(settings.UTASK_VAR))
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENER], env=environ, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    )
    assert process.stdout.readline() == "listening\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.sqlite
def test_another_process_hears_it(listener):
    ring("runnable")
    assert listener.communicate(timeout=SOON)[0] == "True ['runnable']\n"


@pytest.mark.sqlite
def test_a_killed_listener_is_forgotten_and_disturbs_nobody(listener, bell):
    (socket_of_it,) = Path(settings.UTASK_BELLS).glob(f"{listener.pid}-*")
    os.kill(listener.pid, signal.SIGKILL)
    listener.wait()
    ring("runnable")
    assert bell.wait(SOON)
    assert not socket_of_it.exists()


@pytest.mark.sqlite
def test_a_closed_bell_takes_its_socket_away_and_other_users_of_the_machine_cannot_ring():
    bell = Bell("runnable")
    (path,) = Path(settings.UTASK_BELLS).glob(f"{os.getpid()}-*.runnable")
    assert settings.UTASK_BELLS.stat().st_mode & 0o077 == 0
    bell.close()
    assert not path.exists()


@pytest.mark.sqlite
def test_a_listener_that_never_empties_its_socket_does_not_hold_up_the_ringer(bell):
    for number in range(3_000):
        ring(f"news:{number}")
    assert bell.wait(0)


@pytest.mark.sqlite
def test_a_folder_with_a_long_name_will_do(settings, tmp_path):
    settings.UTASK_BELLS = tmp_path / ("long" * 40) / ("longer" * 30)
    with Bell("runnable") as bell:
        bell.wait(SOON)
        ring("runnable")
        assert bell.wait(SOON)


@pytest.mark.postgresql
def test_a_lost_connection_is_opened_again_and_rings_for_what_was_missed(bell):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%%' AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    ring("news:unheard")
    assert select.select([bell], [], [], SOON)[0] == [bell]
    bell.wait(0)
    while not bell.wait(SOON):
        pass
    assert bell.heard == {"runnable", "news"}
    ring("news:heard")
    assert bell.wait(SOON)
    assert bell.heard == {"news:heard"}


@pytest.mark.postgresql
def test_a_server_that_is_away_gives_silence_and_no_error(settings):
    assert on_postgresql()
    from tasks.doorbell.notify import NotifyBell

    bell = NotifyBell({"host": "/nowhere", "dbname": "none"}, ["runnable"])
    assert bell.wait(0) == set()
    assert select.select([bell], [], [], 0)[0] == []
    bell.close()
