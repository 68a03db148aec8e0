"""Templates and functions as lists and pages show them. Source: docs/api.md, "Template"."""

from collections.abc import Sequence
from typing import Any

from tasks.engine.building import normalised_name
from tasks.engine.definition import InputDefinition
from tasks.engine.documents import input_document, template_document
from tasks.engine.gotemplate import loads
from tasks.models import Function, Template
from tasks.services import templates
from tasks.services.actors import Actor
from tasks.services.errors import NotFound


def page_of_templates(actor: Actor, *, size: int, after: str) -> list[dict[str, Any]]:
    """At most ``size`` templates behind the one named ``after``; hidden ones for administrators. Raises NotFound."""
    rows = Template.objects.filter(current__isnull=False).order_by("id")
    if after:
        last = Template.objects.filter(name=after).first()
        if last is None:
            raise NotFound(f'no such template: "{after}"')
        rows = rows.filter(id__gt=last.pk)
    if not actor.is_admin:
        rows = rows.filter(hidden=False, archived=False)
    return [_document(row, in_list=True) for row in rows[:size]]


def shown_template(name: str) -> dict[str, Any]:
    """The template of exactly this name, hidden or not. Raises NotFound."""
    row = Template.objects.filter(name=name, current__isnull=False).first()
    if row is None:
        mend = f' (names are in lower case: "{normalised_name(name)}")' if normalised_name(name) != name else ""
        raise NotFound(f'no such template: "{name}"{mend}')
    return _document(row, in_list=False)


def page_of_functions(*, size: int, after: str) -> list[dict[str, Any]]:
    """At most ``size`` functions behind the one named ``after``, by name. Raises NotFound."""
    rows = Function.objects.order_by("name")
    if after:
        if not rows.filter(name=after).exists():
            raise NotFound(f'no such function: "{after}"')
        rows = rows.filter(name__gt=after)
    return [_function(row) for row in rows[:size]]


def shown_function(name: str) -> dict[str, Any]:
    """The function of this name. Raises NotFound."""
    row = Function.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f'function not found: "{name}"')
    return _function(row)


def _document(row: Template, *, in_list: bool) -> dict[str, Any]:
    assert row.current_id is not None
    document = template_document(templates.definition_of(row.current_id), in_list=in_list)
    return document | {"blocked": templates.is_blocked(row), "hidden": templates.is_hidden(row)}


def _function(row: Function) -> dict[str, Any]:
    document: dict[str, Any] = loads(row.document)
    return {name: value for name, value in document.items() if name != "description"}


def input_documents(definitions: Sequence[InputDefinition]) -> list[dict[str, Any]]:
    """Inputs as the API shows them."""
    return [input_document(each) for each in definitions]
