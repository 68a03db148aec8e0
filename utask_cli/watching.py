"""Following one task until it is over: a line a change, a bar while it goes on."""

import sys
import time
from typing import Any, TextIO

from utask_cli.client import FINAL_STATES, Client
from utask_cli.tables import bar

#: Seconds between two looks: soon at first, then slower.
_SHORTEST, _LONGEST = 0.3, 3.0


def watch(
    client: Client, task_id: str, *, out: TextIO = sys.stdout, most_seconds: float | None = None
) -> dict[str, Any]:
    """The task as it ended (or is blocked, or as it is when ``most_seconds`` are over)."""
    until = None if most_seconds is None else time.monotonic() + most_seconds
    seen: dict[str, str] = {}
    pause = _SHORTEST
    while True:
        task = client.task(task_id)
        changed = _tell(client, task, seen, out)
        if task["state"] in FINAL_STATES or task["state"] == "BLOCKED" or (until and time.monotonic() > until):
            if out.isatty():
                out.write("\n")
            return task
        pause = _SHORTEST if changed else min(pause * 1.3, _LONGEST)
        time.sleep(pause)


def _tell(client: Client, task: dict[str, Any], seen: dict[str, str], out: TextIO) -> bool:
    """Write what is new; whether anything was."""
    states = {"task": task["state"]}
    if task.get("resolution"):
        steps = client.resolution(task["resolution"]).get("steps") or {}
        states |= {f"step {name}": step.get("state", "TODO") for name, step in steps.items()}
    news = [(what, state) for what, state in states.items() if seen.get(what, "TODO") != state]
    seen.update(states)
    for what, state in news:
        out.write(f"\r\033[K{what}: {state}\n" if out.isatty() else f"{what}: {state}\n")
    if out.isatty():
        out.write(f"\r\033[K{bar(task['steps_done'], task['steps_total'])} {task['state']}")
    out.flush()
    return bool(news)
