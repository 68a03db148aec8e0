"""Loops: which children a list makes, what they wait for, and what is left of them at the end."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tasks.engine.definition import ConditionType, Dependency, ForeachScope, ForeachStrategy, StepDefinition
from tasks.engine.gotemplate.jsontext import loads_first
from tasks.engine.steps import Step
from tasks.states import ANY, StepState


class BadList(ValueError):
    """The ``foreach`` text does not give a list; the message is the loop's error."""


def read_items(text: str) -> list[Any]:
    """The items of a rendered ``foreach`` text: a JSON list, or null for an empty one; what follows it is ignored.

    Raises BadList. Source: docs/engine.md, "Loops".
    """
    try:
        items = loads_first(text)
    except ValueError as error:
        raise BadList(f"foreach: not a JSON list: {error}") from error
    if items is None:
        return []
    if not isinstance(items, list):
        raise BadList(f"foreach: a JSON list is wanted, not {_kind(items)}")
    return items


def child_name(loop: str, index: int) -> str:
    return f"{loop}-{index}"


def child_dependencies(loop: StepDefinition, index: int) -> tuple[Dependency, ...]:
    """What child ``index`` waits for: all that its loop waits for, and in a sequence the child before it.

    Fixed: a sequence goes on after a child that was pruned or has a custom state; the original prunes all later ones.
    Source: docs/engine.md, "Loops".
    """
    if index == 0 or loop.foreach_strategy is not ForeachStrategy.SEQUENCE:
        return loop.dependencies
    return (*loop.dependencies, Dependency(child_name(loop.name, index - 1), frozenset({ANY})))


def child_definition(loop: StepDefinition, index: int) -> StepDefinition:
    """A child as a step of its own, for those who show or edit it. Source: docs/engine.md, "Loops"."""
    return replace(
        loop,
        name=child_name(loop.name, index),
        description=f"{index} - {loop.description}",
        dependencies=child_dependencies(loop, index),
        conditions=tuple(
            condition
            for condition in loop.conditions
            if condition.type is ConditionType.CHECK or condition.foreach is not ForeachScope.PARENT
        ),
        foreach="",
        foreach_strategy=ForeachStrategy.PARALLEL,
    )


def collect_children(children: Iterable[Step]) -> list[Any]:
    """The ``children`` of a loop: a result for each child, in order of their index, pruned ones left out.

    Each is ``{"output", "metadata", "state"}``: no ``output`` where the child has none; ``metadata`` an object that has
    the item as ``iterator``. Source: docs/engine.md, "Loops".
    """
    return [_result(child) for child in children if child.state != StepState.PRUNE]


def _result(child: Step) -> dict[str, Any]:
    metadata = child.metadata if isinstance(child.metadata, dict) else {}
    result = {"metadata": {**metadata, "iterator": child.item}, "state": child.state}
    return result if child.output is None else {"output": child.output, **result}


def _kind(value: object) -> str:
    return {dict: "an object", str: "a text", bool: "a boolean"}.get(type(value), "a number")
