"""Conditions: judged on a snapshot of the values; the verdict says which step gets which state.

Source: docs/engine.md, "Conditions".
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from tasks.engine.configuration import NotRendered, render_text
from tasks.engine.definition import AssertionDefinition, ConditionDefinition
from tasks.engine.jobs import StateChange, Verdict
from tasks.engine.lifecycle import is_final
from tasks.engine.operators import OperatorError, holds
from tasks.engine.plans import LeveledCondition
from tasks.engine.steps import Step
from tasks.engine.values import Values
from tasks.engine.variables import Evaluation

_THIS: Final = "this"

#: Makes an evaluation for a step as it is seen now: values, the step, the level of the function (0: the step's own).
Evaluator = Callable[[Values, Step, int], Evaluation]


def judge(conditions: Iterable[LeveledCondition], values: Values, step: Step, evaluator: Evaluator) -> Verdict:
    """What the conditions of ``step`` do, one after the other until one that is met is final.

    Each sees the states that the earlier ones gave. One that cannot be judged ends the judging; what earlier ones did
    stays.
    """
    met = False
    changes: list[StateChange] = []
    for each in conditions:
        condition = each.condition
        try:
            evaluation = evaluator(values, step, each.level)
            if not _is_met(condition, evaluation):
                continue
        except (NotRendered, OperatorError) as error:
            return Verdict(met, tuple(changes), f"{condition.type} condition: {error}")
        met = True
        message = _message(condition.message, evaluation)
        for name, state in condition.then:
            change = StateChange(step.name if name == _THIS else name, state, message)
            changes.append(change)
            values, step = _seen_after(change, values, step)
        if condition.final:
            break
    return Verdict(met, tuple(changes))


def error_after(error: str, state: str, message: str) -> str:
    """The error text of a step that a condition gives ``state`` with ``message``.

    Fixed: in a state that is not final, an empty message leaves the action's error, which an operator needs.
    """
    return message if message or is_final(state) else error


def _is_met(condition: ConditionDefinition, evaluation: Evaluation) -> bool:
    return all(_holds(assertion, evaluation) for assertion in condition.assertions)


def _holds(assertion: AssertionDefinition, evaluation: Evaluation) -> bool:
    return holds(
        assertion.operator,
        render_text(assertion.value, evaluation),
        render_text(assertion.expected, evaluation),
        assertion.list_separator,
    )


def _message(message: str, evaluation: Evaluation) -> str:
    """The rendered message; one that cannot be rendered counts as written, with a note."""
    try:
        return render_text(message, evaluation)
    except NotRendered as error:
        return f"{message} ({error})"


def _seen_after(change: StateChange, values: Values, step: Step) -> tuple[Values, Step]:
    """Values and step as the next condition sees them."""
    target = step if change.step == step.name else values.steps.get(change.step)
    if target is None:
        return values, step
    error = error_after(target.error, change.state, change.message)
    target = replace(target, state=change.state, error=error)
    return values.with_step(target), target if change.step == step.name else step
