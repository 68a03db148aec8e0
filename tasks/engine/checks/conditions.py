"""Conditions of steps and of functions: what can be compared, and whom they may give which state.

Source: docs/templates.md, "Conditions".
"""

from collections.abc import Sequence

from tasks.engine.catalog import Path
from tasks.engine.checks.subject import Subject, step_path
from tasks.engine.definition import ConditionDefinition, ConditionType, StepDefinition
from tasks.engine.operators import OperatorError, check_operator
from tasks.engine.places import Report, did_you_mean, listing
from tasks.states import ANY, StepState

#: Builtin states that a condition may give; besides, the custom states of the step that is changed.
GIVABLE: tuple[str, ...] = (
    StepState.DONE,
    StepState.PRUNE,
    StepState.TO_RETRY,
    StepState.RETRY_NOW,
    StepState.FATAL_ERROR,
    StepState.CLIENT_ERROR,
)

#: States that only the engine may give: a step put there by a condition could never go on.
ENGINES_OWN: frozenset[str] = frozenset({StepState.RUNNING, StepState.EXPANDED, ANY})

THIS = "this"


def check_conditions(subject: Subject, step: StepDefinition) -> None:
    """The conditions of a step itself; those of its functions are checked with the function."""
    for index, condition in enumerate(step.conditions):
        path = step_path(step.name, "conditions", index)
        check_assertions(condition, path, subject.report)
        _check_foreach(condition, step, path, subject.report)
        _check_outcome(condition, path, subject.report)
        for target, state in condition.then:
            _check_target(subject, step, target, state, (*path, "then", target))


def check_function_conditions(
    conditions: Sequence[ConditionDefinition], custom_states: Sequence[str], report: Report
) -> None:
    """Conditions of a function. It does not know the steps around it, so only ``this`` can be judged, and mildly."""
    for index, condition in enumerate(conditions):
        path: Path = ("conditions", index)
        check_assertions(condition, path, report)
        _check_outcome(condition, path, report)
        if condition.foreach is not None and condition.type is ConditionType.CHECK:
            _refuse_foreach_on_check(path, report)
        for target, state in condition.then:
            place = (*path, "then", target)
            if state in ENGINES_OWN:
                report.error(place, f"A condition cannot give the state {state}.", "Use one of " + ", ".join(GIVABLE))
            elif target == THIS and state not in GIVABLE and state not in custom_states:
                known = (*GIVABLE, *custom_states)
                report.warning(
                    place,
                    f'The state "{state}" is not among the custom_states of the function.',
                    did_you_mean(state, known, "Declare it there."),
                )


def check_assertions(condition: ConditionDefinition, path: Path, report: Report) -> None:
    for index, assertion in enumerate(condition.assertions):
        # A missing operator is reported where the document is read.
        if not assertion.operator:
            continue
        try:
            check_operator(assertion.operator, assertion.expected)
        except OperatorError as error:
            report.error((*path, "if", index), f"This can never be compared: {error}.")


def _check_outcome(condition: ConditionDefinition, path: Path, report: Report) -> None:
    if condition.type is not ConditionType.SKIP:
        return
    states = dict(condition.then)
    if THIS not in states:
        report.warning(
            path,
            'A skip condition gives no state to "this", so the skipped step becomes PRUNE.',
            "Say so: add this: PRUNE (or this: DONE) to then.",
        )
    elif states[THIS] == StepState.RETRY_NOW:
        report.warning(
            (*path, "then", THIS), "RETRY_NOW given by a skip condition is taken as TO_RETRY.", "Write TO_RETRY."
        )


def _check_foreach(condition: ConditionDefinition, step: StepDefinition, path: Path, report: Report) -> None:
    if condition.foreach is None:
        return
    if not step.is_loop:
        report.error(
            (*path, "foreach"), "A condition can have foreach only in a step that has foreach itself.", "Remove it."
        )
    if condition.type is ConditionType.CHECK:
        _refuse_foreach_on_check(path, report)


def _refuse_foreach_on_check(path: Path, report: Report) -> None:
    report.error((*path, "foreach"), "Only skip conditions can have foreach.", "Checks always act on each child.")


def _check_target(subject: Subject, step: StepDefinition, target: str, state: str, path: Path) -> None:
    report = subject.report
    if target == THIS:
        changed = step.name
    elif target == step.name:
        if not step.is_loop:
            report.error(path, f'A condition of "{target}" names the step itself.', 'Write "this".')
        changed = target
    elif target not in subject.steps:
        mend = did_you_mean(target, subject.steps)
        report.error(path, f'The condition changes "{target}", which is no step.', mend)
        return
    elif not subject.graph.are_related(step.name, target):
        report.error(
            path,
            f'The condition changes "{target}", which neither waits for "{step.name}" nor is waited for by it.',
            "Conditions can change only steps of the same chain of dependencies.",
        )
        changed = target
    else:
        changed = target
    custom_states = subject.states[changed]
    if state not in GIVABLE and state not in custom_states:
        report.error(
            path,
            f'The condition gives "{changed}" the state "{state}".',
            did_you_mean(
                state,
                (*GIVABLE, *custom_states),
                f"Possible are {', '.join(GIVABLE)} and its custom states ({listing(custom_states)}).",
            ),
        )
