"""Following one task until it is over: a line a change, a bar while it goes on.

News come as a stream of events where the server has one to spare, else by looking again and again.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from utask_cli.client import FINAL_STATES, Client
from utask_cli.tables import bar, one_line

#: Seconds between two looks where there is no stream: soon at first, then slower.
_SHORTEST, _LONGEST = 0.3, 3.0


def watch(
    client: Client, task_id: str, *, out: TextIO = sys.stdout, most_seconds: float | None = None
) -> dict[str, Any]:
    """The task as it ended (or is blocked, or as it is when ``most_seconds`` are over)."""
    until = None if most_seconds is None else time.monotonic() + most_seconds
    seen: dict[str, str] = {}
    for _ in _occasions(client, task_id, most_seconds):
        task = client.task(task_id)
        _tell(client, task, seen, out)
        is_late = until is not None and time.monotonic() > until
        if task["state"] in FINAL_STATES or task["state"] == "BLOCKED" or is_late:
            break
    if out.isatty():
        out.write("\n")
    return task


def _occasions(client: Client, task_id: str, most_seconds: float | None) -> Iterator[None]:
    """Moments at which it is worth to look again; without end."""
    yield
    yield from client.news(task_id, silent_seconds=most_seconds)
    pause = _SHORTEST
    while True:
        yield
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST)


def _tell(client: Client, task: dict[str, Any], seen: dict[str, str], out: TextIO) -> None:
    """Write what is new."""
    states = {"task": task["state"]}
    if task.get("resolution"):
        steps = client.resolution(task["resolution"]).get("steps") or {}
        states |= {f"step {name}": step.get("state", "TODO") for name, step in steps.items()}
    news = [(what, state) for what, state in states.items() if seen.get(what, "TODO") != state]
    seen.update(states)
    for what, state in news:
        line = one_line(f"{what}: {state}")
        out.write(f"\r\033[K{line}\n" if out.isatty() else f"{line}\n")
    if out.isatty():
        out.write(f"\r\033[K{bar(task['steps_done'], task['steps_total'])} {task['state']}")
    out.flush()
