"""A paused run as one YAML text for an operator: what it is, what an edited text would change, and changing it.

Nothing is saved that was not based on what is there now. Source: docs/engine.md, "What an operator may do".
"""

import difflib
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from tasks.models import Resolution
from tasks.services import permissions, resolutions, steps
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest, Conflict
from tasks.services.permissions import Operation
from tasks.services.values import read_body, to_yaml

_KEYS = frozenset({"resolver_inputs", "steps"})


@dataclass(frozen=True, slots=True)
class EditableRun:
    """The text, and what names this very text."""

    text: str
    mark: str


def editable_run(actor: Actor, public_id: uuid.UUID) -> EditableRun:
    """The run as it stands. Raises NotFound, AdministratorsOnly."""
    permissions.require_admin(actor, Operation.EDIT_RESOLUTION)
    return _text_of(resolutions.resolution_named(public_id))


def changes(actor: Actor, public_id: uuid.UUID, text: str, mark: str) -> Sequence[str]:
    """What saving the text would change, as the lines of a unified diff; all rules are tried, nothing is written.

    Raises as ``save`` does.
    """
    with transaction.atomic():
        before = _text_of(resolutions.resolution_named(public_id)).text
        _edit(actor, public_id, text, mark, "")
        transaction.set_rollback(True)
    wanted = to_yaml(_read(text))
    lines = difflib.unified_diff(before.splitlines(), wanted.splitlines(), lineterm="")
    return list(lines)[2:]  # without the names of two files


@transaction.atomic
def save(actor: Actor, public_id: uuid.UUID, text: str, mark: str, *, reason: str) -> None:
    """Make the run what the text says; the reason goes to the journal.

    Raises NotFound, AdministratorsOnly, WrongState (it is not paused), BadRequest (with every problem), Conflict (it
    was changed since ``mark``).
    """
    if not reason:
        raise BadRequest("say why it is changed", fields={"reason": ["this stands in the journal"]})
    _edit(actor, public_id, text, mark, reason)


def _edit(actor: Actor, public_id: uuid.UUID, text: str, mark: str, reason: str) -> None:
    document = _read(text)
    resolution = resolutions.lock_paused(actor, Operation.EDIT_RESOLUTION, public_id)
    present = _text_of(resolution)
    if present.mark != mark:
        raise Conflict("somebody else changed it meanwhile: take your changes over to what it is now")
    was = _read(present.text)
    steps.edit_resolution(
        actor,
        public_id,
        steps=document["steps"] if document["steps"] != was["steps"] else None,
        resolver_inputs=(
            document["resolver_inputs"] if document["resolver_inputs"] != was["resolver_inputs"] else None
        ),
        reason=reason,
    )


def _text_of(resolution: Resolution) -> EditableRun:
    text = to_yaml(
        {
            "resolver_inputs": resolutions.resolver_inputs(resolution),
            "steps": {
                name: _without_nothing(document)
                for name, document in steps.step_documents(resolution, details=True).items()
            },
        }
    )
    return EditableRun(text, hashlib.sha256(text.encode()).hexdigest())


def _without_nothing(document: Mapping[str, Any]) -> dict[str, Any]:
    """What says something: in an edited step what is left out is empty, and nobody sets when it ran."""
    action = document["action"]
    shown = {key: value for key, value in document.items() if value not in (None, "", False) and key != "last_run"}
    return {**shown, "action": {key: value for key, value in action.items() if value is not None}}


def _read(text: str) -> dict[str, Any]:
    document = read_body(text.encode())
    if not isinstance(document, Mapping) or set(document) != _KEYS:
        raise BadRequest('the text has two keys, "resolver_inputs" and "steps"')
    for key in _KEYS:
        if not isinstance(document[key], Mapping):
            raise BadRequest(f"{key}: a mapping is expected", fields={key: ["a mapping is expected"]})
    return dict(document)
