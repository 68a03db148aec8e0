"""Which texts of a definition are rendered, and what they may see there.

Source: docs/templates.md, "What is rendered".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from tasks.engine.catalog import Path
from tasks.engine.definition import (
    ActionDefinition,
    ConditionDefinition,
    FunctionDefinition,
    StepDefinition,
    TemplateDefinition,
)


class Where(Enum):
    """When a text is rendered, and so what it sees."""

    CREATION = auto()  # title and tags: before any step exists
    RESULT = auto()
    SHARED = auto()  # variables and base configurations: seen by whoever uses them
    FOREACH = auto()
    PRE_HOOK = auto()
    STEP = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """One text that is rendered; ``step`` names the step it belongs to, "" outside the steps."""

    path: Path
    text: str
    where: Where
    step: str = ""


def texts_of_template(definition: TemplateDefinition) -> Iterator[Text]:
    """Every rendered text of a template but those of its steps."""
    yield Text(("title_format",), definition.title_format, Where.CREATION)
    yield from _all(definition.tags, ("tags",), Where.CREATION)
    yield from _all(definition.result_format, ("result_format",), Where.RESULT, keys_too=True)
    for index, variable in enumerate(definition.variables):
        path = ("variables", index)
        yield Text((*path, "expression"), variable.expression, Where.SHARED)
        # Only a text is rendered, not the texts inside a value.
        if isinstance(variable.value, str):
            yield Text((*path, "value"), variable.value, Where.SHARED)
    yield from _all(definition.base_configurations, ("base_configurations",), Where.SHARED)


def texts_of_step(step: StepDefinition) -> Iterator[Text]:
    """Every rendered text of a step."""
    path: Path = ("steps", step.name)
    yield Text((*path, "foreach"), step.foreach, Where.FOREACH, step.name)
    if step.pre_hook is not None:
        yield from _of_action(step.pre_hook, (*path, "pre_hook"), Where.PRE_HOOK, step.name)
    yield from _of_action(step.action, (*path, "action"), Where.STEP, step.name)
    yield from _of_conditions(step.conditions, (*path, "conditions"), step.name)


def texts_of_function(function: FunctionDefinition) -> Iterator[Text]:
    """Every rendered text of a function."""
    if function.pre_hook is not None:
        yield from _of_action(function.pre_hook, ("pre_hook",), Where.PRE_HOOK)
    yield from _of_action(function.action, ("action",), Where.STEP)
    yield from _of_conditions(function.conditions, ("conditions",))


def _of_action(action: ActionDefinition, path: Path, where: Where, step: str = "") -> Iterator[Text]:
    yield from _all(action.configuration, (*path, "configuration"), where, step)
    if action.base_output is not None:
        yield from _all(action.base_output, (*path, "base_output"), where, step)
    else:
        yield from _all(action.output.format, (*path, "output", "format"), where, step)


def _of_conditions(conditions: tuple[ConditionDefinition, ...], path: Path, step: str = "") -> Iterator[Text]:
    for index, condition in enumerate(conditions):
        place = (*path, index)
        yield Text((*place, "message"), condition.message, Where.STEP, step)
        for number, assertion in enumerate(condition.assertions):
            yield Text((*place, "if", number, "value"), assertion.value, Where.STEP, step)
            yield Text((*place, "if", number, "expected"), assertion.expected, Where.STEP, step)


def _all(value: Any, path: Path, where: Where, step: str = "", *, keys_too: bool = False) -> Iterator[Text]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        yield Text(path, value, where, step)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if keys_too:
                yield Text((*path, key), key, where, step)
            yield from _all(item, (*path, key), where, step, keys_too=keys_too)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _all(item, (*path, index), where, step, keys_too=keys_too)
