"""A definition's problems, all at once, each with its place. The front door: ``check_template``, ``check_function``.

One file for each part of the document; what they share is ``subject.py``. What the original accepts is a warning at
most, unless it can never work or names what surely does not exist.
Source: docs/templates.md, "Checks".
"""

from tasks.engine.catalog import ActionCatalog
from tasks.engine.checks.borrowed import check_borrowed
from tasks.engine.checks.calls import check_calls, check_function_configuration, check_output
from tasks.engine.checks.conditions import check_conditions, check_function_conditions
from tasks.engine.checks.document import check_document
from tasks.engine.checks.inputs import check_inputs
from tasks.engine.checks.steps import check_custom_states, check_cycles, check_step
from tasks.engine.checks.subject import Subject
from tasks.engine.checks.texts import check_function_texts, check_step_texts, check_template_texts
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.errors import Level
from tasks.engine.places import Report

__all__ = ["check_function", "check_steps", "check_template"]


def check_template(definition: TemplateDefinition, report: Report, catalog: ActionCatalog | None = None) -> None:
    """Report every problem of a template that has been read; ``definition.functions`` are those it uses."""
    subject = Subject(definition, report, catalog)
    check_document(subject)
    check_inputs(subject)
    check_template_texts(subject)
    _check_all_steps(subject)


def check_steps(
    definition: TemplateDefinition,
    report: Report,
    catalog: ActionCatalog | None = None,
    edited: str | None = None,
) -> None:
    """Report every problem of the steps alone: for steps that an operator edited in a resolution.

    ``edited`` names the one that was: a circle that it closes is its fault.
    """
    _check_all_steps(Subject(definition, report, catalog), edited)


def _check_all_steps(subject: Subject, edited: str | None = None) -> None:
    for step in subject.steps.values():
        check_step(subject, step)
        check_calls(subject, step)
        check_conditions(subject, step)
        check_step_texts(subject, step)
        check_borrowed(subject, step)
    check_cycles(subject, edited)


def check_function(function: FunctionDefinition, report: Report) -> None:
    """Report every problem that a function has whoever calls it; the rest shows where a template uses it."""
    # Nobody has ever looked at these of functions, so a builtin one among them is no error.
    check_custom_states(function.custom_states, ("custom_states",), report, Level.WARNING)
    check_function_configuration(function.action, report)
    check_output(function.action, ("action",), report)
    if function.pre_hook is not None:
        check_output(function.pre_hook, ("pre_hook",), report)
    check_function_conditions(function.conditions, function.custom_states, report)
    check_function_texts(function, report)
