"""What holds for a template as a whole: lengths, tags, who may resolve, variables.

Source: docs/templates.md, "Properties".
"""

from collections.abc import Iterable, Iterator

from tasks.engine.catalog import Path
from tasks.engine.checks.subject import Subject
from tasks.engine.declarations import PARENT_TASK_TAG, TEMPLATE, Property
from tasks.engine.definition import TemplateDefinition, VariableDefinition
from tasks.engine.gotemplate import has_actions
from tasks.engine.javascript import JavaScriptError, Reason, check_syntax
from tasks.engine.places import Report
from tasks.engine.readable import wrong_tags


def check_document(subject: Subject) -> None:
    """Everything at the top of the document but its inputs, steps and texts."""
    definition, report = subject.definition, subject.report
    _check_lengths(definition, report)
    if PARENT_TASK_TAG in definition.tags:
        report.error(("tags", PARENT_TASK_TAG), f'The tag "{PARENT_TASK_TAG}" is set by the engine.', "Remove it.")
    for name, text in definition.tags.items():
        if problem := wrong_tags({name: "" if has_actions(text) else text}):
            report.error(
                ("tags", name), f"{problem[0].upper()}{problem[1:]}.", "Nobody could search for it: change it."
            )
    if definition.auto_runnable and definition.resolver_inputs:
        report.error(
            ("auto_runnable",),
            "A template with resolver_inputs cannot be auto_runnable.",
            "Somebody has to give the resolver inputs: remove one of the two.",
        )
    if definition.allow_all_resolver_usernames and not definition.auto_runnable:
        report.error(
            ("allow_all_resolver_usernames",),
            "allow_all_resolver_usernames needs auto_runnable.",
            "Set auto_runnable: true, or name the resolvers.",
        )
    _check_variables(definition.variables, report)


def warn_of_repeated_names(report: Report, kind: str, property_name: str, names: Iterable[str]) -> None:
    """Of two things with one name only one can be reached; one without a name cannot at all."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        place = (property_name, index, "name")
        if name in seen:
            report.warning(place, f'There is another {kind} named "{name}".', "Give each its own name.")
        seen.add(name)


def _check_lengths(definition: TemplateDefinition, report: Report) -> None:
    for declared, text in _limited_texts(definition):
        length = len(text.encode(errors="surrogatepass"))
        limits = f"It must have between {declared.shortest} and {declared.longest:,} bytes."
        if declared.required and not length:
            report.error((declared.name,), f'A template needs "{declared.name}".', limits)
        elif not declared.shortest <= length <= declared.longest:
            report.error((declared.name,), f"{declared.name} has {length:,} bytes.", limits)


def _limited_texts(definition: TemplateDefinition) -> Iterator[tuple[Property, str]]:
    for declared in TEMPLATE.properties:
        text = getattr(definition, declared.name)
        if declared.longest and text is not None:
            yield declared, text


def _check_variables(variables: Iterable[VariableDefinition], report: Report) -> None:
    variables = tuple(variables)
    warn_of_repeated_names(report, "variable", "variables", (variable.name for variable in variables))
    for index, variable in enumerate(variables):
        place = ("variables", index)
        if not variable.name:
            report.error((*place, "name"), "A variable needs a name.")
        if variable.value is not None and variable.expression:
            report.error(place, f'The variable "{variable.name}" has both value and expression.', "Remove one of them.")
        elif variable.value is None and not variable.expression:
            report.error(place, f'The variable "{variable.name}" has neither value nor expression.')
        elif variable.value is not None and variable.expression_timeout_text:
            report.error(
                (*place, "expression_timeout"),
                f'The variable "{variable.name}" has a value, which needs no expression_timeout.',
                "Remove it.",
            )
        _check_syntax(variable, (*place, "expression"), report)
        if variable.expression and variable.expression_timeout.total_seconds() <= 0:
            report.warning(
                (*place, "expression_timeout"),
                f'The expression of "{variable.name}" times out at once.',
                "Give it time.",
            )


def _check_syntax(variable: VariableDefinition, path: Path, report: Report) -> None:
    # What is rendered first is no JavaScript yet.
    if not variable.expression or has_actions(variable.expression):
        return
    try:
        check_syntax(variable.expression)
    except JavaScriptError as error:
        # An interpreter that cannot be had says nothing of the expression.
        if error.reason is Reason.SYNTAX:
            report.error(path, f'The expression of "{variable.name}" can never run. {error}.')
