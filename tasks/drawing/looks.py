"""How a state looks, the same everywhere: a family (its colour) and a sign that tells it without colour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """``family`` is the class name that the style sheet colours; ``sign`` a single character."""

    family: str
    sign: str


_WAITS = Look("waits", "◔")
_RUNS = Look("runs", "▶")
_IDLE = Look("idle", "○")
_GOOD = Look("good", "✓")
_BAD = Look("bad", "✗")
_STOPPED = Look("stopped", "■")
_RETRIES = Look("retries", "↻")
_GONE = Look("gone", "–")
_HELD = Look("stopped", "‖")
_OWN = Look("own", "◆")

#: States of tasks, resolutions and steps together: a word means the same in all three.
LOOKS = {
    "TODO": _IDLE,
    "DELAYED": _WAITS,
    "TO_AUTORUN": _IDLE,
    "TO_AUTORUN_DELAYED": _WAITS,
    "AUTORUNNING": _RUNS,
    "RUNNING": _RUNS,
    "EXPANDED": _RUNS,
    "WAITING": _WAITS,
    "RETRY": _RETRIES,
    "TO_RETRY": _RETRIES,
    "RETRY_NOW": _RETRIES,
    "ERROR": _RETRIES,
    "SERVER_ERROR": Look("retries", "!"),
    "AFTERRUN_ERROR": Look("retries", "?"),
    "CLIENT_ERROR": _BAD,
    "FATAL_ERROR": Look("bad", "☠"),
    "CRASHED": Look("bad", "⚡"),
    "BLOCKED": _BAD,
    "PAUSED": _HELD,
    "CANCELLED": _STOPPED,
    "WONTFIX": Look("stopped", "⊘"),
    "DONE": _GOOD,
    "PRUNE": _GONE,
}


def look_of(state: str) -> Look:
    """The look of any state; a word of a template's author (a custom state) is a good end of its own."""
    if state.startswith("BLOCKED"):
        return _BAD
    return LOOKS.get(state, _OWN)
