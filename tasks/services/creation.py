"""New tasks, one or many of one template: the one door for the API, the admin, batches and subtasks.

All in the caller's transaction: what is refused leaves nothing behind. Source: docs/engine.md, "Creation".
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any

from django.db import transaction
from rpds import HashTrieMap

from tasks import doorbell
from tasks.engine.declarations import PARENT_TASK_TAG
from tasks.engine.definition import TemplateDefinition
from tasks.engine.facts import TaskFacts
from tasks.engine.gotemplate import dumps
from tasks.engine.inputs import InputProblem, accept_inputs
from tasks.engine.jobs import Job, JobKind, Rendered
from tasks.engine.lifecycle import DEFAULT_RUN_MAX
from tasks.engine.readable import wrong_name, wrong_tags, wrong_text
from tasks.engine.tries import evaluate
from tasks.engine.values import Values, fixed_values
from tasks.models import (
    Batch,
    Comment,
    JournalEntry,
    JournalKind,
    MemberKind,
    MemberRole,
    Resolution,
    Task,
    TaskMember,
    TaskTag,
    Template,
    clock,
)
from tasks.services import comments, notifications, permissions, templates
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest, PermissionDenied
from tasks.services.installation import installation
from tasks.services.permissions import Operation
from tasks.states import ResolutionState, TaskState
from tasks.telemetry import traces

#: How many tasks are made at a time: rows of more than two slices are never in memory.
SLICE = 500

_WAITS_FOR_RUNNER = "waits for a free runner, which takes it at once"


class InputRefused(BadRequest):
    """The template does not accept these inputs; ``index``: which task of several (from 0)."""

    def __init__(self, problems: Sequence[InputProblem], index: int) -> None:
        self.index = index
        by_name: dict[str, list[str]] = {}
        for problem in problems:
            by_name.setdefault(problem.name, []).append(problem.what)
        super().__init__("; ".join(map(str, problems)), fields=by_name)


class BlockedTemplate(BadRequest):
    """No task can be made of the template."""


@dataclass(frozen=True)
class Parent:
    """The step that makes tasks and waits for them."""

    resolution_id: int
    task_key: uuid.UUID
    step: str


@dataclass(frozen=True)
class NewTask:
    """What is asked for, beside the inputs. ``delay``: before it starts by itself; negative: at once."""

    comment: str = ""
    watcher_usernames: Sequence[str] = ()
    watcher_groups: Sequence[str] = ()
    resolver_usernames: Sequence[str] = ()
    resolver_groups: Sequence[str] = ()
    delay: timedelta | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def create_tasks(
    actor: Actor,
    template: Template,
    inputs: Iterable[Mapping[str, Any]],
    new: NewTask,
    *,
    batch: Batch | None = None,
    parent: Parent | None = None,
    key_of: Callable[[int], uuid.UUID] = lambda index: uuid.uuid4(),
) -> list[int]:
    """One task for each of ``inputs``, in order; each starts by itself where template and rights allow. Their ids.

    ``inputs`` are taken, and rows made of them, a slice at a time. ``key_of``: the public id of the task at an index.
    To be called in a transaction; the bell rings after its commit.
    Raises BlockedTemplate, InputRefused, PermissionDenied, BadRequest.
    """
    slices = _made(_Maker(actor, template, new, batch, parent), inputs, key_of)
    return [task.pk for made in slices for task in made]


def create_one(actor: Actor, template: Template, given: Mapping[str, Any], new: NewTask) -> Task:
    """The task that ``create_tasks`` makes of one input."""
    [[task]] = _made(_Maker(actor, template, new, None, None), [given], lambda index: uuid.uuid4())
    return task


def _made(
    maker: "_Maker", inputs: Iterable[Mapping[str, Any]], key_of: Callable[[int], uuid.UUID]
) -> Iterator[list[Task]]:
    ids = enumerate(inputs)
    some = False
    while part := [(key_of(index), index, given) for index, given in islice(ids, SLICE)]:
        some = True
        yield maker.make(part)
    if maker.starts and some:
        doorbell.ring(doorbell.RUNNABLE)


def _check_request(actor: Actor, template: Template, new: NewTask) -> None:
    """What a person may not ask for; a step asks in its template's name."""
    if PARENT_TASK_TAG in new.tags:
        raise BadRequest(f"the tag {PARENT_TASK_TAG} is set by the service alone", fields={"tags": ["reserved"]})
    names_resolvers = new.resolver_usernames or new.resolver_groups
    if names_resolvers and not (actor.is_admin or permissions.owns(actor, template)):
        raise PermissionDenied(f"{actor.username} may not {Operation.NAME_RESOLVERS}")


def check_names(names: Iterable[str]) -> None:
    """Raise BadRequest unless all of these, of watchers and resolvers, can be stored."""
    if problem := next(filter(None, map(wrong_name, names)), ""):
        raise BadRequest(f"the name of a watcher or resolver {problem}")


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise BadRequest unless all of them can be stored."""
    if problem := wrong_tags(tags):
        raise BadRequest(problem, fields={"tags": [problem]})


def starts_by_itself(actor: Actor, template: Template, definition: TemplateDefinition, new: NewTask) -> bool:
    """Whether a task of the template that the actor asks for needs no one to resolve it.

    Source: docs/engine.md, "Automatic run".
    """
    if not definition.auto_runnable or definition.resolver_inputs:
        return False
    return (
        definition.allow_all_resolver_usernames
        or actor.is_admin
        or actor.username in new.resolver_usernames
        or not actor.groups.isdisjoint(new.resolver_groups)
        or permissions.owns(actor, template)
    )


class _Maker:
    """Makes tasks of one template for one actor. Raises BlockedTemplate, PermissionDenied, BadRequest."""

    def __init__(
        self, actor: Actor, template: Template, new: NewTask, batch: Batch | None, parent: Parent | None
    ) -> None:
        if templates.is_blocked(template) or template.current_id is None:
            raise BlockedTemplate(f'the template "{template.name}" is blocked: no task can be made of it')
        if parent is None:
            _check_request(actor, template, new)
        if new.comment:
            comments.check_content(new.comment)
        people = (new.watcher_usernames, new.watcher_groups, new.resolver_usernames, new.resolver_groups)
        check_names(chain.from_iterable(people))
        self.actor, self.template, self.new, self.batch, self.parent = actor, template, new, batch, parent
        self.version_id = template.current_id
        self.definition = templates.definition_of(self.version_id)
        self.starts = starts_by_itself(actor, template, self.definition, new)
        self.now = clock.now()
        self.installation = installation()

    def make(self, wanted: Sequence[tuple[uuid.UUID, int, Mapping[str, Any]]]) -> list[Task]:
        """Rows for some of the tasks: at most a dozen statements, however many."""
        made, tags = [], []
        for key, index, given in wanted:
            accepted, problems = accept_inputs(self.definition.inputs, given)
            if problems:
                raise InputRefused(problems, index)
            values = self._values(key, accepted)
            made.append(self._task(key, accepted, _rendered(values, self.definition.title_format, "title_format")))
            tags.append(self._tags(values))
        Task.objects.bulk_create(made)
        TaskMember.objects.bulk_create(self._members(made))
        TaskTag.objects.bulk_create(
            TaskTag(task=task, key=name, value=value)
            for task, named in zip(made, tags, strict=True)
            for name, value in named.items()
        )
        resolutions = [self._resolution(task) for task in made] if self.starts else []
        Resolution.objects.bulk_create(resolutions)
        Comment.objects.bulk_create(self._comments(made))
        JournalEntry.objects.bulk_create(self._journal(made))
        self._tell(made, tags)
        if traces.is_wanted():
            for task in made:
                transaction.on_commit(partial(traces.task_created, str(task.public_id), self.definition.name))
        return made

    def _values(self, key: uuid.UUID, inputs: Mapping[str, Any]) -> Values:
        facts = TaskFacts(
            task_id=str(key),
            created=self.now,
            last_activity=self.now,
            requester_username=self.actor.username,
            requester_groups=tuple(sorted(self.actor.groups)),
            watcher_usernames=tuple(self.new.watcher_usernames),
            watcher_groups=tuple(self.new.watcher_groups),
            region=self.definition.region,
        )
        fixed = fixed_values(self.definition, facts, inputs, {}, self.installation.config)
        return Values(self.definition, self.installation, fixed, HashTrieMap())

    def _task(self, key: uuid.UUID, inputs: Mapping[str, Any], title: str) -> Task:
        delayed = self.new.delay is not None and self.starts
        return Task(
            public_id=key,
            template=self.template,
            version_id=self.version_id,
            batch=self.batch,
            title=title,
            state=TaskState.DELAYED if delayed else TaskState.TODO,
            requester_username=self.actor.username,
            requester_groups=sorted(self.actor.groups),
            region=self.definition.region,
            created=self.now,
            last_activity=self.now,
            steps_total=len(self.definition.steps),
            delay_ns=None if self.new.delay is None else self.new.delay // timedelta(microseconds=1) * 1000,
            input=dumps(dict(inputs)),
            parent_id=self.parent.resolution_id if self.parent else None,
            parent_step=self.parent.step if self.parent else "",
        )

    def _tags(self, values: Values) -> dict[str, str]:
        # What a requester sends is never rendered: it could read what is not his.
        own = {
            name: _rendered(values, text, f"tag {name}")
            for name, text in self.definition.tags.items()
            if name not in self.new.tags
        }
        check_tags({**own, **self.new.tags})
        parent = {PARENT_TASK_TAG: str(self.parent.task_key)} if self.parent else {}
        return {**own, **self.new.tags, **parent}

    def _members(self, made: Sequence[Task]) -> Iterator[TaskMember]:
        named = (
            (MemberRole.WATCHER, MemberKind.USER, self.new.watcher_usernames),
            (MemberRole.WATCHER, MemberKind.GROUP, self.new.watcher_groups),
            (MemberRole.RESOLVER, MemberKind.USER, self.new.resolver_usernames),
            (MemberRole.RESOLVER, MemberKind.GROUP, self.new.resolver_groups),
        )
        for task in made:
            for role, kind, names in named:
                for name in dict.fromkeys(names):
                    yield TaskMember(task=task, role=role, kind=kind, name=name)

    def _resolution(self, task: Task) -> Resolution:
        return new_resolution(task, self.definition, self.actor.username, {}, self.now, delay=self.new.delay)

    def _comments(self, made: Sequence[Task]) -> Iterator[Comment]:
        said = []
        if self.parent is not None:
            said.append((f"created automatically from subtask step of task {self.parent.task_key}", True))
        if self.new.comment:
            said.append((self.new.comment, self.parent is not None))
        for task in made:
            for content, automatic in said:
                yield Comment(
                    task=task,
                    username=self.actor.username,
                    content=content,
                    automatic=automatic,
                    created=self.now,
                    updated=self.now,
                )

    def _journal(self, made: Sequence[Task]) -> Iterator[JournalEntry]:
        actor = "" if self.parent else self.actor.username
        for task in made:
            yield JournalEntry(
                task=task,
                at=self.now,
                kind=JournalKind.TASK,
                event="created",
                after=task.state,
                actor=actor,
                address=self.actor.address,
            )
            if self.starts:
                after = ResolutionState.TO_AUTORUN_DELAYED if self.new.delay is not None else ResolutionState.TO_AUTORUN
                yield JournalEntry(
                    task=task, at=self.now, kind=JournalKind.RESOLUTION, event="created", after=after, actor=actor
                )

    def _tell(self, made: Sequence[Task], tags: Sequence[Mapping[str, str]]) -> None:
        if not notifications.any_backend():
            return
        potential = notifications.potential_resolvers(
            self.template, self.actor.username, everybody=self.definition.allow_all_resolver_usernames
        )
        told = []
        for task, named in zip(made, tags, strict=True):
            about = notifications.about_task(task, self.template.name, named)
            told += notifications.task_state_messages(about, self.now, potential=potential)
            if not self.starts:
                told += notifications.validation_messages(about, self.now, potential=potential)
        notifications.queue(told)


def new_resolution(
    task: Task,
    definition: TemplateDefinition,
    resolver: str,
    resolver_inputs: Mapping[str, Any],
    now: datetime,
    *,
    delay: timedelta | None,
) -> Resolution:
    """A resolution, not saved, that starts by itself, after ``delay`` if there is one."""
    due = now if delay is None else now + delay
    return Resolution(
        task=task,
        resolver_username=resolver,
        state=ResolutionState.TO_AUTORUN if delay is None else ResolutionState.TO_AUTORUN_DELAYED,
        region=task.region,
        template_name=task.template.name,
        resolver_input=dumps(dict(resolver_inputs)),
        run_max=DEFAULT_RUN_MAX if definition.retry_max is None else definition.retry_max,
        created=now,
        next_retry=None if delay is None else due,
        due_at=due,
        waiting_for=_WAITS_FOR_RUNNER if delay is None else f"starts at {due.isoformat(timespec='seconds')}, as asked",
    )


def title_of(task: Task, definition: TemplateDefinition, inputs: Mapping[str, Any]) -> str:
    """The title from stored inputs. Raises BadRequest where it cannot be rendered."""
    facts = TaskFacts(
        task_id=str(task.public_id),
        created=task.created,
        last_activity=task.last_activity,
        requester_username=task.requester_username,
        requester_groups=tuple(task.requester_groups),
        watcher_usernames=tuple(task.names(MemberRole.WATCHER, MemberKind.USER)),
        watcher_groups=tuple(task.names(MemberRole.WATCHER, MemberKind.GROUP)),
        region=task.region,
    )
    here = installation()
    fixed = fixed_values(definition, facts, inputs, {}, here.config)
    return _rendered(Values(definition, here, fixed, HashTrieMap()), definition.title_format, "title_format")


def _rendered(values: Values, text: str, what: str) -> str:
    if "{{" in text:
        outcome = evaluate(Job(0, JobKind.TITLE, "", values, text=text)).outcome
        assert isinstance(outcome, Rendered)
        if outcome.problem:
            raise BadRequest(f"the template's {what} cannot be rendered: {outcome.problem}")
        text = str(outcome.value)
    if problem := wrong_text(text):
        raise BadRequest(f"the template's {what} {problem}")
    return text
