"""What hand-written code on the same database can do, with rows of the same size: the measure for the runner.

``group_commit``: 100 tasks at once, one transaction a tick. ``commit_per_step``: a transaction for each step. Both
encode, encrypt and journal as the runner does; neither has an engine, templates, leases or retries.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from django.db import transaction

from tasks.engine.orders import Move
from tasks.engine.steps import Step
from tasks.models import Resolution
from tasks.runner import rows
from tasks.runner.held import Held
from tasks.runner.rows import Sealer


@dataclass(frozen=True)
class Target:
    """A resolution whose steps are written."""

    id: int
    key: uuid.UUID
    task_id: int


def group_commit(targets: Sequence[Target], names: Sequence[str], output: Any, *, at_once: int = 100) -> None:
    """All steps of all targets, ``at_once`` targets in hand."""
    for first in range(0, len(targets), at_once):
        part = targets[first : first + at_once]
        for name in names:
            with transaction.atomic():
                _write([(target, name) for target in part], output)


def commit_per_step(targets: Sequence[Target], names: Sequence[str], output: Any) -> None:
    """All steps of all targets, one after the other."""
    for target in targets:
        for name in names:
            with transaction.atomic():
                _write([(target, name)], output)


def _write(steps: Sequence[tuple[Target, str]], output: Any) -> None:
    sealer = Sealer()
    now = datetime.now(UTC)
    written = [rows.step_row(_held(target), _step(name, output, now), sealer) for target, name in steps]
    journal = [
        rows.journal_row(target.task_id, Move("step", "try ended", "TODO", "DONE", now, name, 1), sealer)
        for target, name in steps
    ]
    rows.STEP.upsert(sealer.sealed(written), ("resolution_id", "name"))
    rows.JOURNAL.insert(sealer.sealed(journal))


def _held(target: Target) -> Held:
    return cast(Held, SimpleNamespace(id=target.id, key=target.key, positions={}, links={}))


def _step(name: str, output: Any, now: datetime) -> Step:
    return Step(name=name, state="DONE", output=output, configuration={"output": output}, try_count=1, last_run=now)


def targets_of(tasks: Sequence[int]) -> Iterator[Target]:
    """The resolutions of these tasks."""
    for id, key, task_id in Resolution.objects.filter(task_id__in=tasks).values_list("pk", "public_id", "task_id"):
        yield Target(id, key, task_id)
