"""Whether what a template asks of requester and resolver can be asked at all.

Source: docs/templates.md, "Inputs".
"""

from collections.abc import Sequence

from tasks.engine.catalog import Path
from tasks.engine.checks.document import warn_of_repeated_names
from tasks.engine.checks.subject import Subject
from tasks.engine.definition import InputDefinition, InputType
from tasks.engine.gotemplate.regexps import RegexpError, compile_pattern
from tasks.engine.inputs import expected_type, has_type, kind_of, value_faults
from tasks.engine.places import Report


def check_inputs(subject: Subject) -> None:
    for property_name in ("inputs", "resolver_inputs"):
        inputs: Sequence[InputDefinition] = getattr(subject.definition, property_name)
        warn_of_repeated_names(subject.report, "input", property_name, (each.name for each in inputs))
        for index, definition in enumerate(inputs):
            _check_input(definition, (property_name, index), subject.report)


def _check_input(definition: InputDefinition, path: Path, report: Report) -> None:
    if not definition.name:
        report.warning(path, "An input has no name.", "Give it one, so that texts can refer to it.")
    if definition.regex is not None and definition.legal_values:
        report.error(
            path, f'The input "{definition.name}" has both regex and legal_values.', "The legal values say it all."
        )
    regex_is_legal = _check_regex(definition, path, report)
    legal_values_are = _check_legal_values(definition, path, report)
    if regex_is_legal and legal_values_are and definition.default is not None:
        _check_default(definition, path, report)


def _check_regex(definition: InputDefinition, path: Path, report: Report) -> bool:
    if definition.regex is None:
        return True
    try:
        compile_pattern(definition.regex)
    except RegexpError as error:
        report.error((*path, "regex"), f'The regex of the input "{definition.name}" is not legal: {error}.')
        return False
    if definition.regex and not definition.legal_values and not _is_anchored(definition.regex):
        report.warning(
            (*path, "regex"),
            f'The regex of the input "{definition.name}" may be found anywhere in the value.',
            "Begin it with ^ and end it with $ where the whole value is meant.",
        )
    return True


def _is_anchored(pattern: str) -> bool:
    return pattern.startswith(("^", r"\A", "(?")) or pattern.endswith(("$", r"\z"))


def _check_legal_values(definition: InputDefinition, path: Path, report: Report) -> bool:
    fine = True
    for index, legal in enumerate(definition.legal_values):
        if legal is not None and not has_type(definition.type, legal):
            report.error(
                (*path, "legal_values", index),
                f'A legal value of the input "{definition.name}" must be {expected_type(definition.type)}, '
                f"not {kind_of(legal)}.",
                _quotes_mend(definition, legal),
            )
            fine = False
    return fine


def _check_default(definition: InputDefinition, path: Path, report: Report) -> None:
    # An empty text is a legal default of a text, although a requester who sends it sends nothing.
    if definition.default == "" and has_type(definition.type, "") and not definition.collection:
        return
    for problem in value_faults(definition, definition.default):
        report.error(
            (*path, "default"),
            f'The default of the input "{definition.name}" is not acceptable: {problem.what}.',
            _quotes_mend(
                definition, definition.default if problem.index is None else definition.default[problem.index]
            ),
        )


def _quotes_mend(definition: InputDefinition, value: object) -> str:
    """The usual slip: YAML reads ``yes``, ``no``, ``y``, ``on`` as booleans and bare digits as numbers."""
    if definition.type in {InputType.STRING, InputType.PASSWORD} and kind_of(value) in {"true or false", "a number"}:
        return "Put it in quotes."
    return ""
