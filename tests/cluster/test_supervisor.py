"""What keeps children running: what it does with one that dies, dies young, or never comes up."""

import os
import subprocess
import sys
import textwrap

import pytest

from tasks.cluster import logfile
from tests.cluster.processes import ROOT, until

MAIN = """
import os, sys
from tasks.cluster import supervisor
from tasks.cluster.supervisor import CannotRun, Child, Supervisor
supervisor._SHORT_LIFE_SECONDS = {short_life}
children = [Child(name, [sys.executable, "-c", code], dict(os.environ)) for name, code in {children!r}.items()]
try:
    Supervisor(children, grace_seconds={grace}).run()
except CannotRun as error:
    sys.exit(str(error))
"""


@pytest.fixture
def supervise(tmp_path):
    """Starts a supervisor with children of these names and programs, in a process of its own."""
    started = []

    def start(grace=10, short_life=3, **children):
        programs = {name: textwrap.dedent(text) for name, text in children.items()}
        code = MAIN.format(children=programs, grace=grace, short_life=short_life)
        environ = dict(os.environ, FOLDER=str(tmp_path), PYTHONPATH=str(ROOT))
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_child_that_never_comes_up_ends_it_with_its_name(supervise):
    process = supervise(broken="raise SystemExit(3)")
    assert "broken ends as soon as it is started" in process.communicate(timeout=60)[1]
    assert process.returncode == 1


def test_a_child_that_was_well_is_started_again(supervise, tmp_path):
    lives = """
        import os, time
        with open(os.environ["FOLDER"] + "/lives", "a") as file: file.write("x")
        time.sleep(0.2)
    """
    supervise(short_life=0.2, mortal=lives)
    until(lambda: (tmp_path / "lives").exists() and (tmp_path / "lives").read_text() == "xx", "a second life")


def test_a_child_that_does_not_end_is_killed_after_the_grace_time(supervise, tmp_path):
    deaf = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open(os.environ["FOLDER"] + "/up", "w").close()
        time.sleep(600)
    """
    process = supervise(grace=0.2, deaf=deaf)
    until(lambda: (tmp_path / "up").exists(), "the child")
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_child_hears_signals_as_if_started_by_hand(supervise, tmp_path):
    listening = """
        import os, signal, time
        signal.signal(signal.SIGTERM, lambda *_: open(os.environ["FOLDER"] + "/heard", "w").close() or os._exit(0))
        open(os.environ["FOLDER"] + "/up", "w").close()
        time.sleep(600)
    """
    process = supervise(listening=listening)
    until(lambda: (tmp_path / "up").exists(), "the child")
    process.terminate()
    process.communicate(timeout=60)
    assert (tmp_path / "heard").exists()


def test_a_large_log_file_is_moved_away_and_the_oldest_dropped(tmp_path):
    path = tmp_path / "utask.log"
    logfile.rotate(path)
    for number in range(5):
        path.write_text(str(number) * 10)
        logfile.rotate(path, largest_bytes=10, kept=3)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["utask.log.1", "utask.log.2", "utask.log.3"]
    assert [(tmp_path / f"utask.log.{number}").read_text()[0] for number in (1, 2, 3)] == ["4", "3", "2"]


def test_a_small_log_file_stays(tmp_path):
    path = tmp_path / "utask.log"
    path.write_text("small")
    logfile.rotate(path)
    assert path.read_text() == "small"
