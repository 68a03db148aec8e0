"""What changed since the runner last took it: whole step values, single fields, and the journal of moves."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from tasks.engine.facts import ResolutionFields, TaskFields
from tasks.engine.lifecycle import StepEvent, resolution_may_move
from tasks.engine.orders import Changes, Move
from tasks.engine.steps import Step


class Record:
    """Collects changes; the present ``task`` and ``fields`` are kept here too, since each change of them is one."""

    def __init__(self, task: TaskFields, resolution: ResolutionFields) -> None:
        self.task = task
        self.resolution = resolution
        self._steps: dict[str, Step] = {}
        self._deleted: set[str] = set()
        self._resolution_fields: dict[str, Any] = {}
        self._task_fields: dict[str, Any] = {}
        self._journal: list[Move | None] = []
        self._started: dict[str, int] = {}  # where in the journal a step's start stands
        self._effects: list[tuple[str, Any]] = []

    def step(self, step: Step) -> None:
        self._steps[step.name] = step

    def step_deleted(self, name: str) -> None:
        self._steps.pop(name, None)
        self._deleted.add(name)

    def effects(self, step: str, effects: tuple[Any, ...]) -> None:
        self._effects.extend((step, effect) for effect in effects)

    def step_moved(
        self,
        step: str,
        event: StepEvent,
        before: str,
        after: str,
        at: datetime,
        *,
        attempt: int | None = None,
        duration: timedelta | None = None,
        detail: str = "",
    ) -> None:
        # A start that nobody has seen yet and its end are one line: before -> after, with the duration.
        unseen = self._started.pop(step, None)
        if unseen is not None:
            start = self._journal[unseen]
            self._journal[unseen] = None
            before = before if start is None else start.before
        if event is StepEvent.STARTED:
            self._started[step] = len(self._journal)
        self._journal.append(Move("step", event, before, after, at, step, attempt, duration, detail))

    def note(self, step: str, event: str, state: str, at: datetime, detail: str = "") -> None:
        """A line about a step that did not change its state."""
        self._journal.append(Move("step", event, state, state, at, step, detail=detail))

    def move_resolution(self, event: str, at: datetime, **changes: Any) -> None:
        """Change fields of the resolution; a new ``state`` among them is a line of the journal.

        Raises AssertionError for a move that the table of ``lifecycle.py`` does not have.
        """
        before = self.resolution
        self.resolution = replace(before, **changes)
        _note_changes(before, self.resolution, self._resolution_fields)
        if self.resolution.state != before.state:
            if not resolution_may_move(event, before.state, self.resolution.state):
                raise AssertionError(f"{event} cannot lead from {before.state} to {self.resolution.state}")
            started = before.last_start if before.state == "RUNNING" else None
            duration = None if started is None else at - started
            self._journal.append(Move("resolution", event, before.state, self.resolution.state, at, duration=duration))

    def move_task(self, event: str, at: datetime, **changes: Any) -> None:
        """Change fields of the task; a new ``state`` among them is a line of the journal."""
        before = self.task
        self.task = replace(before, **changes)
        _note_changes(before, self.task, self._task_fields)
        if self.task.state != before.state:
            self._journal.append(Move("task", event, before.state, self.task.state, at))

    def take(self) -> Changes:
        """Everything since the last call."""
        changes = Changes(
            steps=self._steps,
            deleted=frozenset(self._deleted),
            resolution=self._resolution_fields,
            task=self._task_fields,
            journal=tuple(move for move in self._journal if move is not None),
            effects=tuple(self._effects),
        )
        self._steps, self._deleted = {}, set()
        self._resolution_fields, self._task_fields = {}, {}
        self._journal, self._started, self._effects = [], {}, []
        return changes


def _note_changes(
    before: ResolutionFields | TaskFields, after: ResolutionFields | TaskFields, into: dict[str, Any]
) -> None:
    for field in fields(after):
        value = getattr(after, field.name)
        if value is not getattr(before, field.name):
            into[field.name] = value
