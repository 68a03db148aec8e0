"""Rows to engine values, and engine values to rows: the only place that turns one into the other."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actions._contract import Requester
from tasks import models
from tasks.crypto import cipher
from tasks.engine.definition import TemplateDefinition
from tasks.engine.documents import step_document, stored_step
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.gotemplate import dumps, loads
from tasks.engine.lifecycle import TASK_FINISHED, WAKES_PARENT, is_final
from tasks.engine.orders import Move
from tasks.engine.resolution import Resolution as ResolutionValue
from tasks.engine.steps import Step as StepValue
from tasks.models import Batch, Callback, JournalEntry, MemberKind, MemberRole, Resolution, Task, TaskMember
from tasks.models.fields import context_of
from tasks.runner.claims import Claimed
from tasks.runner.held import Held
from tasks.runner.reading import columns_of, instances, select_in
from tasks.runner.statements import Table
from tasks.services import templates
from tasks.services.installation import installation
from tasks.services.steps import definition_of
from tasks.states import TaskState

STEP = Table(
    models.Step,
    (
        "resolution_id",
        "name",
        "resolution_key",
        "position",
        "parent",
        "state",
        "item",
        "output",
        "metadata",
        "children",
        "error",
        "configuration",
        "definition",
        "tags",
        "link",
        "try_count",
        "rounds",
        "max_retries",
        "last_run",
        "due_at",
        "prior_state",
        "given_state",
        "waiting_for",
    ),
)
JOURNAL = Table(
    JournalEntry,
    (
        "task_id",
        "at",
        "kind",
        "event",
        "step",
        "before",
        "after",
        "attempt",
        "duration",
        "actor",
        "address",
        "detail",
        "key",
    ),
)


_STEPS = (
    f"SELECT {columns_of(models.Step, 's')} FROM tasks_step s"  # noqa: S608 - columns of our own
    " WHERE s.resolution_id {ids} ORDER BY s.resolution_id, s.position, s.id"
)
_MEMBERS = (
    f"SELECT {columns_of(TaskMember, 'm')} FROM tasks_taskmember m"  # noqa: S608 - columns of our own
    " WHERE m.task_id {ids} ORDER BY m.id"
)
_TAGS = "SELECT task_id, key, value FROM tasks_tasktag WHERE task_id {ids} ORDER BY key"

_UNFINISHED = frozenset(TaskState) - TASK_FINISHED


class Sealer:
    """Gathers what is to be encrypted, so that one call seals it all; rows hold places until then."""

    def __init__(self) -> None:
        self._values: list[tuple[bytes, str]] = []
        self._sealed: list[bytes] = []

    def place(self, model: type[Any], column: str, row: str, text: str | None) -> "Place | None":
        """Where the sealed text will be; None for None."""
        if text is None:
            return None
        self._values.append((text.encode(errors="surrogatepass"), context_of(model, column, row)))
        return Place(len(self._values) - 1)

    def sealed(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """The rows with every place filled."""
        tokens = self._tokens()
        return [tuple(tokens[value] if type(value) is Place else value for value in row) for row in rows]

    def _tokens(self) -> list[bytes]:
        if self._values:
            self._sealed = cipher.encrypt_many(self._values)
            self._values = []
        return self._sealed


class Place(int):
    """Number of a value that a ``Sealer`` holds."""


def step_row(held: Held, step: StepValue, sealer: Sealer) -> tuple[Any, ...]:
    """One row of ``STEP``."""
    name, key = step.name, held.key
    row = f"{key}/{name}"

    def sealed(column: str, value: Any) -> Place | None:
        return None if value is None else sealer.place(models.Step, column, row, dumps(value))

    return (
        held.id,
        name,
        key,
        held.positions.get(name, 0) if step.index is None else step.index,
        step.loop,
        str(step.state),
        sealed("item", step.item),
        sealed("output", step.output),
        sealed("metadata", step.metadata),
        sealed("children", step.children),
        sealer.place(models.Step, "error", row, step.error or None),
        sealed("configuration", step.configuration),
        None
        if step.definition is None
        else sealer.place(models.Step, "definition", row, dumps(step_document(step.definition, name=name))),
        sealed("tags", dict(step.tags) or None),
        held.links.get(name),
        step.try_count,
        step.rounds,
        step.max_retries,
        step.last_run,
        step.due_at,
        str(step.prior_state),
        str(step.given_state),
        step.waiting,
    )


def journal_row(task_id: int, move: Move, sealer: Sealer) -> tuple[Any, ...]:
    """One row of ``JOURNAL``."""
    key = uuid.uuid4() if move.detail else None
    return (
        task_id,
        move.at,
        move.kind,
        str(move.event),
        move.step,
        str(move.before),
        str(move.after),
        move.attempt,
        move.duration,
        "",
        "",
        sealer.place(JournalEntry, "detail", str(key), dumps(move.detail)) if move.detail else None,
        key,
    )


def load(claimed: Sequence[Claimed]) -> list[Held]:
    """What the engine needs of each of these. A bounded number of queries."""
    ours = installation()
    members = _members([each.row.task_id for each in claimed if each.has_members])
    tags = _tags([each.row.task_id for each in claimed if each.has_tags])
    steps = _steps([each.row.pk for each in claimed if each.has_steps])
    resolutions = [each.row for each in claimed]
    woken = _woken([row.pk for row in resolutions if row.woken_at is not None], steps)
    return [
        _held(row, members[row.task_id], tags[row.task_id], steps[row.pk], woken.get(row.pk), ours)
        for row in resolutions
    ]


def _woken(resolutions: Sequence[int], steps: Mapping[int, Sequence[models.Step]]) -> Mapping[int, frozenset[str]]:
    """Of resolutions that were woken: the unfinished steps whose child, batch or callback has come to an end."""
    links = {
        step.link: (id, step.name)
        for id in resolutions
        for step in steps[id]
        if step.link is not None and not is_final(step.state)
    }
    if not links:
        return {}
    over = Batch.objects.filter(public_id__in=links).exclude(tasks__state__in=_UNFINISHED)
    ended = {
        *Task.objects.filter(public_id__in=links, state__in=WAKES_PARENT).values_list("public_id", flat=True),
        *Callback.objects.filter(public_id__in=links, called__isnull=False).values_list("public_id", flat=True),
        *over.values_list("public_id", flat=True),
    }
    found: defaultdict[int, set[str]] = defaultdict(set)
    for link in ended:
        resolution, name = links[link]
        found[resolution].add(name)
    return {resolution: frozenset(names) for resolution, names in found.items()}


def _steps(resolutions: Sequence[int]) -> defaultdict[int, list[models.Step]]:
    found: defaultdict[int, list[models.Step]] = defaultdict(list)
    for step in instances(models.Step, select_in(_STEPS, resolutions) if resolutions else ()):
        found[step.resolution_id].append(step)
    return found


def _members(tasks: Sequence[int]) -> defaultdict[int, list[TaskMember]]:
    found: defaultdict[int, list[TaskMember]] = defaultdict(list)
    for member in instances(TaskMember, select_in(_MEMBERS, tasks) if tasks else ()):
        found[member.task_id].append(member)
    return found


def _tags(tasks: Sequence[int]) -> defaultdict[int, dict[str, str]]:
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for task_id, key, value in select_in(_TAGS, tasks) if tasks else ():
        found[task_id][key] = value
    return found


def _held(
    row: Resolution,
    members: Sequence[TaskMember],
    tags: Mapping[str, str],
    steps: Sequence[models.Step],
    woken: frozenset[str] | None,
    ours: Installation,
) -> Held:
    task = row.task
    definition = definition_of(row)
    facts = task_facts(row, members)
    running = ResolutionValue(
        definition,
        facts=facts,
        inputs=loads(task.input),
        resolver_inputs=loads(row.resolver_input),
        task=TaskFields(
            state=task.state,
            title=task.title,
            tags=tags,
            steps_done=task.steps_done,
            steps_total=task.steps_total,
            result=None if task.result is None else loads(task.result),
            result_error=task.result_error or "",
        ),
        fields=ResolutionFields(
            state=row.state,
            run_count=row.run_count,
            run_max=row.run_max,
            next_retry=row.next_retry,
            last_start=row.last_start,
            last_stop=row.last_stop,
            woken=row.woken_at is not None,
            waiting=row.waiting_for,
        ),
        steps=[step_value(step, definition) for step in steps],
        installation=ours,
    )
    return Held(
        id=row.pk,
        key=row.public_id,
        lease=row.lease,
        task_id=task.pk,
        task_key=task.public_id,
        template_name=row.template_name,
        parent_id=task.parent_id,
        facts=facts,
        requester=Requester(facts.requester_username, facts.requester_groups),
        engine=running,
        positions=(
            templates.positions_of(task.version_id)
            if row.own_steps is None
            else {name: place for place, name in enumerate(definition.steps)}
        ),
        links={step.name: step.link for step in steps if step.link is not None},
        deaths=row.deaths,
        woken=woken,
        woken_at=row.woken_at,
    )


def task_facts(row: Resolution, members: Sequence[TaskMember]) -> TaskFacts:
    """What ``.task.*`` shows."""
    task = row.task

    def names(role: MemberRole, kind: MemberKind) -> tuple[str, ...]:
        return tuple(member.name for member in members if member.role == role and member.kind == kind)

    return TaskFacts(
        task_id=str(task.public_id),
        created=task.created,
        last_activity=task.last_activity,
        requester_username=task.requester_username,
        requester_groups=tuple(task.requester_groups),
        resolver_username=row.resolver_username,
        resolver_groups=names(MemberRole.RESOLVER, MemberKind.GROUP),
        watcher_usernames=names(MemberRole.WATCHER, MemberKind.USER),
        watcher_groups=names(MemberRole.WATCHER, MemberKind.GROUP),
        region=task.region,
        resolution_id=str(row.public_id),
    )


def step_value(row: models.Step, definition: TemplateDefinition) -> StepValue:
    """The engine's value of one row."""

    def read(text: str | None) -> Any:
        return None if text is None else loads(text)

    return StepValue(
        name=row.name,
        state=row.state,
        loop=row.parent,
        index=None if row.parent is None else row.position,
        item=read(row.item),
        output=read(row.output),
        metadata=read(row.metadata),
        children=read(row.children),
        error=row.error or "",
        try_count=row.try_count,
        rounds=row.rounds,
        max_retries=row.max_retries,
        last_run=row.last_run,
        due_at=row.due_at,
        prior_state=row.prior_state,
        given_state=row.given_state,
        tags=read(row.tags) or {},
        configuration=read(row.configuration),
        definition=None if row.definition is None else stored_step(row.name, loads(row.definition)),
        waiting=row.waiting_for,
    )
