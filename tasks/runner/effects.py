"""What actions ask of the database, done in the transaction of their result. Source: docs/actions.md, "Effects".

An answering effect is done, then answered; a telling one only has to be done. What a step made is found again by its
``link``, so a step that looks a second time makes nothing twice; and ids come from the question's seed, so a
transaction that has to be done again makes the same.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from actions._effects import (
    Answering,
    AwaitAnswer,
    AwaitCallback,
    BatchAnswer,
    CacheAnswer,
    CacheDelete,
    CacheGet,
    CachePut,
    CallbackAnswer,
    CreateCallback,
    FollowBatch,
    FollowTask,
    GiveBackRuns,
    Notify,
    Refused,
    TaskAnswer,
    Telling,
)
from tasks.engine.events import RunsGiven
from tasks.engine.gotemplate import dumps, loads
from tasks.engine.lifecycle import FINISHED
from tasks.engine.resolution import advance
from tasks.models import Batch, CacheEntry, Callback, JournalEntry, JournalKind, Task, Template
from tasks.runner.flush import about_held
from tasks.runner.held import Held
from tasks.services import notifications, templates
from tasks.services.actors import Actor
from tasks.services.creation import BlockedTemplate, InputRefused, NewTask, Parent, create_tasks
from tasks.services.errors import NotFound, ServiceError
from tasks.services.identity import actor_named
from tasks.services.waking import FINAL_TASK_STATES
from tasks.states import TaskState

#: One token for a callback and its id, of which neither can be guessed from the other.
_ID, _TOKEN, _SECOND_HALF = "id", "token", "token, second half"


def answer(held: Held, step: str, effect: Answering, seed: uuid.UUID, now: datetime) -> Mapping[str, Any]:
    """Do the effect and look at what came of it; what could not be done is a ``Refused``, and left nothing behind."""
    try:
        with transaction.atomic():
            return cast(Mapping[str, Any], _answer(effect, held, step, seed, now))
    except ServiceError as error:
        return cast(Mapping[str, Any], _refused(error))


def tell(held: Held, step: str, effect: Telling, now: datetime) -> None:
    """Do the effect."""
    _tell(effect, held, step, now)


def _refused(error: ServiceError) -> Refused:
    match error:
        case InputRefused():
            return {"refused": "input", "message": str(error), "index": error.index}
        case NotFound():
            return {"refused": "unknown template", "message": str(error)}
        case BlockedTemplate():
            return {"refused": "blocked template", "message": str(error)}
    return {"refused": "not allowed", "message": str(error)}


def _gone(what: str) -> Refused:
    return {"refused": "gone", "message": what}


@singledispatch
def _answer(effect: Answering, held: Held, step: str, seed: uuid.UUID, now: datetime) -> Any:
    raise TypeError(f"nobody knows how to answer {type(effect).__name__}")


@singledispatch
def _tell(effect: Telling, held: Held, step: str, now: datetime) -> None:
    raise TypeError(f"nobody knows how to do {type(effect).__name__}")


# --- Tasks of one's own ----------------------------------------------------------------------------------------------


def _template(name: str) -> Template:
    return templates.template_named(name)


def _new_task(effect: FollowTask | FollowBatch, *, comment: str, delay: timedelta | None) -> NewTask:
    return NewTask(
        comment=comment,
        watcher_usernames=effect.watcher_usernames,
        watcher_groups=effect.watcher_groups,
        resolver_usernames=effect.resolver_usernames,
        resolver_groups=effect.resolver_groups,
        delay=delay,
        tags=effect.tags,
    )


def _requester(held: Held) -> Actor:
    """Whoever asked for the task asks for its children, with the groups of that time and the rights of today."""
    name = held.facts.requester_username
    superuser = User.objects.filter(username=name, is_superuser=True, is_active=True).exists()
    return actor_named(name, held.facts.requester_groups, superuser=superuser)


def _parent(held: Held, step: str) -> Parent:
    return Parent(held.id, held.task_key, step)


@_answer.register
def _follow_task(effect: FollowTask, held: Held, step: str, seed: uuid.UUID, now: datetime) -> TaskAnswer | Refused:
    link = held.links.get(step)
    # The link may be what this very question made in a transaction that was not committed.
    created = link is None or link == seed
    child = None if link is None else _child(link)
    if created and child is None:
        new = _new_task(effect, comment="", delay=effect.delay)
        template = _template(effect.template)
        parent = _parent(held, step)
        create_tasks(_requester(held), template, [effect.input], new, parent=parent, key_of=lambda index: seed)
        held.links[step] = link = seed
        child = _child(seed)
    if child is None:
        return _gone(f"the task {link} does not exist any more")
    resolution = getattr(child, "resolution", None)
    return {
        "id": str(child.public_id),
        "state": child.state,
        "result": _result_of(child),
        "resolver_username": resolution.resolver_username if resolution else "",
        "requester_username": child.requester_username,
        "created": created,
    }


def _child(link: uuid.UUID) -> Task | None:
    return Task.objects.select_related("resolution", "version").filter(public_id=link).first()


def _result_of(child: Task) -> Any:
    if child.result is not None:
        return loads(child.result)
    return templates.definition_of(child.version_id).result_format


@_answer.register
def _follow_batch(effect: FollowBatch, held: Held, step: str, seed: uuid.UUID, now: datetime) -> BatchAnswer | Refused:
    link = held.links.get(step)
    batch, _ = Batch.objects.get_or_create(
        public_id=link or seed, defaults={"created": now, "parent_id": held.id, "parent_step": step}
    )
    held.links[step] = batch.public_id
    states = _states(batch)
    unfinished = sum(count for state, count in states.items() if state not in FINAL_TASK_STATES)
    last = len(effect.inputs) if effect.at_once <= 0 else batch.started + max(0, effect.at_once - unfinished)
    wanted = effect.inputs[batch.started : last]
    if wanted:
        requester = _requester(held)
        first = batch.started
        create_tasks(
            requester,
            _template(effect.template),
            ({**effect.common, **own} for own in wanted),
            _new_task(effect, comment=effect.comment, delay=None),
            batch=batch,
            parent=_parent(held, step),
            key_of=lambda index: uuid.uuid5(batch.public_id, str(first + index)),
        )
        batch.started += len(wanted)
        batch.save(update_fields=["started"])
        states = _states(batch)
    return {"batch_id": str(batch.public_id), "started": batch.started, "states": states}


def _states(batch: Batch) -> dict[str, int]:
    counted = Task.objects.filter(batch=batch).values_list("state").annotate(Count("id")).order_by()
    return {str(TaskState(state)): count for state, count in counted}


@_tell.register
def _give_back_runs(effect: GiveBackRuns, held: Held, step: str, now: datetime) -> None:
    give_back_runs(held, step, (effect,), now)


def give_back_runs(held: Held, step: str, told: Iterable[Telling], now: datetime) -> None:
    """Give back the runs that a batch used up by waking its parent: before the engine decides how this run ends."""
    wanted = next((each for each in told if isinstance(each, GiveBackRuns)), None)
    # A transaction that is done again finds the engine as the first one left it.
    if wanted is None or id(wanted) in held.given_back or held.engine.fields.state in FINISHED:
        return
    held.given_back[id(wanted)] = wanted
    link = held.links.get(step)
    batch = None if link is None else Batch.objects.filter(public_id=link).first()
    if batch is None:
        return
    runs = JournalEntry.objects.filter(
        task_id=held.task_id, kind=JournalKind.RESOLUTION, event="run started", at__gt=batch.created
    ).count()
    if runs:
        advance(held.engine, RunsGiven(runs), now)


# --- Callbacks -------------------------------------------------------------------------------------------------------


@_answer.register
def _create_callback(effect: CreateCallback, held: Held, step: str, seed: uuid.UUID, now: datetime) -> CallbackAnswer:
    # The seed is random and told to nobody: what is derived from it (SHA-1, one way) cannot be guessed.
    token = uuid.uuid5(seed, _TOKEN).hex + uuid.uuid5(seed, _SECOND_HALF).hex
    callback = Callback.objects.create(
        public_id=uuid.uuid5(seed, _ID),
        resolution_id=held.id,
        step=step,
        username=held.facts.requester_username,
        token=token,
        schema=None if effect.schema is None else dumps(effect.schema),
        created=now,
        updated=now,
    )
    held.links[step] = callback.public_id
    return {"id": str(callback.public_id), "token": token}


@_answer.register
def _await_callback(
    effect: AwaitCallback, held: Held, step: str, seed: uuid.UUID, now: datetime
) -> AwaitAnswer | Refused:
    try:
        wanted = uuid.UUID(effect.id)
    except ValueError:
        return _gone(f"{effect.id!r} is no id of a callback")
    callback = Callback.objects.filter(public_id=wanted).first()
    if callback is None:
        return _gone(f"there is no callback {wanted}")
    held.links[step] = wanted
    called = callback.called is not None
    return {
        "id": str(wanted),
        "called": called,
        "date": callback.called.isoformat().replace("+00:00", "Z") if callback.called else None,
        "body": loads(callback.body) if called and callback.body is not None else None,
    }


# --- Cache and notifications -----------------------------------------------------------------------------------------


@_answer.register
def _cache_get(effect: CacheGet, held: Held, step: str, seed: uuid.UUID, now: datetime) -> CacheAnswer:
    CacheEntry.objects.filter(key=effect.key, expires_at__lte=now).delete()
    entry = CacheEntry.objects.filter(key=effect.key).first()
    return {"hit": entry is not None, "value": loads(entry.value) if entry else None}


@_tell.register
def _cache_put(effect: CachePut, held: Held, step: str, now: datetime) -> None:
    CacheEntry.objects.update_or_create(
        key=effect.key,
        defaults={
            "value": dumps(effect.value),
            "expires_at": None if effect.lifetime is None else now + effect.lifetime,
        },
    )


@_tell.register
def _cache_delete(effect: CacheDelete, held: Held, step: str, now: datetime) -> None:
    CacheEntry.objects.filter(key=effect.key).delete()


@_tell.register
def _notify(effect: Notify, held: Held, step: str, now: datetime) -> None:
    told = notifications.action_messages(about_held(held), effect.message, effect.fields, effect.backends, now)
    notifications.queue(told)
