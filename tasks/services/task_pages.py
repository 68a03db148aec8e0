"""What the page of one task shows of its steps, as far as somebody may see it. Plain values out."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.engine.documents import step_document
from tasks.engine.foreach import child_definition
from tasks.engine.gotemplate import loads
from tasks.models import Batch, Callback, Resolution, Step, Task
from tasks.services import journal_pages, permissions, secrets, steps, tasks, templates
from tasks.services.actors import Actor
from tasks.services.errors import NotFound
from tasks.services.journal_pages import Told
from tasks.services.permissions import Operation
from tasks.services.task_graph import children_by_state
from tasks.states import StepState, TaskState

#: What is listed at most; the rest is counted.
MOST_CHILDREN, MOST_ENTRIES = 200, 100
#: Masking a shorter secret would spoil texts that only look like it.
_SHORTEST_SECRET = 3
#: Keys of a step's document that say what happened, not what was written.
_RUN_TIME = frozenset({"last_run", "tags"})


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in a list. ``children``: how many of a loop are in each state."""

    name: str
    state: str
    description: str = ""
    action: str = ""
    tries: int = 0
    last_run: datetime | None = None
    error: str = ""
    waiting_for: str = ""
    children: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepView:
    """Everything of one step; what is None or empty is not there, or not for this reader."""

    line: StepLine
    parent: str | None
    definition: Mapping[str, Any]
    configuration: Any
    output: Any
    metadata: Any
    item: Any
    #: What the children of a loop brought, once they are collected.
    collected: Any
    has_details: bool
    children: Sequence[StepLine]
    more_children: int
    entries: Sequence[Told]
    due_at: datetime | None
    made_task: Task | None
    #: Public id of the batch it makes.
    made_batch: uuid.UUID | None
    #: States that may be given by hand.
    states: Sequence[str]


def may_see_details(actor: Actor, task: Task) -> bool:
    """Whether outputs, configurations and resolver inputs are for this reader."""
    return permissions.may(actor, Operation.READ_DETAILS, task, tasks.resolution_of(task))


def step_lines(task: Task) -> list[StepLine]:
    """The steps in order of writing, loops with their children counted. Two queries."""
    resolution = tasks.resolution_of(task)
    if resolution is None:
        return [
            StepLine(name, StepState.TODO, step.description, step.action.type)
            for name, step in templates.definition_of(task.version_id).steps.items()
        ]
    definition = steps.definition_of(resolution)
    own = resolution.steps.filter(parent__isnull=True)
    rows = {row.name: row for row in own.defer("output", "metadata", "children", "item", "configuration", "definition")}
    children = children_by_state(resolution)
    return [
        _line(name, step.description, step.action.type, rows.get(name), children.get(name, {}))
        for name, step in definition.steps.items()
    ]


def _line(name: str, description: str, action: str, row: Step | None, children: Mapping[str, int]) -> StepLine:
    if row is None:
        return StepLine(name, StepState.TODO, description, action)
    return StepLine(
        name, row.state, description, action, row.try_count, row.last_run, row.error or "", row.waiting_for, children
    )


def step_view(actor: Actor, task: Task, name: str) -> StepView:
    """One step, or one child of a loop, for one who may read the task. Raises NotFound."""
    resolution = tasks.resolution_of(task)
    definition = steps.definition_of(resolution) if resolution else templates.definition_of(task.version_id)
    row = resolution.steps.filter(name=name).first() if resolution else None
    parent = row.parent if row else None
    written = definition.steps.get(parent if parent is not None else name)
    if written is None:
        raise NotFound(f"no such step: {name}")
    if parent is not None and row is not None:
        written = child_definition(written, row.position)
    details = may_see_details(actor, task)
    document = {key: value for key, value in step_document(written).items() if key not in _RUN_TIME and value}
    listed, more = _children(resolution, name) if resolution else ([], 0)
    link = row.link if row else None
    return StepView(
        line=_line(name, written.description, written.action.type, row, {}),
        parent=parent,
        definition=document,
        configuration=_masked_configuration(task, resolution, row) if details else None,
        output=_read(row.output) if row and details else None,
        metadata=_read(row.metadata) if row and details else None,
        item=_read(row.item) if row and details else None,
        collected=_read(row.children) if row and details else None,
        has_details=details,
        children=listed,
        more_children=more,
        entries=journal_pages.newest_of_journal(actor, task, size=MOST_ENTRIES, step=name),
        due_at=row.due_at if row else None,
        made_task=Task.objects.filter(public_id=link).first() if link else None,
        made_batch=Batch.objects.filter(public_id=link).values_list("public_id", flat=True).first() if link else None,
        states=steps.states_by_hand(definition, written),
    )


def _children(resolution: Resolution, name: str) -> tuple[list[StepLine], int]:
    rows = resolution.steps.filter(parent=name).defer("output", "metadata", "configuration").order_by("position")
    listed = [_line(row.name, "", "", row, {}) for row in rows[: MOST_CHILDREN + 1]]
    more = rows.count() - MOST_CHILDREN if len(listed) > MOST_CHILDREN else 0
    return listed[:MOST_CHILDREN], more


def _masked_configuration(task: Task, resolution: Resolution | None, row: Step | None) -> Any:
    """The configuration of the last try, every value of a password input in it replaced."""
    if row is None or resolution is None or row.configuration is None:
        return None
    definition = templates.definition_of(task.version_id)
    found = secrets.values_of(definition.inputs, loads(task.input))
    found |= secrets.values_of(definition.resolver_inputs, loads(resolution.resolver_input))
    longest_first = sorted((text for text in found if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)
    return _without(loads(row.configuration), longest_first)


def _without(value: Any, texts: Iterable[str]) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, secrets.MASK)
        return value
    if isinstance(value, Mapping):
        return {key: _without(each, texts) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without(each, texts) for each in value]
    return value


def children_of(task: Task) -> tuple[list[Task], int]:
    """The tasks that this one made, newest first, and how many there are: rights on it give sight of them."""
    resolution = tasks.resolution_of(task)
    if resolution is None:
        return [], 0
    made = Task.objects.filter(parent=resolution).defer("input", "result").select_related("template")
    listed = list(made.order_by("-id")[:MOST_CHILDREN])
    return listed, made.count() if len(listed) == MOST_CHILDREN else len(listed)


def waiting_callbacks(actor: Actor, task: Task) -> list[Callback]:
    """Callbacks that nobody has answered yet, for those who may see the steps' outputs, where their tokens stand."""
    resolution = tasks.resolution_of(task)
    if resolution is None or task.state not in (TaskState.RUNNING, TaskState.WAITING, TaskState.BLOCKED):
        return []
    if not may_see_details(actor, task):
        return []
    return list(resolution.callbacks.filter(called=None)[:MOST_CHILDREN])


def _read(text: str | None) -> Any:
    return None if text is None else loads(text)
