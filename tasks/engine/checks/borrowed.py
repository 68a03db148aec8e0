"""What a step's functions refer to, against the template that uses them: seen only where they are used.

The original looks at none of this, so all of it are warnings, at the call.
Source: docs/templates.md, "Functions".
"""

from collections.abc import Iterable

from tasks.engine.catalog import Path
from tasks.engine.checks.conditions import GIVABLE, THIS
from tasks.engine.checks.subject import Subject, step_path
from tasks.engine.definition import ActionDefinition, FunctionDefinition, StepDefinition
from tasks.engine.functions import is_given
from tasks.engine.handles import Reference, VariableUse


def check_borrowed(subject: Subject, step: StepDefinition) -> None:
    """Handles, variables, arguments and conditions of the functions around a step's action and pre_hook."""
    calls: list[tuple[ActionDefinition, Path]] = [(step.action, step_path(step.name, "action", "type"))]
    if step.pre_hook is not None:
        calls.append((step.pre_hook, step_path(step.name, "pre_hook", "type")))
    for call, path in calls:
        functions = subject.functions_around(call)
        for function in functions:
            _check_uses(subject, function, path)
            _check_arguments(subject, function, call, path)
            call = function.action
    for function in subject.functions_around(step.action):
        _check_targets(subject, step, function, step_path(step.name, "action", "type"))


def _check_uses(subject: Subject, function: FunctionDefinition, path: Path) -> None:
    definition = subject.definition
    known = {
        "step": {*definition.steps, THIS},
        "input": {each.name for each in definition.inputs},
        "resolver_input": {each.name for each in definition.resolver_inputs},
    }
    for use in subject.uses_in(function):
        match use:
            case Reference(names=(root, name, *_)) if root in known and name not in known[root]:
                subject.report.warning(
                    path, f'The function "{function.name}" reads .{root}.{name}, which does not exist here.'
                )
            case VariableUse(name=name) if name not in definition.variable_by_name:
                subject.report.warning(
                    path, f'The function "{function.name}" needs the variable "{name}", which does not exist here.'
                )


def _check_arguments(subject: Subject, function: FunctionDefinition, call: ActionDefinition, path: Path) -> None:
    """Arguments that only parsing finds: used with others, or under names with digits and underscores."""
    for name in optional_arguments(function, subject.uses_in(function)):
        if not is_given(name, call.configuration):
            subject.report.warning(
                path, f'The function "{function.name}" uses the argument "{name}", which is not given.'
            )


def optional_arguments(function: FunctionDefinition, uses: Iterable[object]) -> list[str]:
    """First names of the arguments that a call need not give, but that are used as if it did."""
    used = [
        use for use in uses if isinstance(use, Reference) and use.names[0] == "function_args" and len(use.names) > 1
    ]
    required = {argument.split(".")[0] for argument in function.arguments}
    guarded = {use.names[1] for use in used if use.is_guarded}
    return sorted({use.names[1] for use in used} - required - guarded)


def _check_targets(subject: Subject, step: StepDefinition, function: FunctionDefinition, path: Path) -> None:
    for condition in function.conditions:
        for target, state in condition.then:
            if target in {THIS, step.name}:
                continue
            if target not in subject.steps:
                what = f'A condition of the function "{function.name}" changes "{target}", which is no step here.'
                subject.report.warning(path, what)
            elif state not in GIVABLE and state not in subject.states[target]:
                what = f'A condition of the function "{function.name}" gives "{target}" the state "{state}".'
                subject.report.warning(path, what, f'Declare it in the custom_states of "{target}".')
