"""Definitions as plain JSON values, in the shape of the API, and back: for answers, for rows, for operators' edits.

A document that was stored has been checked; ``stored_template`` trusts it. What an operator sends has not:
``step_from_document`` and ``steps_from_document`` say everything that is wrong with it.
Source: docs/api.md, "Template", and docs/templates.md, "Properties".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tasks.engine.building import Builder
from tasks.engine.catalog import ActionCatalog
from tasks.engine.checks import check_steps
from tasks.engine.declarations import FUNCTION, STEP, TEMPLATE
from tasks.engine.decoding import Decoder
from tasks.engine.definition import (
    ActionDefinition,
    AssertionDefinition,
    ConditionDefinition,
    FunctionDefinition,
    InputDefinition,
    StepDefinition,
    TemplateDefinition,
    VariableDefinition,
)
from tasks.engine.errors import Problem
from tasks.engine.gotemplate.gotime.durations import format_duration
from tasks.engine.gotemplate.jsontext import dumps
from tasks.engine.nodes import node_of
from tasks.engine.places import Report

Document = dict[str, Any]

#: When a step last ran, before it ever did.
NEVER = "0001-01-01T00:00:00Z"

#: The key under which a stored template holds the functions it uses; no property of a template.
_FUNCTIONS = "functions"


def template_document(definition: TemplateDefinition, *, in_list: bool = False) -> Document:
    """A template as the API shows it; in lists without title, result, variables and steps."""
    shown = not in_list
    document: Document = {"name": definition.name, "description": definition.description}
    _put(document, "long_description", definition.long_description)
    _put(document, "doc_link", definition.doc_link)
    if shown:
        document["title_format"] = definition.title_format
        _put(document, "result_format", definition.result_format or None)
    document |= {
        "allowed_resolver_groups": list(definition.allowed_resolver_groups) or None,
        "allowed_resolver_usernames": list(definition.allowed_resolver_usernames) or None,
        "allow_all_resolver_usernames": definition.allow_all_resolver_usernames,
        "auto_runnable": definition.auto_runnable,
        "blocked": definition.blocked,
        "hidden": definition.hidden,
    }
    _put(document, "retry_max", definition.retry_max)
    document["allow_task_start_over"] = definition.allow_task_start_over
    _put(document, "region", definition.region or None)
    _put(document, "inputs", [input_document(each) for each in definition.inputs] or None)
    _put(document, "resolver_inputs", [input_document(each) for each in definition.resolver_inputs] or None)
    if shown:
        _put(document, "variables", [_variable_document(each) for each in definition.variables] or None)
    _put(document, "tags", dict(definition.tags) or None)
    if shown:
        _put(document, "steps", {name: step_document(step) for name, step in definition.steps.items()} or None)
    document["base_configurations"] = dict(definition.base_configurations) or None
    return document


def function_document(function: FunctionDefinition) -> Document:
    """A function as the API shows it: without its description and its arguments."""
    document: Document = {"name": function.name, "action": _action_document(function.action)}
    if function.pre_hook is not None:
        document["pre_hook"] = _action_document(function.pre_hook)
    _put(document, "conditions", [_condition_document(each) for each in function.conditions] or None)
    _put(document, "custom_states", list(function.custom_states) or None)
    return document


def step_document(step: StepDefinition, *, name: str = "") -> Document:
    """A step as the API shows it within a template. A resolution's step has its ``name`` in it, and what happened to
    it, which the caller puts over this document."""
    document: Document = {
        "name": name,
        "description": step.description,
        "idempotent": step.idempotent,
        "action": _action_document(step.action),
    }
    if step.pre_hook is not None:
        document["pre_hook"] = _action_document(step.pre_hook)
    _put(document, "json_schema", step.json_schema)
    document["retry_pattern"] = step.retry_pattern.value
    _put(document, "max_retries", step.max_retries or None)
    document["last_run"] = NEVER
    _put(document, "execution_delay", _nanoseconds(step.execution_delay) or None)
    _put(document, "timeout", format_duration(_nanoseconds(step.timeout)) if step.timeout else None)
    _put(document, "dependencies", [str(each) for each in step.dependencies] or None)
    _put(document, "custom_states", list(step.custom_states) or None)
    _put(document, "conditions", [_condition_document(each) for each in step.conditions] or None)
    _put(document, "foreach", step.foreach or None)
    document["foreach_strategy"] = step.foreach_strategy.value if step.is_loop else ""
    document["resources"] = list(step.resources) or None
    document["tags"] = None
    return document


def input_document(definition: InputDefinition) -> Document:
    document: Document = {"name": definition.name, "description": definition.description}
    _put(document, "regex", definition.regex)
    _put(document, "legal_values", list(definition.legal_values) or None)
    return document | {
        "collection": definition.collection,
        "type": definition.type.value,
        "optional": definition.optional,
        "default": definition.default,
        "hidden": definition.hidden,
    }


def _variable_document(variable: VariableDefinition) -> Document:
    return {
        "name": variable.name,
        "expression": variable.expression,
        "expression_timeout": variable.expression_timeout_text,
        "value": variable.value,
    }


def _action_document(action: ActionDefinition) -> Document:
    document: Document = {"type": action.type}
    _put(document, "base_configuration", action.base_configuration or None)
    document["configuration"] = action.configuration
    _put(document, "base_output", action.base_output)
    output = action.output
    is_plain = output.strategy == "none" and output.format is None
    return document | {"output": None if is_plain else {"format": output.format, "strategy": output.strategy.value}}


def _condition_document(condition: ConditionDefinition) -> Document:
    return {
        "type": condition.type.value,
        "if": [_assertion_document(each) for each in condition.assertions] or None,
        "then": dict(condition.then) or None,
        "final": condition.final,
        "foreach": "" if condition.foreach is None else condition.foreach.value,
        "message": condition.message,
    }


def _assertion_document(assertion: AssertionDefinition) -> Document:
    return {
        "value": assertion.value,
        "operator": assertion.operator,
        "expected": assertion.expected,
        "list_separator": assertion.list_separator,
        "message": assertion.message,
    }


def stored_document(definition: TemplateDefinition) -> Document:
    """All that a version of a template must keep: its document, and the functions it uses.

    JSON texts are written with sorted keys, but the order in which steps and ``then`` are written means something:
    both are lists here.
    """
    steps = [_with_order_kept(step_document(step, name=step.name)) for step in definition.steps.values()]
    functions = {name: _stored_function(each) for name, each in definition.functions.items()}
    return template_document(definition) | {"steps": steps, _FUNCTIONS: functions}


def content_hash(definition: TemplateDefinition) -> str:
    """SHA-256 of what a version keeps; the same for the same definition, however the file is written."""
    return hashlib.sha256(dumps(stored_document(definition)).encode()).hexdigest()


def stored_template(document: Mapping[str, Any]) -> TemplateDefinition:
    """The definition that ``stored_document`` was made of. Raises ValueError for what never was one."""
    report = Report()
    functions = document.get(_FUNCTIONS) or {}
    found = {name: _function_from(each, report) for name, each in functions.items()}
    template = {name: value for name, value in document.items() if name != _FUNCTIONS}
    template["steps"] = {step["name"]: _as_written(step) for step in document.get("steps") or ()}
    definition = Builder(report).template(Decoder(report).record(TEMPLATE, node_of(template), ()))
    _refuse_faults(report, "template")
    return replace(definition, functions=found)


def stored_function(document: Mapping[str, Any]) -> FunctionDefinition:
    """The definition of a function stored as ``function_document`` shows it. Raises ValueError for all others."""
    report = Report()
    function = _function_from(document, report)
    _refuse_faults(report, "function")
    return function


def stored_step(name: str, document: Mapping[str, Any]) -> StepDefinition:
    """The definition of a step stored as ``step_document`` shows it. Raises ValueError for all others."""
    report = Report()
    step = Builder(report, run_time_is_welcome=True).step(name, Decoder(report).record(STEP, node_of(document), ()))
    _refuse_faults(report, "step")
    return step


def _refuse_faults(report: Report, what: str) -> None:
    if report.has_errors:
        raise ValueError(f"not a stored {what}: " + "; ".join(map(str, report.problems)))


def _stored_function(function: FunctionDefinition) -> Document:
    return _with_order_kept(function_document(function)) | {"description": function.description}


def _function_from(document: Mapping[str, Any], report: Report) -> FunctionDefinition:
    return Builder(report).function(Decoder(report).record(FUNCTION, node_of(_as_written(document)), ()))


def _with_order_kept(document: Document) -> Document:
    """A step or function whose conditions have ``then`` as a list of pairs."""
    conditions = document.get("conditions") or ()
    return document | {"conditions": [each | {"then": list((each["then"] or {}).items())} for each in conditions]}


def _as_written(document: Mapping[str, Any]) -> Document:
    """What ``_with_order_kept`` was given; a document that never went through it stays as it is."""
    conditions = [
        each | {"then": dict(each["then"])} if isinstance(each.get("then"), list) else each
        for each in document.get("conditions") or ()
    ]
    return {**document, "conditions": conditions}


def steps_from_document(
    definition: TemplateDefinition, steps: Mapping[str, Any], catalog: ActionCatalog | None = None
) -> tuple[dict[str, StepDefinition], list[Problem]]:
    """The steps of a resolution as an operator edited them, and everything that is wrong with them.

    ``definition`` gives base configurations and functions; ``steps`` is the whole map of step documents, as the API
    shows them: what happened to a step (state, output…) is not looked at here. With any error, use none of them.
    """
    report = Report()
    builder, decoder = Builder(report, run_time_is_welcome=True), Decoder(report)
    found: dict[str, StepDefinition] = {}
    for name, document in steps.items():
        path = ("steps", name)
        if document is None:
            report.error(path, f'The step "{name}" is null.')
        else:
            found[name] = builder.step(name, decoder.record(STEP, node_of(document), path))
    check_steps(replace(definition, steps=found), report, catalog)
    return found, report.problems


def step_from_document(
    definition: TemplateDefinition,
    name: str,
    document: Any,
    others: Mapping[str, StepDefinition],
    catalog: ActionCatalog | None = None,
) -> tuple[StepDefinition, list[Problem]]:
    """One step of a resolution as an operator edited it, and everything that is wrong with it among ``others``.

    ``others`` are the resolution's steps by name; the one edited may be among them. The body is a whole step: what is
    left out becomes empty.
    """
    report = Report()
    fields = Decoder(report).record(STEP, node_of(document), ("steps", name))
    step = Builder(report, run_time_is_welcome=True).step(name, fields)
    check_steps(replace(definition, steps={**others, name: step}), report, catalog, edited=name)
    return step, [problem for problem in report.problems if problem.step == name]


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1000


def _put(document: Document, name: str, value: Any) -> None:
    """Keys that the API leaves out when there is nothing to say."""
    if value is not None:
        document[name] = value
