"""What the processes of a cluster run in these tests: it notes in a file what happens to it.

The file is ``$STANDIN_NOTES``: a line for each event, ``EVENT PID``.
"""

import os
import time

from tasks.cluster import stopping


def note(event: str) -> None:
    """Add a line to the notes."""
    with open(os.environ["STANDIN_NOTES"], "a") as file:
        file.write(f"{event} {os.getpid()}\n")


def run() -> None:
    """A resident runner: it says that it runs, and ends when it is asked to."""
    note("running")
    if os.path.exists(os.environ["STANDIN_NOTES"] + ".deaf"):
        time.sleep(600)
    stopping.wait()
    note("ended")


def job(name: str) -> None:
    """An ordinary job."""
    note(name)


def long_job(name: str) -> None:
    """A job that takes until it is asked to stop."""
    note(f"{name}-began")
    stopping.wait()
    note(f"{name}-stopped")


def failing_job() -> None:
    """A job that fails with a secret in its words."""
    note("failing")
    raise ValueError("canary-secret\ncanary2")
