"""Starts our commands as real processes, looks at their family, and waits for what they note."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


def until(what: Callable[[], Any], describe: str) -> Any:
    """The first true answer of ``what``; fails after a minute."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {describe}")


class Command:
    """One ``manage.py`` command with an environment of its own, and everything it has started."""

    def __init__(self, *arguments: str, folder: Path, database: str, settings: str, **environ: str) -> None:
        self.folder = folder
        self.notes_file = folder / "notes"
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("UTASK_", "DJANGO_SETTINGS"))
        } | {
            "DJANGO_SETTINGS_MODULE": settings,
            "UTASK_VAR": str(folder / "var"),
            "DATABASE_URL": database,
            "STANDIN_NOTES": str(self.notes_file),
            **environ,
        }
        self.output = folder / "output"
        self._arguments = arguments
        self._seen: dict[int, psutil.Process] = {}

    def manage(self, *arguments: str) -> str:
        """Run another command to its end, in the same environment; what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=self.environ, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> "Command":
        """Start it in a session of its own."""
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self._arguments],
                env=self.environ,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_for(self, what: Callable[[], Any], describe: str) -> Any:
        """Like ``until``, but fails at once when the command has ended, with what it said."""
        return until(lambda: self._alive() and what(), describe)

    def _alive(self) -> bool:
        assert self.process.poll() is None, f"it ended: {self.output.read_text()[-3000:]}"
        return True

    def family(self) -> list[psutil.Process]:
        """The command and everything below it that lives."""
        try:
            top = psutil.Process(self.process.pid)
            family = [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            family = []
        self._seen.update({process.pid: process for process in family})
        return [process for process in family if is_running(process)]

    def by_name(self) -> dict[str, list[psutil.Process]]:
        """The family by the names of its members, at one moment."""
        found: dict[str, list[psutil.Process]] = {}
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                found.setdefault(process.name(), []).append(process)
        return found

    def named(self, name: str) -> list[psutil.Process]:
        """Those of the family that have this name."""
        return self.by_name().get(name, [])

    def left_over(self) -> list[psutil.Process]:
        """Those ever seen in the family that still live."""
        return [process for process in self._seen.values() if is_running(process)]

    def notes(self) -> list[tuple[str, int]]:
        """What the stand-ins have noted: event and pid."""
        lines = self.notes_file.read_text().splitlines() if self.notes_file.exists() else []
        return [(event, int(pid)) for event, pid in (line.split() for line in lines)]

    def noted(self, event: str) -> list[int]:
        """Pids that noted this event."""
        return [pid for noted, pid in self.notes() if noted == event]

    def wait_ended(self) -> int:
        """The exit status."""
        return self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """Whatever happened: nothing of it is left."""
        for process in self.family():
            process.kill()
        for process in self.left_over():
            process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """To the command alone."""
        os.kill(self.process.pid, number)


def is_running(process: psutil.Process) -> bool:
    """Whether the very same process lives; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
