"""What a process that is killed leaves running is killed after it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

#: Runs one program after the other: each writes its process and that of a child, then waits for a line of its input.
MAKER = """
import sys, threading, os
from pathlib import Path
from actions._cancellation import Cancellation
from actions import _undertaker
from actions._processes import run_program

watch = _undertaker.Undertaker.watch
def watch_and_say(self, group):
    watch(self, group)
    Path(f"watched-{group}").touch()
_undertaker.Undertaker.watch = watch_and_say

def run(name, text):
    ended = run_program(["/bin/sh", "-c", text], folder=Path("."), environment={"OUT": name}, stdin=b"", seconds=None,
                        max_output_bytes=1000, cancelled=Cancellation())
    Path(name + ".ended").write_text(str(ended.code))

for line in sys.stdin:
    name, text = line.rstrip("\\n").split(" ", 1)
    if name == "fork":
        # A process that is forked and goes on to live.
        if os.fork() == 0:
            os.close(0)
            Path("forked").write_text(str(os.getpid()))
            threading.Event().wait()
    else:
        threading.Thread(target=run, args=(name, text)).start()
"""
#: A child that a kill of its parent alone would leave.
TWO = 'sleep 1000 & echo "$$ $!" > "$OUT.new"; mv "$OUT.new" "$OUT"; wait'


class Maker:
    """A process that runs programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAKER],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name} {text}\n")
        self.process.stdin.flush()

    def begun(self, name: str) -> list[psutil.Process]:
        """Run a program; its two processes, once they are there and the undertaker was told."""
        self.run(name, TWO)
        until((self.folder / name).exists)
        leader, child = (int(pid) for pid in (self.folder / name).read_text().split())
        until((self.folder / f"watched-{leader}").exists)
        return [psutil.Process(leader), psutil.Process(child)]

    def undertaker(self, *, after: int = 0) -> psutil.Process:
        """The one that is at work, once there is one; another than that with the pid ``after``."""
        found: list[psutil.Process] = []

        def look() -> bool:
            children = psutil.Process(self.process.pid).children()
            found[:] = [child for child in children if child.pid != after and "-I" in words_of(child)]
            return len(found) == 1

        until(look)
        return found[0]


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; empty for one that is no more."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def until(happened: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[Maker]:
    made = Maker(tmp_path)
    yield made
    for child in psutil.Process(made.process.pid).children(recursive=True) if made.process.poll() is None else []:
        child.kill()
    made.process.kill()
    made.process.communicate()


def test_all_programs_of_a_killed_process_end_with_all_that_they_started(maker: Maker) -> None:
    running = [process for name in ("one", "two", "three") for process in maker.begun(name)]
    undertaker = maker.undertaker()
    assert len(running) == 6
    assert all(map(is_alive, running))
    maker.process.kill()
    until(lambda: not any(map(is_alive, running)))
    until(lambda: not is_alive(undertaker))


def test_what_has_ended_is_not_looked_for_any_more(maker: Maker) -> None:
    running = maker.begun("long")
    # A program that sets something free and ends: that is meant to live on.
    free_one = 'echo "$$" > "$OUT.new"; mv "$OUT.new" "$OUT"; exec sleep 1000'
    maker.run("short", f"setsid sh -c '{free_one}' & while [ ! -e short ]; do sleep 0.01; done")
    until((maker.folder / "short.ended").exists)
    [free] = [psutil.Process(int(pid)) for pid in (maker.folder / "short").read_text().split()]
    maker.process.kill()
    until(lambda: not any(map(is_alive, running)))
    assert is_alive(free)
    free.kill()


def test_a_killed_undertaker_has_a_successor_that_knows_of_all(maker: Maker) -> None:
    running = maker.begun("one")
    first = maker.undertaker()
    first.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(first))
    running += maker.begun("two")
    maker.undertaker(after=first.pid)
    assert all(map(is_alive, running))
    maker.process.kill()
    until(lambda: not any(map(is_alive, running)))


def test_a_forked_child_does_not_keep_the_programs_of_its_parent_alive(maker: Maker) -> None:
    running = maker.begun("one")
    maker.run("fork", "now")
    until((maker.folder / "forked").exists)
    child = psutil.Process(int((maker.folder / "forked").read_text()))
    maker.process.kill()
    until(lambda: not any(map(is_alive, running)))
    assert is_alive(child)
    child.kill()


def test_an_undertaker_ends_with_a_process_that_ends_by_itself(maker: Maker) -> None:
    maker.run("one", "true")
    until((maker.folder / "one.ended").exists)
    undertaker = maker.undertaker()
    maker.process.communicate()
    assert maker.process.returncode == 0
    until(lambda: not is_alive(undertaker))
