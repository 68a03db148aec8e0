"""Who is told of what: messages queued in the outbox, in the transaction of the change they tell of.

Only queueing; sending is the runner's (``tasks/runner/outbox.py``), by the channels of ``tasks/notify``.
Source: docs/operating.md, "Notifications".
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.config.current import configuration
from tasks.engine.gotemplate import dumps
from tasks.models import MemberKind, OutboxMessage, Task, Template, clock
from tasks.states import StepState, TaskState

TASK_STATE, TASK_VALIDATION, STEP_STATE, NOTIFY = "task_state_update", "task_validation", "task_step_update", "notify"

_FAILED_STEPS = frozenset({StepState.FATAL_ERROR, StepState.CRASHED, StepState.AFTERRUN_ERROR})
_ANY_FAILED_STEPS = _FAILED_STEPS | {StepState.CLIENT_ERROR, StepState.SERVER_ERROR}
_FAILED_TASKS = frozenset({TaskState.BLOCKED})
#: What closes an alert that a failure opened.
_CLOSING_TASKS = frozenset({TaskState.DONE, TaskState.CANCELLED, TaskState.WONTFIX})

#: Strategy -> the task's states, and the step's, of which it wants to hear; None: of all.
_WANTED: Mapping[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
    "always": (None, None),
    "failure_only": (_FAILED_TASKS | _CLOSING_TASKS - {TaskState.DONE}, _FAILED_STEPS),
    "failure_or_done": (_FAILED_TASKS | _CLOSING_TASKS, _FAILED_STEPS | {StepState.DONE}),
    "any_failure": (_FAILED_TASKS | _CLOSING_TASKS - {TaskState.DONE}, _ANY_FAILED_STEPS),
    "silent": (frozenset(), frozenset()),
}


@dataclass(frozen=True)
class About:
    """The task that a message tells of."""

    task_id: int
    public_id: str
    title: str
    state: str
    template: str
    requester: str
    resolver: str = ""
    resolution: str = ""
    steps_done: int = 0
    steps_total: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One message to one backend; ``fields`` are texts."""

    key: uuid.UUID
    task_id: int
    kind: str
    backend: str
    text: str
    fields: Mapping[str, str]
    created: datetime

    @property
    def payload(self) -> str:
        """What the outbox stores, as JSON text."""
        return dumps({"message": self.text, "fields": dict(self.fields)})


def any_backend() -> bool:
    """Whether anybody at all is to be told anything."""
    return bool(configuration().cfg.notify_config)


def task_state_messages(about: About, now: datetime, *, potential: Mapping[str, str] | None = None) -> list[Message]:
    """That the task is in its state now; ``potential``: who could resolve it, at its creation."""
    fields = {**_common(about), "steps": f"{about.steps_done}/{about.steps_total}", **(potential or {})}
    return _messages(TASK_STATE, about, fields, now, state=about.state)


def validation_messages(about: About, now: datetime, *, potential: Mapping[str, str]) -> list[Message]:
    """That the new task waits for somebody to resolve it."""
    return _messages(TASK_VALIDATION, about, {**_common(about), **potential}, now, state=None)


def step_state_messages(about: About, step: str, state: str, now: datetime) -> list[Message]:
    """That a step of the task is in ``state`` now."""
    fields = {
        **_common(about),
        "requester": about.requester,
        "steps": f"{about.steps_done}/{about.steps_total}",
        "step_name": step,
        "step_state": state,
    }
    return _messages(STEP_STATE, about, fields, now, state=state)


def action_messages(
    about: About, text: str, fields: Mapping[str, str], backends: Sequence[str], now: datetime
) -> list[Message]:
    """What a ``notify`` step says, to the named backends (none named: to all), whatever their strategies."""
    known = configuration().cfg.notify_config
    return [
        _message(NOTIFY, about, name, text, {**fields, **_common(about)}, now)
        for name in (backends or known)
        if name in known and known[name].defaults.get(NOTIFY, "always") != "silent"
    ]


def potential_resolvers(template: Template, requester: str, *, everybody: bool) -> dict[str, str]:
    """Who could resolve a task of this template, as fields of a message; absent where there is nobody."""
    people = list(template.resolvers.all())
    users = [person.name for person in people if person.kind == MemberKind.USER] + ([requester] if everybody else [])
    groups = [person.name for person in people if person.kind == MemberKind.GROUP]
    found = {"potential_resolvers": " ".join(users), "potential_resolver_groups": " ".join(groups)}
    return {name: text for name, text in found.items() if text}


def about_task(task: Task, template: str, tags: Mapping[str, str]) -> About:
    """What messages say of a task outside its runs; its resolution is asked for where there is one."""
    resolution = getattr(task, "resolution", None)
    return About(
        task_id=task.pk,
        public_id=str(task.public_id),
        title=task.title,
        state=task.state,
        template=template,
        requester=task.requester_username,
        resolver=resolution.resolver_username if resolution else "",
        resolution=str(resolution.public_id) if resolution else "",
        steps_done=task.steps_done,
        steps_total=task.steps_total,
        tags=tags,
    )


def queue(messages: Iterable[Message]) -> None:
    """Write the messages in the running transaction."""
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            key=message.key,
            task_id=message.task_id,
            kind=message.kind,
            backend=message.backend,
            payload=message.payload,
            created=message.created,
            due_at=message.created,
        )
        for message in messages
    )


def task_moved(task: Task) -> None:
    """Queue what is to be told of the state that the task was just given outside a run."""
    if any_backend():
        queue(task_state_messages(about_task(task, task.template.name, task.tag_map()), clock.now()))


def _messages(kind: str, about: About, fields: Mapping[str, str], now: datetime, *, state: str | None) -> list[Message]:
    cfg = configuration().cfg
    rule = cfg.notify_actions.get(kind)
    if rule is not None and rule.disabled:
        return []
    names = rule.backends if rule is not None and rule.backends else tuple(cfg.notify_config)
    text = f"#task #id:{about.public_id}\n{about.title}"
    return [
        _message(kind, about, name, text, fields, now)
        for name in names
        if name in cfg.notify_config and _wants(cfg.notify_config[name].strategy(kind, about.template), kind, state)
    ]


def _wants(strategy: str, kind: str, state: str | None) -> bool:
    wanted = _WANTED[strategy][1 if kind == STEP_STATE else 0]
    return wanted is None or (state in wanted if state is not None else bool(wanted))


def _message(kind: str, about: About, backend: str, text: str, fields: Mapping[str, str], now: datetime) -> Message:
    key = uuid.uuid4()
    told = {**fields, "event_id": str(key), "occurred_at": now.isoformat()}
    return Message(key, about.task_id, kind, backend, text, told, now)


def _common(about: About) -> dict[str, str]:
    cfg = configuration()
    fields: dict[str, Any] = {
        "task_id": about.public_id,
        "title": about.title,
        "state": about.state,
        "template": about.template,
        "requester": about.requester,
        "resolver": about.resolver,
        "resolution_id": about.resolution,
    }
    told = {name: text for name, text in fields.items() if text or name in ("task_id", "title", "state", "template")}
    told["tags"] = _html_safe(dumps(dict(sorted(about.tags.items()))))
    told["url"] = f"{cfg.base_url}{cfg.cfg.dashboard_path_prefix}/ui/dashboard/#/task/{about.public_id}"
    return told


def _html_safe(text: str) -> str:
    """JSON text with ``<``, ``>`` and ``&`` escaped, as the original writes tags."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
