"""How long the pure engine takes for one event, as the number of steps grows: it must not grow with them.

Only ``advance`` and ``take_changes`` are measured: no rendering, no action, no database.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import perf_counter

from tasks.engine.definition import ActionDefinition, Dependency, StepDefinition, TemplateDefinition
from tasks.engine.events import Event, JobEnded, RunStarted
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.jobs import Attempt, Job, JobKind, Listed
from tasks.engine.orders import RunJob
from tasks.engine.resolution import Resolution, advance
from tasks.engine.simulation import EPOCH
from tasks.states import ResolutionState

SIZES = (100, 1_000, 10_000)
_ECHO = ActionDefinition("echo", {"output": {}})


def run(sizes: Sequence[int] = SIZES, repeats: int = 3) -> str:
    """The report: for each shape and size the median of ``repeats``."""
    lines = [f"{'shape':10}{'steps':>8}{'µs/event':>10}{'total ms':>10}"]
    for shape, make in SHAPES.items():
        for size in sizes:
            seconds, events = zip(*(_measured(make(size), size) for _ in range(repeats)), strict=True)
            total = median(seconds)
            lines.append(f"{shape:10}{size:>8}{total / events[0] * 1e6:>10.1f}{total * 1e3:>10.1f}")
    return "\n".join(lines)


def chain(size: int) -> TemplateDefinition:
    """Each step waits for the one before."""
    return _template(
        StepDefinition(f"s{n}", _ECHO, dependencies=(Dependency(f"s{n - 1}"),) if n else ()) for n in range(size)
    )


def fan_out(size: int) -> TemplateDefinition:
    """One step, then all others at once, then one that waits for them all."""
    middle = [StepDefinition(f"s{n}", _ECHO, dependencies=(Dependency("first"),)) for n in range(size - 2)]
    last = StepDefinition("last", _ECHO, dependencies=tuple(Dependency(step.name) for step in middle))
    return _template([StepDefinition("first", _ECHO), *middle, last])


def foreach(size: int) -> TemplateDefinition:
    """A loop of so many children, and a step that waits for it."""
    loop = StepDefinition("loop", _ECHO, foreach="[]")
    return _template([loop, StepDefinition("after", _ECHO, dependencies=(Dependency("loop"),))])


SHAPES: dict[str, Callable[[int], TemplateDefinition]] = {"chain": chain, "fan-out": fan_out, "foreach": foreach}


def _template(steps: Iterable[StepDefinition]) -> TemplateDefinition:
    return TemplateDefinition("bench", "bench", "bench", steps={step.name: step for step in steps})


def _measured(definition: TemplateDefinition, size: int) -> tuple[float, int]:
    """Seconds for a whole run, and how many events it took."""
    begun = perf_counter()
    resolution = Resolution(
        definition,
        facts=TaskFacts("task", EPOCH, EPOCH, "requester"),
        inputs={},
        resolver_inputs={},
        task=TaskFields(),
        fields=ResolutionFields(),
        installation=Installation(pure_actions=frozenset({"echo"})),
    )
    events: deque[Event] = deque([RunStarted()])
    taken = 0
    while events:
        orders = advance(resolution, events.popleft(), EPOCH)
        resolution.take_changes()
        taken += 1
        events.extend(_ended(order.job, size) for order in orders if isinstance(order, RunJob))
    seconds = perf_counter() - begun
    if resolution.fields.state != ResolutionState.DONE:
        raise AssertionError(f"the bench ended in {resolution.fields.state}")
    return seconds, taken


def _ended(job: Job, size: int) -> JobEnded:
    outcome = Listed(items=list(range(size))) if job.kind is JobKind.LIST else Attempt("DONE", output={"n": 1})
    return JobEnded(job.serial, job.step, outcome)
