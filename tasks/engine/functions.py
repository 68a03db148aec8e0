"""A function wrapped around an action, any depth: what a call stands for, and what it must be given.

A call whose type is a function's name stands for that function's action, and so on inwards to a real action. A
template's definition carries the functions it uses; here they are only walked through.
Source: docs/templates.md, "Functions".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.engine.definition import (
    ActionDefinition,
    ConditionDefinition,
    FunctionDefinition,
    StepDefinition,
    TemplateDefinition,
)

#: A handle that is nothing but an argument: what a call must give. Letters and dots only, as it always was; arguments
#: used in other ways are found by parsing, and missing ones are warned of.
_ARGUMENT = re.compile(r"\{\{\s*\.function_args\.([a-zA-Z.]+)\s*\}\}")

Functions = Mapping[str, FunctionDefinition]


class FunctionCycle(Exception):
    """A function that calls itself, directly or not. ``names``: from the first call on to the one that repeats."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(" calls ".join(f'"{name}"' for name in names))


def chain(definition: TemplateDefinition, action: ActionDefinition) -> tuple[FunctionDefinition, ...]:
    """The functions between a call and its real action, the outermost first; empty for a real action.

    Raises FunctionCycle, which a checked template never has.
    """
    return chain_in(definition.functions, action)


def chain_in(functions: Functions, action: ActionDefinition) -> tuple[FunctionDefinition, ...]:
    """``chain`` where the functions do not belong to a template yet."""
    found: dict[str, FunctionDefinition] = {}
    while (function := functions.get(action.type)) is not None:
        if function.name in found:
            raise FunctionCycle((*found, function.name))
        found[function.name] = function
        action = function.action
    return tuple(found.values())


def real_action(definition: TemplateDefinition, action: ActionDefinition) -> ActionDefinition:
    """The call that is executed in the end: that of the innermost function, or the call itself."""
    functions = chain(definition, action)
    return functions[-1].action if functions else action


def pre_hook_of(definition: TemplateDefinition, step: StepDefinition) -> ActionDefinition | None:
    """The one pre_hook of a step: the innermost function's, else the step's own."""
    for function in reversed(chain(definition, step.action)):
        if function.pre_hook is not None:
            return function.pre_hook
    return step.pre_hook


def conditions_of(definition: TemplateDefinition, step: StepDefinition) -> tuple[ConditionDefinition, ...]:
    """All conditions of a step in the order in which they are looked at: innermost function first, its own last."""
    inside_out = [
        condition for function in reversed(chain(definition, step.action)) for condition in function.conditions
    ]
    return (*inside_out, *step.conditions)


def custom_states_of(definition: TemplateDefinition, step: StepDefinition) -> tuple[str, ...]:
    """The states that a step may end in besides the builtin ones: its own and those of its functions, each once."""
    try:
        functions = chain(definition, step.action)
    except FunctionCycle:
        functions = ()
    inherited = [state for function in functions for state in function.custom_states]
    return tuple(dict.fromkeys((*step.custom_states, *inherited)))


def used_functions(steps: Iterable[StepDefinition], functions: Functions) -> dict[str, FunctionDefinition]:
    """Of all functions those that the steps use, directly or not, pre_hooks included."""
    found: dict[str, FunctionDefinition] = {}
    pending = [action for step in steps for action in _calls(step)]
    while pending:
        function = functions.get(pending.pop().type)
        if function is not None and function.name not in found:
            found[function.name] = function
            pending.extend(_calls(function))
    return dict(sorted(found.items()))


def required_arguments(action: ActionDefinition) -> tuple[str, ...]:
    """The arguments that a function with this action must be given, as dotted paths, in order of appearance."""
    texts = _texts(action.configuration)
    return tuple(dict.fromkeys(match for text in texts for match in _ARGUMENT.findall(text)))


def is_given(argument: str, configuration: Any) -> bool:
    """Whether a call gives an argument; null and empty values count, ``a.b`` is ``b`` in the object ``a``."""
    for key in argument.split("."):
        if not isinstance(configuration, Mapping) or key not in configuration:
            return False
        configuration = configuration[key]
    return True


def _calls(caller: StepDefinition | FunctionDefinition) -> list[ActionDefinition]:
    return [caller.action] if caller.pre_hook is None else [caller.action, caller.pre_hook]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
