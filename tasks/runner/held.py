"""A resolution in hand: the engine's value, what of it is not written yet, and what is under way for it.

Only the coordinator's thread touches it.
"""

import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from actions import Context
from actions._contract import Requester
from actions._effects import Answering, Telling
from actions._registry import RegisteredAction
from tasks.engine.facts import TaskFacts
from tasks.engine.jobs import Call, Job
from tasks.engine.lifecycle import StepEvent
from tasks.engine.orders import Changes, Move, RunEnded
from tasks.engine.resolution import Resolution


@dataclass(frozen=True)
class Question:
    """An action that asked for an effect whose answer it needs: done and answered in the next flush."""

    job: Job
    call: Call
    action: RegisteredAction
    configuration: Any
    context: Context
    effect: Answering
    tellings: tuple[Telling, ...]
    #: From which the ids of what the effect makes are derived, so that doing it again makes the same.
    seed: uuid.UUID
    duration: timedelta


@dataclass(frozen=True)
class Answered:
    """A question whose answer the engine has taken in, though the transaction may have to be done again."""

    question: Question
    answer: Mapping[str, Any]
    #: How many of the unwritten effects that only tell were asked for before it.
    after: int


@dataclass(eq=False)
class Held:
    """One resolution that this runner holds, under one lease."""

    id: int
    key: uuid.UUID
    lease: int
    task_id: int
    task_key: uuid.UUID
    template_name: str
    parent_id: int | None
    facts: TaskFacts
    requester: Requester
    engine: Resolution
    #: Place of each step in the order of writing, for the rows.
    positions: Mapping[str, int]
    #: What each step made and follows: its ``link`` column.
    links: dict[str, uuid.UUID]
    #: Runners that died in a row while they held it.
    deaths: int = 0
    #: Steps whose child, batch or callback has come to an end; None: it was woken, but by nothing that is known.
    woken: frozenset[str] | None = None
    #: The wake-up that its run has seen; a later one asks for another run.
    woken_at: datetime | None = None
    #: It came from a runner that died.
    was_cut_off: bool = False
    #: Claimed, but its row does not say so yet.
    claimed: bool = False
    #: Claimed just now, and nothing done for it yet: all that is to be written is that it runs.
    only_started: bool = False
    #: Taken from the engine, but not written: the database was away.
    unwritten: Changes = field(default_factory=Changes)
    #: Jobs that the coordinator does itself, first come first served.
    quick: deque[Job] = field(default_factory=deque)
    questions: list[Question] = field(default_factory=list)
    #: Answered in a transaction that is not committed yet.
    answered: list[Answered] = field(default_factory=list)
    #: Steps that the engine has started, though no action has begun: their rows say TODO, and this is why.
    unbegun: dict[str, str] = field(default_factory=dict)
    #: Steps whose row must be written again, because they wait for something else now.
    restated: set[str] = field(default_factory=set)
    #: Effects that gave runs back, which must not be counted twice.
    given_back: dict[int, Telling] = field(default_factory=dict)
    ended: RunEnded | None = None

    def take_changes(self) -> Changes:
        """All that is to be written; stays in ``unwritten`` until ``written`` is called."""
        self.unwritten = merged(self.unwritten, self.engine.take_changes())
        return self.unwritten

    def written(self) -> None:
        """What was taken is committed."""
        self.unwritten = only_steps(self.unwritten) if self.only_started and not self.ended else Changes()
        self.answered = []
        self.restated = set()
        self.claimed = self.only_started = False

    def unwritten_results(self) -> list[str]:
        """Steps whose result is not written."""
        moves = self.take_changes().journal
        return [move.step for move in moves if move.kind == "step" and move.event == StepEvent.ENDED]


def merged(first: Changes, then: Changes) -> Changes:
    """Both as one: what came later replaces what came before."""
    if not first:
        return then
    if not then:
        return first
    kept = {name: step for name, step in first.steps.items() if name not in then.deleted}
    journal = _joined(first.journal, then.journal)
    return Changes(
        steps={**kept, **then.steps},
        deleted=first.deleted | then.deleted,
        resolution={**first.resolution, **then.resolution},
        task={**first.task, **then.task},
        journal=journal,
        effects=first.effects + then.effects,
    )


def without_steps(changes: Changes) -> Changes:
    """What is written when a run starts: that it does."""
    return replace(changes, steps={}, journal=tuple(move for move in changes.journal if move.kind != "step"))


def only_steps(changes: Changes) -> Changes:
    """The rest: steps that were started, of which nobody has to know before something came of them."""
    steps_moves = tuple(move for move in changes.journal if move.kind == "step")
    return replace(changes, resolution={}, task={}, journal=steps_moves)


def _joined(first: Sequence[Move], then: Sequence[Move]) -> tuple[Move, ...]:
    """A start that was not written yet and its end are one line, as the engine joins them."""
    started = {move.step: place for place, move in enumerate(first) if move.event == StepEvent.STARTED}
    if not started:
        return (*first, *then)
    lines: list[Move | None] = list(first)
    for move in then:
        place = started.pop(move.step, None) if move.kind == "step" else None
        if place is not None:
            move = replace(move, before=first[place].before)
            lines[place] = None
        lines.append(move)
    return tuple(move for move in lines if move is not None)
