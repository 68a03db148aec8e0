"""What must hold of all rows at any moment, asked of the whole database: nothing is stuck without its why.

Each rule is one query, or a few; ``violations`` finds what breaks them. Source: docs/running.md, "The doctor".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tasks.engine.lifecycle import BLOCKED, FINISHED, RUNNABLE, TASK_FINISHED, TASK_STATE_AFTER, WAKES_PARENT
from tasks.models import Batch, Callback, Resolution, ResourceSlot, Runner, Step, Task, clock
from tasks.states import ResolutionState as R
from tasks.states import StepState, TaskState

#: How long something that is due may wait for a runner.
PATIENCE = timedelta(seconds=60)
#: Of each rule so many are told.
_MOST = 100

#: These go on by themselves, so they must be due at some time.
_BY_ITSELF = (R.TO_AUTORUN, R.TO_AUTORUN_DELAYED, R.ERROR, R.CRASHED, R.AUTORUNNING, R.RETRY)
#: What a forced pause or a death leaves RUNNING is looked at by the next run.
_MAY_HAVE_CUT_OFF = (R.RUNNING, R.CRASHED, R.PAUSED, R.CANCELLED, R.BLOCKED_TOCHECK)
_UNFINISHED_STEPS = RUNNABLE | {StepState.RUNNING}


@dataclass(frozen=True)
class Violation:
    """One row that breaks a rule: which, what is wrong, and what to do about it."""

    rule: str
    row: str
    what: str
    mend: str = "Run the resolution by hand; if it happens again, it is a defect of the service."

    def __str__(self) -> str:
        return f"{self.rule}: {self.row}: {self.what} {self.mend}"


Rule = Callable[[], Iterator[Violation]]


def violations() -> list[Violation]:
    """Everything that is wrong now; what changes while the question is asked may be told although it is right."""
    return [violation for rule in RULES for violation in rule()]


def _unfinished() -> QuerySet[Resolution]:
    return Resolution.objects.exclude(state__in=FINISHED)


def _told(rows: QuerySet[Resolution], rule: str, what: str) -> Iterator[Violation]:
    for key, state in rows.values_list("public_id", "state")[:_MOST]:
        yield Violation(rule, f"resolution {key}", what.format(state=state))


def held_resolutions_run() -> Iterator[Violation]:
    rule = "holder"
    yield from _told(
        _unfinished().filter(state=R.RUNNING, runner__isnull=True), rule, "is {state}, but nobody holds it."
    )
    held = Resolution.objects.filter(runner__isnull=False)
    yield from _told(held.exclude(state=R.RUNNING), rule, "is held by a runner, but {state}.")
    yield from _told(held.filter(runner__ended__isnull=False), rule, "is {state}, held by a runner that has ended.")
    yield from _told(held.filter(due_at__isnull=False), rule, "is {state}, held by a runner and due as well.")


def whoever_waits_says_why() -> Iterator[Violation]:
    silent = _unfinished().exclude(state=R.RUNNING).filter(waiting_for="")
    yield from _told(silent, "why", "is {state} and does not say what it waits for.")
    steps = Step.objects.filter(state__in=_UNFINISHED_STEPS, waiting_for="").exclude(resolution__state__in=FINISHED)
    for key, name, state in steps.values_list("resolution_key", "name", "state")[:_MOST]:
        yield Violation("why", f"step {name} of {key}", f"is {state} and does not say what it waits for.")


def whatever_goes_on_by_itself_is_due() -> Iterator[Violation]:
    asleep = _unfinished().filter(state__in=_BY_ITSELF, due_at__isnull=True)
    yield from _told(asleep, "wake-up", "is {state}, but no time is set at which it goes on.")
    over = Resolution.objects.filter(due_at__isnull=False, state__in=FINISHED)
    yield from _told(over, "wake-up", "is {state}, but due.")


def wake_ups_are_heard() -> Iterator[Violation]:
    rule = "lost wake-up"
    sleeping = Resolution.objects.filter(state=R.WAITING, due_at__isnull=True)
    yield from _told(sleeping.filter(woken_at__isnull=False), rule, "is {state} and was woken, but is not due.")
    steps = Step.objects.filter(resolution=OuterRef("pk"), state=StepState.WAITING)
    yield from _told(sleeping.filter(~Exists(steps)), rule, "is {state}, but none of its steps waits.")
    ended = Task.objects.filter(public_id=OuterRef("link"), state__in=WAKES_PARENT)
    yield from _told(sleeping.filter(Exists(steps.filter(Exists(ended)))), rule, "is {state}, but its child has ended.")
    unfinished = Task.objects.filter(batch=OuterRef("pk")).exclude(state__in=TASK_FINISHED)
    batches = Batch.objects.filter(~Exists(unfinished), public_id=OuterRef("link"), started__gt=0)
    yield from _told(
        sleeping.filter(Exists(steps.filter(Exists(batches)))), rule, "is {state}, but its batch has ended."
    )
    called = Callback.objects.filter(public_id=OuterRef("link"), called__isnull=False)
    yield from _told(sleeping.filter(Exists(steps.filter(Exists(called)))), rule, "is {state}, but it was called back.")


def running_steps_have_a_holder() -> Iterator[Violation]:
    steps = Step.objects.filter(state=StepState.RUNNING).exclude(resolution__state__in=_MAY_HAVE_CUT_OFF)
    for key, name, state in steps.values_list("resolution_key", "name", "resolution__state")[:_MOST]:
        yield Violation("running step", f"step {name} of {key}", f"is RUNNING, but its resolution is {state}.")


def tasks_agree_with_their_resolutions() -> Iterator[Violation]:
    expected = {**TASK_STATE_AFTER, R.CANCELLED: TaskState.CANCELLED, R.RUNNING: TaskState.RUNNING}
    for state, task_state in expected.items():
        rows = Resolution.objects.filter(state=state).exclude(task__state=task_state)
        if state in (R.CRASHED, R.ERROR, *BLOCKED):
            # A delayed or extended one keeps the task's state until its run starts.
            rows = rows.exclude(
                task__state__in=(TaskState.BLOCKED, TaskState.TODO, TaskState.DELAYED, TaskState.WAITING)
            )
        for key, found in rows.values_list("public_id", "task__state")[:_MOST]:
            yield Violation("task's state", f"resolution {key}", f"is {state}, but its task is {found}.")


def due_resolutions_are_claimed() -> Iterator[Violation]:
    late = clock.now() - PATIENCE
    if not Runner.objects.filter(ended__isnull=True).exists():
        return
    waiting = Resolution.objects.filter(due_at__lt=late, runner__isnull=True).exclude(waiting_for__contains="slot")
    mend = "See whether runners of its region are at work and not all busy."
    for key, due_at in waiting.values_list("public_id", "due_at")[:_MOST]:
        yield Violation("unclaimed", f"resolution {key}", f"is due since {due_at:%Y-%m-%d %H:%M:%S}.", mend)


def dead_runners_are_noticed() -> Iterator[Violation]:
    silent = Runner.objects.filter(ended__isnull=True, heartbeat__lt=clock.now() - PATIENCE)
    for key, host, heartbeat in silent.values_list("pk", "host", "heartbeat")[:_MOST]:
        what = f"on {host} has not been heard of since {heartbeat:%Y-%m-%d %H:%M:%S}, and nobody has taken over."
        yield Violation("dead runner", f"runner {key}", what, "Start a runner: it takes over at once.")


def slots_are_held_by_who_runs() -> Iterator[Violation]:
    stray = ResourceSlot.objects.filter(Q(resolution__runner__isnull=True) | ~Q(resolution__runner=F("runner")))
    for name, key, step in stray.values_list("resource", "resolution__public_id", "step")[:_MOST]:
        what = f"holds a slot of {name} for {step or 'itself'}, but its holder does not run."
        yield Violation("slot", f"resolution {key}", what, "Delete the slot.")


RULES: tuple[Rule, ...] = (
    held_resolutions_run,
    whoever_waits_says_why,
    whatever_goes_on_by_itself_is_due,
    wake_ups_are_heard,
    running_steps_have_a_holder,
    tasks_agree_with_their_resolutions,
    due_resolutions_are_claimed,
    dead_runners_are_noticed,
    slots_are_held_by_who_runs,
)
