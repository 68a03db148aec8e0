"""What a step calls: action or function, its configuration, its arguments, its one pre_hook.

Source: docs/templates.md, "Actions" and "Functions".
"""

from collections.abc import Mapping
from typing import Any

from tasks.engine.catalog import Path
from tasks.engine.checks.subject import Subject, step_path
from tasks.engine.definition import (
    ActionDefinition,
    FunctionDefinition,
    OutputStrategy,
    StepDefinition,
)
from tasks.engine.errors import Level
from tasks.engine.functions import FunctionCycle, chain, is_given
from tasks.engine.nodes import kind_of_node, node_of
from tasks.engine.places import Report, did_you_mean, listing


def check_calls(subject: Subject, step: StepDefinition) -> None:
    """The action and the pre_hook of a step, through all their functions."""
    functions = _check_call(subject, step.action, step_path(step.name, "action"))
    hooks = [(f'the function "{each.name}"', each.pre_hook) for each in functions if each.pre_hook is not None]
    if step.pre_hook is not None:
        hooks.insert(0, ("the step", step.pre_hook))
        _check_hook(subject, step.pre_hook, step_path(step.name, "pre_hook"), "")
    for owner, hook in hooks:
        if hook is not step.pre_hook:
            _check_hook(subject, hook, step_path(step.name, "action", "type"), f" of {owner}")
    if len(hooks) > 1:
        owners = " and ".join(owner for owner, _ in hooks)
        subject.report.error(
            step_path(step.name, "pre_hook" if step.pre_hook is not None else "action"),
            f"There can be one pre_hook only, but {owners} have one each.",
            "Remove all but one.",
        )


def check_output(action: ActionDefinition, path: Path, report: Report) -> None:
    """How an output is reshaped; of calls in steps and in functions alike."""
    output = action.output
    if action.base_output is not None:
        path = (*path, "base_output")
    if output.strategy is OutputStrategy.NONE and output.format is not None:
        report.warning(
            (*path, "output"), "The format has no effect without a strategy.", "Add strategy: merge or template."
        )
    if output.strategy is OutputStrategy.MERGE and not isinstance(output.format, Mapping | None):
        report.error(
            path if action.base_output is not None else (*path, "output", "format"),
            f"The output can only be merged with an object, not with {kind_of_node(node_of(output.format))}.",
            "Use strategy: template to replace the output.",
        )


def check_function_configuration(action: ActionDefinition, report: Report) -> None:
    """A function's own call must say what it gives, even if nothing."""
    path: Path = ("action", "configuration")
    if not action.type:
        return
    if not action.has_configuration:
        report.error(path, "The action of a function needs a configuration.", "Write configuration: {}.")
    elif not isinstance(action.configuration, Mapping | None):
        kind = kind_of_node(node_of(action.configuration))
        report.error(path, f"The configuration of a function must be an object, not {kind}.")


def _check_hook(subject: Subject, hook: ActionDefinition, path: Path, owner: str) -> None:
    functions = _check_call(subject, hook, path)
    for function in functions:
        if function.pre_hook is not None:
            subject.report.error(
                path, f'The pre_hook{owner} calls the function "{function.name}", which has a pre_hook itself.'
            )


def _check_call(subject: Subject, action: ActionDefinition, path: Path) -> tuple[FunctionDefinition, ...]:
    """One call down to the real action. Gives the functions on the way, none where they are circular."""
    report = subject.report
    check_output(action, path, report)
    base = _base_configuration(subject, action, path)
    if not action.type:
        return ()
    try:
        functions = chain(subject.definition, action)
    except FunctionCycle as error:
        report.error((*path, "type"), f"The functions are circular: {error}.")
        return ()
    _check_arguments(action, functions, path, report)
    _check_real_action(subject, action, functions, path, base)
    return functions


def _base_configuration(subject: Subject, action: ActionDefinition, path: Path) -> Any:
    bases = subject.definition.base_configurations
    name = action.base_configuration
    if name and name not in bases:
        subject.report.error(
            (*path, "base_configuration"),
            f'There is no base configuration "{name}".',
            did_you_mean(name, bases, f"There are: {listing(bases)}."),
        )
    return bases.get(name)


def _check_arguments(
    call: ActionDefinition, functions: tuple[FunctionDefinition, ...], path: Path, report: Report
) -> None:
    """Each function of the chain against the configuration that the one before gives it."""
    caller = ""
    for function in functions:
        for argument in function.arguments:
            if not is_given(argument, call.configuration):
                report.error(
                    (*path, "configuration") if not caller else (*path, "type"),
                    f'The function "{function.name}" needs the argument "{argument}"{caller}.',
                    _argument_mend(argument, call.configuration),
                )
        call, caller = function.action, f', which "{function.name}" does not give it'


def _argument_mend(argument: str, configuration: Any) -> str:
    given = configuration if isinstance(configuration, Mapping) else {}
    return did_you_mean(argument, map(str, given), "Add it to the configuration.")


def _check_real_action(
    subject: Subject, call: ActionDefinition, functions: tuple[FunctionDefinition, ...], path: Path, base: Any
) -> None:
    catalog, report = subject.catalog, subject.report
    inner = functions[-1].action if functions else call
    via = f', called by the function "{functions[-1].name}"' if functions else ""
    if not inner.has_configuration:
        report.error(path, "The action has no configuration.", "Write configuration: {} where it needs none.")
        return
    if catalog is None or subject.actions is None:
        return
    if inner.type not in subject.actions:
        known = [*sorted(subject.actions), *subject.definition.functions]
        report.error((*path, "type"), f'There is no action "{inner.type}"{via}.', did_you_mean(inner.type, known))
        return
    for problem in catalog.check(inner.type, base, inner.configuration):
        what, level = f"{inner.type}{via}: {problem.what}", Level(problem.level)
        line = None
        if problem.origin == "base_configuration":
            line = report.places.line(("base_configurations", call.base_configuration, *problem.path))
        # A fault inside a function stands at the call, which is in this file.
        place = (*path, "type") if functions else (*path, "configuration", *problem.path)
        report.add(place, what, problem.mend, level, line)
