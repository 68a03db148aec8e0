"""What the steps of one task did when, read from its journal: plain values for whoever draws a time line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tasks.models import JournalEntry, JournalKind, Task
from tasks.states import StepState

#: Entries that are looked at: a run of a hundred thousand children is not drawn child by child.
_MOST_ENTRIES = 5000
#: Rows of a picture; children of loops are left out beyond.
MOST_ROWS = 60
#: States that last: the step is at it, or held up.
_LASTING = frozenset(
    {StepState.RUNNING, StepState.WAITING, StepState.EXPANDED, StepState.TO_RETRY, StepState.SERVER_ERROR}
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``start`` to ``end`` (None: still) the step was in ``state``, or came to it with this try."""

    step: str
    start: datetime
    end: datetime | None
    state: str
    note: str = ""


def timeline_of_task(task: Task, *, is_over: bool) -> Sequence[Stretch]:
    """The stretches of all steps, in order of their start. One query. ``is_over``: nothing of it goes on."""
    entries = (
        JournalEntry.objects.filter(task=task, kind=JournalKind.STEP)
        .order_by("pk")
        .values_list("step", "at", "after", "attempt", "duration")[:_MOST_ENTRIES]
    )
    found = sorted(_stretches(entries, is_over=is_over), key=lambda stretch: stretch.start)
    rows = dict.fromkeys(stretch.step for stretch in found)
    if len(rows) <= MOST_ROWS:
        return found
    kept = set(list(rows)[:MOST_ROWS])
    return [stretch for stretch in found if stretch.step in kept]


def _stretches(
    entries: Iterable[tuple[str, datetime, str, int | None, timedelta | None]], *, is_over: bool
) -> Iterator[Stretch]:
    open_by_step: dict[str, Stretch] = {}
    for step, at, after, attempt, duration in entries:
        note = f"try {attempt}" if attempt else ""
        before = open_by_step.pop(step, None)
        start = at - duration if duration is not None else at
        if before is not None and before.state == StepState.RUNNING:
            # What was running came to this state.
            yield replace(before, end=at, state=after, note=note or before.note)
        else:
            if before is not None:
                yield replace(before, end=max(start, before.start))
            if after != StepState.RUNNING and (duration is not None or after not in _LASTING):
                yield Stretch(step, start, at, after, note)
        if after in _LASTING:
            open_by_step[step] = Stretch(step, at, None, after, note)
    for stretch in open_by_step.values():
        if not is_over:
            yield stretch
