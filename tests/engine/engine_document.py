"""The tables and diagrams of docs/engine.md, made from the engine's own tables.

``python -m tests.engine.engine_document`` writes them into the page, between ``begin NAME`` and ``end``.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.engine.lifecycle import (
    ACTS,
    BLOCKED,
    CUSTOM,
    GIVEABLE,
    RESOLUTION_MOVES,
    RETRIABLE,
    RUNNABLE,
    STEP_MOVES,
    TASK_STATE_AFTER,
)
from tasks.engine.outcome import ASKED_BY
from tasks.states import ResolutionState, StepState

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"
_PART = re.compile(r"(<!-- begin (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """The page with its tables made anew."""
    return _PART.sub(lambda found: f"{found[1]}{PARTS[found['name']]()}\n{found[3]}", page)


def step_states() -> str:
    asked = {state: outcome for states, outcome in ASKED_BY for state in states}
    rows = [
        (
            f"`{state}`",
            "yes" if state in RUNNABLE else "",
            "yes" if state in RETRIABLE else "",
            "yes" if state in GIVEABLE else "",
            f"`{asked[state]}`" if state in asked else "–",
        )
        for state in StepState
    ]
    rows.append(("*custom*", "", "", "yes", "–"))
    return _table(("state", "tried again", "by itself", "in `then`", "asks for"), rows)


def step_moves() -> str:
    rows = [(str(move.event), _states(move.before), _states(move.after)) for move in STEP_MOVES]
    return _table(("event", "from", "to"), rows)


def resolution_moves() -> str:
    rows = [(str(move.event), _states(move.before), _states(move.after)) for move in RESOLUTION_MOVES]
    return _table(("event", "from", "to"), rows)


def resolution_diagram() -> str:
    """The engine's own moves; the operator's are in a table of their own."""
    lines = ["```mermaid", "stateDiagram-v2"]
    own = [move for move in RESOLUTION_MOVES if move.event not in ACTS]
    for move in own:
        start = "any_but_finished" if len(move.before) > 3 else None
        for before in [start] if start else sorted(move.before):
            lines += [f"    {before} --> {after}: {move.event}" for after in sorted(move.after)]
    return "\n".join([*lines, "```"])


def acts() -> str:
    rows = [(str(act), _states(states)) for act, states in ACTS.items()]
    return _table(("act", "accepted while the resolution is"), rows)


def task_states() -> str:
    rows = [(f"`{resolution}`", f"`{task}`") for resolution, task in TASK_STATE_AFTER.items()]
    return _table(("resolution after a run", "task"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "step states": step_states,
    "step moves": step_moves,
    "resolution moves": resolution_moves,
    "resolution diagram": resolution_diagram,
    "acts": acts,
    "task states": task_states,
}

_SETS: tuple[tuple[str, frozenset[str]], ...] = (
    ("any", frozenset(ResolutionState)),
    ("any", frozenset(StepState) | {CUSTOM}),
    ("any but DONE, CANCELLED", frozenset(ResolutionState) - {"DONE", "CANCELLED"}),
    ("any but RUNNING, DONE, CANCELLED", frozenset(ResolutionState) - {"RUNNING", "DONE", "CANCELLED"}),
)


def _states(states: Iterable[str]) -> str:
    states = frozenset(states)
    for name, known in _SETS:
        if states == known:
            return name
    blocked = states >= BLOCKED and len(BLOCKED) > 1
    left = sorted(states - BLOCKED if blocked else states)
    return ", ".join([*(f"`{state}`" if state != CUSTOM else "*custom*" for state in left), *["`BLOCKED_*`"] * blocked])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
