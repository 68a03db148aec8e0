"""Callbacks: what somebody outside may answer, once, at an address that a step gave out.

The token is all that protects an address: it is compared in constant time, wrong ones are counted, and a wrong one and
an unknown address are refused in the same words. Source: docs/api.md, "Callbacks".
"""

import hmac
import uuid
from typing import Any

from django.db import transaction

from tasks import doorbell
from tasks.engine.gotemplate import dumps, loads
from tasks.engine.schemas import compile_schema
from tasks.models import Callback, clock
from tasks.services import journal, waking
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest, NotFound, TooMany, WrongState
from tasks.services.rates import Rate
from tasks.states import TaskState

#: The states in which a task can use an answer.
_LISTENING = frozenset({TaskState.BLOCKED, TaskState.RUNNING, TaskState.WAITING})
#: Wrong tokens from one address before it has to wait.
_wrong = Rate(most=30, seconds=60)


def open_callback(public_id: uuid.UUID, token: str, *, address: str) -> Callback:
    """The callback behind this id and token. Raises NotFound, the same for both, and TooMany."""
    if not _wrong.allows(address):
        raise TooMany("too many wrong tokens; wait a minute")
    found = Callback.objects.select_related("resolution__task").filter(public_id=public_id).first()
    # Compared in any case, so that an unknown id takes as long as a wrong token.
    expected = found.token if found is not None else uuid.uuid4().hex
    if not hmac.compare_digest(expected.encode(), token.encode()) or found is None:
        _wrong.count(address)
        raise NotFound("no such callback")
    return found


def require_callable(callback: Callback) -> None:
    """Raise WrongState where it was called already, or its task cannot use an answer."""
    if callback.called is not None:
        raise WrongState("the callback was already resolved")
    state = callback.resolution.task.state
    if state not in _LISTENING:
        raise WrongState(f"the callback's task is in state {state}: it cannot use an answer")


def schema_of(callback: Callback) -> Any:
    """The JSON schema that an answer must fit; None: any answer."""
    return None if callback.schema is None else loads(callback.schema)


@transaction.atomic
def answer(public_id: uuid.UUID, token: str, body: Any, *, address: str, by: Actor | None = None) -> None:
    """Store the answer (None: an empty one) and wake the resolution that may wait for it.

    ``by``: who answers in the place of the one outside, for the journal.
    Raises NotFound, TooMany, WrongState, BadRequest (the answer does not fit the schema).
    """
    found = open_callback(public_id, token, address=address)
    # Two answers at once take turns here; the second one finds the first.
    waking.lock([found.resolution_id])
    callback = Callback.objects.select_related("resolution__task").get(pk=found.pk)
    require_callable(callback)
    _check(callback, body)
    callback.body = dumps(body)
    callback.called = callback.updated = clock.now()
    callback.save(update_fields=["body", "called", "updated"])
    task = callback.resolution.task
    journal.record(task, "callback", by=by or Actor("", address=address), step=callback.step)
    waking.wake([callback.resolution_id])
    doorbell.ring(doorbell.RUNNABLE)


def _check(callback: Callback, body: Any) -> None:
    schema = schema_of(callback)
    if schema is None:
        return
    problems = list(compile_schema(schema).problems(body))
    if problems:
        raise BadRequest("the body does not fit the callback's schema: " + "; ".join(map(str, problems[:5])))
