"""``manage.py up``: one command runs everything, one signal stops it, and no death of a process goes unnoticed."""

import os
import re
import signal
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from tests.cluster.clusters import SETTINGS
from tests.cluster.processes import Command, is_running, until
from tests.peers.ports import free_port


def make_up(folder, database, **environ):
    port = free_port()
    command = Command(
        "up", folder=folder, database=database, settings=SETTINGS, PORT=str(port), UTASK_WORKERS="1", **environ
    )
    command.port = port
    return command


@pytest.fixture
def up(tmp_path, migrated_database_url):
    """The running command, not yet ready."""
    command = make_up(tmp_path, migrated_database_url, UTASK_ADMIN_PASSWORD="correct horse battery").start()
    yield command
    command.end()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, shared_database_url):
    """One that lives through all the kills of this module."""
    command = make_up(tmp_path_factory.mktemp("up"), shared_database_url).start()
    command.wait_for(lambda: is_at_work(command), "a first start")
    yield command
    command.end()


def page(command, path="/admin/login/"):
    """Status of a page; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{command.port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def is_at_work(command):
    """Whether pages are served and the runner runs."""
    runners = {process.pid for process in command.named("utask-runner")}
    return runners and runners <= set(command.noted("running")) and page(command) == 200


def child(command, word):
    """The direct child whose command line has this word; None without one."""
    for process in command.family():
        with suppress(psutil.NoSuchProcess):
            if process.ppid() == command.process.pid and word in process.cmdline():
                return process
    return None


def test_it_says_where_it_is_and_the_generated_password_once(lasting):
    output = until(lambda: "is ready" in (text := lasting.output.read_text()) and text, "the ready line")
    assert f"http://localhost:{lasting.port}/admin/" in output
    assert len(re.findall(r"user admin, password \S{20} ", output)) == 1


@pytest.mark.parametrize("word", ["gunicorn", "qcluster"])
def test_a_killed_child_is_noticed_and_replaced(lasting, word):
    victim = child(lasting, word)
    victim.kill()
    lasting.wait_for(lambda: child(lasting, word) not in (None, victim) and is_at_work(lasting), "a replacement")
    until(lambda: len(lasting.left_over()) == len(lasting.family()), "the orphans' end")


def test_a_killed_web_worker_is_replaced(lasting):
    (victim,) = child(lasting, "gunicorn").children()
    victim.kill()
    lasting.wait_for(lambda: not is_running(victim) and is_at_work(lasting), "a replacement")


def test_more_requests_at_once_than_it_has_connections_are_all_answered(lasting):
    lasting.wait_for(lambda: is_at_work(lasting), "a whole service")
    with ThreadPoolExecutor(100) as clients:
        statuses = list(clients.map(lambda _: page(lasting, "/unsecured/mon/ping"), range(200)))
    assert statuses == [200] * 200


def test_it_writes_a_log_file_of_json_lines_that_does_not_hold_the_password(lasting):
    log = (lasting.folder / "var" / "logs" / "utask.log").read_text()
    assert '"message": "started"' in log
    password = re.search(r"password (\S+)", lasting.output.read_text())[1]
    assert password not in log


def test_what_it_makes_is_for_its_user_alone(lasting):
    for path in (lasting.folder / "var").rglob("*"):
        if path.name in ("secret-key", "encryption-key.json"):
            assert path.stat().st_mode & 0o077 == 0
    assert (lasting.folder / "var").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_everything(up, number):
    up.wait_for(lambda: is_at_work(up), "a first start")
    up.signal(number)
    assert up.wait_ended() == 0
    until(lambda: up.left_over() == [], "the end of all")
    assert up.noted("ended")


def test_ctrl_c_in_its_terminal_stops_everything(up):
    up.wait_for(lambda: is_at_work(up), "a first start")
    os.killpg(up.process.pid, signal.SIGINT)
    assert up.wait_ended() == 0
    until(lambda: up.left_over() == [], "the end of all")
    assert up.noted("ended")


def test_killed_itself_it_leaves_nobody_and_the_next_start_finds_what_was(up):
    up.wait_for(lambda: is_at_work(up), "a first start")
    up.process.kill()
    until(lambda: up.left_over() == [], "the orphans' end")
    assert up.noted("ended")
    up.start()
    up.wait_for(lambda: is_at_work(up), "a second start")
    assert "password" not in up.output.read_text()


def test_a_given_password_opens_the_door_and_is_not_told(tmp_path, migrated_database_url):
    command = make_up(tmp_path, migrated_database_url, UTASK_ADMIN_PASSWORD="correct horse battery")
    told = command.manage("up", "--prepare")
    script = (
        "from django.contrib.auth import authenticate\n"
        "for password in ('correct horse battery', ''): print(authenticate(username='admin', password=password))"
    )
    assert command.manage("shell", "--no-imports", "-c", script) == "admin\nNone\n"
    assert "correct horse battery" not in told


@pytest.mark.sqlite  # no database is asked
def test_a_taken_port_is_told_before_anything_starts(tmp_path, migrated_database_url):
    command = make_up(tmp_path, migrated_database_url)
    with socket.create_server(("127.0.0.1", command.port)):
        command.start()
        assert command.wait_ended() != 0
    assert f"cannot listen on 127.0.0.1:{command.port}" in command.output.read_text()


@pytest.mark.sqlite  # no database is asked
def test_a_wrong_configuration_is_told_whole_before_anything_starts(tmp_path, migrated_database_url):
    command = make_up(
        tmp_path,
        migrated_database_url,
        CONFIGURATION_FROM="env:UT",
        UT_UTASK_CFG='{"completed_task_expiration": "30d", "max_concurrent_executions": "many"}',
        UT_GROUPS_AUTH="[]",
    ).start()
    assert command.wait_ended() != 0
    output = command.output.read_text()
    for mistake in ("Admin user list can't be empty", '"30d"', "max_concurrent_executions", "groups-auth"):
        assert mistake in output
    assert not command.left_over()
