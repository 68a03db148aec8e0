"""Steps of a resolution: reading them as documents, and editing them while it is paused.

A step's document is its definition with what happened to it laid over. An operator's edit replaces the definitions of
the resolution's steps as a whole (``Resolution.own_steps``); the template's version is never touched.
Source: docs/api.md, "Step".
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from tasks.engine.definition import StepDefinition, TemplateDefinition
from tasks.engine.documents import step_document, step_from_document, steps_from_document, stored_step
from tasks.engine.errors import Level, Problem
from tasks.engine.foreach import child_definition
from tasks.engine.functions import custom_states_of
from tasks.engine.gotemplate import JSONNumber, dumps, loads
from tasks.engine.lifecycle import may_set_by_hand
from tasks.models import Resolution, Step
from tasks.services import comments, journal, permissions, resolutions, templates
from tasks.services.actors import Actor
from tasks.services.catalog import Catalog
from tasks.services.errors import BadRequest, NotFound
from tasks.services.permissions import Operation
from tasks.states import StepState

#: Shown for a moment that never was; the original always shows ``last_run``.
_NEVER = "0001-01-01T00:00:00Z"
_NOT_SET: Mapping[str, Any] = {"state": StepState.TODO}
_DETAILS = frozenset({"output", "metadata", "children", "item"})


def definition_of(resolution: Resolution) -> TemplateDefinition:
    """The definition that the resolution runs by: its version's, with the steps that an operator put in their place."""
    definition = templates.definition_of(resolution.task.version_id)
    if resolution.own_steps is None:
        return definition
    steps = {name: stored_step(name, document) for name, document in loads(resolution.own_steps).items()}
    return replace(definition, steps=steps)


def step_documents(resolution: Resolution, *, details: bool) -> dict[str, dict[str, Any]]:
    """All steps by name, children of loops behind their loop. One query.

    Without ``details`` outputs, metadata, children and items are left out.
    """
    definition = definition_of(resolution)
    rows = {row.name: row for row in resolution.steps.all()}
    children: dict[str, list[Step]] = {}
    for row in rows.values():
        if row.parent is not None:
            children.setdefault(row.parent, []).append(row)
    documents = {}
    for name, step in definition.steps.items():
        mine = sorted(children.get(name, ()), key=lambda row: row.position)
        documents[name] = _document(step, rows.get(name), mine, details=details)
        for row in mine:
            documents[row.name] = _document(child_definition(step, row.position), row, (), details=details)
    return documents


def one_step_document(resolution: Resolution, name: str, *, details: bool) -> dict[str, Any]:
    """One step's document. Raises NotFound."""
    found = step_documents(resolution, details=details).get(name)
    if found is None:
        raise NotFound(f"no such step: {name}")
    return found


def _document(
    step: StepDefinition, row: Step | None, children: "list[Step] | tuple[()]", *, details: bool
) -> dict[str, Any]:
    written = step_document(step, name=step.name)
    happened = {name: value for name, value in _happened(row).items() if details or name not in _DETAILS}
    if children:
        happened["children_steps"] = [child.name for child in children]
        happened["children_steps_map"] = {child.name: True for child in children}
        happened["dependencies"] = [*(written.get("dependencies") or ()), *(f"{child.name}:ANY" for child in children)]
    return {**written, **happened}


def _happened(row: Step | None) -> dict[str, Any]:
    """What the row says, in the API's words; absent where there is nothing to say."""
    if row is None:
        return {**_NOT_SET, "last_run": _NEVER}
    found: dict[str, Any] = {
        "output": _read(row.output),
        "metadata": _read(row.metadata),
        "children": _read(row.children),
        "item": _read(row.item),
        "error": row.error or None,
        "state": row.state,
        "try_count": row.try_count or None,
        "tags": _read(row.tags),
        "waiting_for": row.waiting_for or None,
    }
    told = {name: value for name, value in found.items() if value is not None}
    if row.parent is not None:
        told["item"] = found["item"]
    return told | {"last_run": _NEVER if row.last_run is None else row.last_run.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


@transaction.atomic
def edit_resolution(
    actor: Actor,
    public_id: uuid.UUID,
    *,
    steps: Mapping[str, Any] | None,
    resolver_inputs: Mapping[str, Any] | None,
    reason: str = "",
) -> Resolution:
    """Replace all steps, or the resolver's inputs, of a paused resolution; what is None stays.

    Raises AdministratorsOnly, NotFound, WrongState, BadRequest with every problem of every step.
    """
    resolution = resolutions.lock_paused(actor, Operation.EDIT_RESOLUTION, public_id)
    if steps is not None:
        _replace_steps(resolution, steps)
    if resolver_inputs is not None:
        resolutions.replace_resolver_inputs(resolution, resolver_inputs)
    _told(actor, resolution, "edit resolution", "manually updated resolution", reason)
    return resolution


def _replace_steps(resolution: Resolution, documents: Mapping[str, Any]) -> None:
    present = definition_of(resolution)
    rows = {row.name: row for row in resolution.steps.all()}
    own, children = _split(documents, rows)
    found, problems = steps_from_document(present, {name: _undressed(own[name], rows) for name in own}, Catalog())
    _refuse(problems)
    edited = replace(present, steps=found)
    for name, document in {**own, **children}.items():
        loop = rows[name].parent if name in children else None
        _check_state(name, document, edited, found[loop if loop is not None and loop in found else name])
    resolution.steps.exclude(name__in=[*own, *children]).delete()
    for name, document in {**own, **children}.items():
        _write_row(resolution, name, document, rows.get(name))
    _keep_definitions(resolution, found)


def _split(documents: Mapping[str, Any], rows: Mapping[str, Step]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The steps of their own, and the children of loops, whose definitions are their loop's."""
    for name, document in documents.items():
        if not isinstance(document, Mapping):
            raise BadRequest(f"step {name}: a mapping is expected", fields={f"steps.{name}": ["a mapping is expected"]})
    children = {
        name: document
        for name, document in documents.items()
        if name in rows and rows[name].parent is not None and rows[name].parent in documents
    }
    return {name: document for name, document in documents.items() if name not in children}, children


def _undressed(document: Mapping[str, Any], rows: Mapping[str, Step]) -> dict[str, Any]:
    """The document without the dependencies that an expanded loop has on its children: they are not written down."""
    given = document.get("dependencies")
    if not isinstance(given, list):
        return dict(document)
    own = [
        text
        for text in given
        if not (isinstance(text, str) and (row := rows.get(text.partition(":")[0])) and row.parent is not None)
    ]
    return {**document, "dependencies": own}


@transaction.atomic
def edit_step(
    actor: Actor, public_id: uuid.UUID, name: str, document: Mapping[str, Any], *, reason: str = ""
) -> Resolution:
    """Replace one step of a paused resolution as a whole: what is left out becomes empty.

    Raises AdministratorsOnly, NotFound, WrongState, BadRequest with every problem.
    """
    _require_step(actor, public_id, name, Operation.EDIT_STEP)
    resolution = resolutions.lock_paused(actor, Operation.EDIT_STEP, public_id)
    rows = {row.name: row for row in resolution.steps.all()}
    present = definition_of(resolution)
    row = rows.get(name)
    if row is not None and row.parent is not None:
        _check_state(name, document, present, present.steps[row.parent])
    else:
        step, problems = step_from_document(present, name, _undressed(document, rows), dict(present.steps), Catalog())
        _refuse(problems)
        edited = {**present.steps, name: step}
        _check_state(name, document, replace(present, steps=edited), step)
        _keep_definitions(resolution, edited)
    _write_row(resolution, name, document, row)
    _told(actor, resolution, "edit step", f"manually updated resolution step {name}", reason, step=name)
    return resolution


@transaction.atomic
def edit_step_state(
    actor: Actor, public_id: uuid.UUID, name: str, state: str, *, reason: str = ""
) -> tuple[Resolution, str]:
    """Give one step of a paused resolution another state; nothing else of it changes. Answers with the old state.

    Raises NotFound, WrongState, PermissionDenied, BadRequest.
    """
    _require_step(actor, public_id, name, Operation.EDIT_STEP_STATE)
    resolution = resolutions.lock_paused(actor, Operation.EDIT_STEP_STATE, public_id)
    definition = definition_of(resolution)
    row = resolution.steps.filter(name=name).first()
    step = definition.steps[name if row is None or row.parent is None else row.parent]
    _check_state(name, {"state": state}, definition, step)
    before = row.state if row else StepState.TODO
    row = row or Step(resolution=resolution, resolution_key=resolution.public_id, name=name)
    row.position = row.position or _position(definition, name)
    row.state, row.prior_state, row.given_state, row.due_at = state, "", "", None
    row.waiting_for = _paused(state)
    row.save()
    comment = f"manually updated resolution step {name}: state from {before} to {state}"
    _told(actor, resolution, "edit step state", comment, reason, step=name, before=before, after=state)
    return resolution, before


def states_by_hand(definition: TemplateDefinition, step: StepDefinition) -> list[str]:
    """The states that an operator may give to a step, the builtin ones first."""
    custom = custom_states_of(definition, step)
    builtin = [str(state) for state in StepState if may_set_by_hand(state, custom)]
    return [*builtin, *(state for state in custom if state not in builtin)]


def _require_step(actor: Actor, public_id: uuid.UUID, name: str, operation: Operation) -> None:
    """What does not exist is told before anything else, but not to those whom a gate keeps out."""
    if operation is Operation.EDIT_STEP:
        permissions.require_admin(actor, operation)
    require_step(resolutions.resolution_named(public_id), name)


def require_step(resolution: Resolution, name: str) -> None:
    """Raise NotFound unless the resolution has a step, or a child of a loop, of this name."""
    if name not in definition_of(resolution).steps and not resolution.steps.filter(name=name).exists():
        raise NotFound(f"no such step: {name}")


def _check_state(name: str, document: Mapping[str, Any], definition: TemplateDefinition, step: StepDefinition) -> None:
    state = document.get("state")
    if not isinstance(state, str) or not may_set_by_hand(state, custom_states_of(definition, step)):
        raise BadRequest(
            f"step {name}: {state!r} is no state that can be set by hand",
            fields={"state": ["a builtin state, or a custom one of the step, is expected"]},
        )


def _write_row(resolution: Resolution, name: str, document: Mapping[str, Any], row: Step | None) -> None:
    definition = definition_of(resolution)
    row = row or Step(resolution=resolution, resolution_key=resolution.public_id, name=name)
    row.position = row.position if row.parent is not None else _position(definition, name)
    row.state = document["state"]
    for column in ("output", "metadata", "children", "item", "tags"):
        value = document.get(column)
        setattr(row, column, None if value is None else dumps(value))
    error = document.get("error")
    row.error = error if isinstance(error, str) and error else None
    row.try_count = _whole(document, "try_count", least=0)
    row.max_retries = _whole(document, "max_retries", least=-(1 << 31))
    row.rounds, row.due_at, row.prior_state, row.given_state = 0, None, "", ""
    row.definition = None
    row.waiting_for = _paused(row.state)
    row.save()


def _keep_definitions(resolution: Resolution, steps: Mapping[str, StepDefinition]) -> None:
    documents = {name: step_document(step, name=name) for name, step in steps.items()}
    resolution.own_steps = dumps(documents)
    resolution.save(update_fields=["own_steps"])


def _position(definition: TemplateDefinition, name: str) -> int:
    return next((place for place, known in enumerate(definition.steps) if known == name), 0)


def _paused(state: str) -> str:
    unfinished = state in frozenset(StepState) - {StepState.DONE, StepState.PRUNE}
    return "its resolution is paused; tried when an operator runs it" if unfinished else ""


def _whole(document: Mapping[str, Any], name: str, *, least: int) -> int:
    value = document.get(name)
    if value is None:
        return 0
    whole = value.whole() if isinstance(value, JSONNumber) else value
    if isinstance(whole, int) and not isinstance(whole, bool) and least <= whole < 1 << 31:
        return whole
    raise BadRequest(f"{name}: a whole number is expected", fields={name: ["a whole number is expected"]})


def _refuse(problems: list[Problem]) -> None:
    errors = [problem for problem in problems if problem.level is Level.ERROR]
    if errors:
        fields: dict[str, list[str]] = {}
        for problem in errors:
            fields.setdefault(f"steps.{problem.step}" if problem.step is not None else "steps", []).append(
                f"{problem.what} {problem.mend}".strip()
            )
        raise BadRequest("; ".join(f"{place}: {' '.join(texts)}" for place, texts in fields.items()), fields=fields)


def _read(text: str | None) -> Any:
    return None if text is None else loads(text)


def _told(
    actor: Actor,
    resolution: Resolution,
    event: str,
    comment: str,
    reason: str,
    *,
    step: str = "",
    before: str = "",
    after: str = "",
) -> None:
    journal.record(
        resolution.task,
        event,
        by=actor,
        step=step,
        before=before,
        after=after,
        detail={"reason": reason} if reason else None,
    )
    comments.note(resolution.task, f"{comment}: {reason}" if reason else comment, by=actor.username)
