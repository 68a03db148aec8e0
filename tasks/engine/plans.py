"""What a step's definition means once its functions are unfolded: the same for all its tries, and for all children.

Source: docs/templates.md, "Functions".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tasks.engine.configuration import texts_in
from tasks.engine.definition import (
    ActionDefinition,
    ConditionDefinition,
    ConditionType,
    ForeachScope,
    FunctionDefinition,
    StepDefinition,
    TemplateDefinition,
)
from tasks.engine.functions import chain
from tasks.engine.schemas import Validator, compile_schema


@dataclass(frozen=True, slots=True)
class ActionChain:
    """An action with the functions around it: ``functions`` from the outside in, ``actions`` one more.

    ``actions[0]`` is what the template calls, ``actions[i + 1]`` what ``functions[i]`` calls; the last one is real.
    """

    functions: tuple[FunctionDefinition, ...]
    actions: tuple[ActionDefinition, ...]

    @property
    def real(self) -> ActionDefinition:
        return self.actions[-1]


def unfold(action: ActionDefinition, template: TemplateDefinition) -> ActionChain:
    """Follow an action's functions down to a real action."""
    around = chain(template, action)
    return ActionChain(around, (action, *(function.action for function in around)))


@dataclass(frozen=True, slots=True)
class LeveledCondition:
    """A condition and where it stands: ``level`` is the number of functions it lies inside of (0: the step's own)."""

    condition: ConditionDefinition
    level: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A step's definition with all that follows from it."""

    definition: StepDefinition
    chain: ActionChain
    #: The pre_hook that counts, with its functions; None: none.
    pre_hook: ActionChain | None
    #: How many functions the pre_hook lies inside of (0: it is the step's own).
    pre_hook_level: int
    #: In the order of judging: innermost function first, the step's own last.
    skips: tuple[LeveledCondition, ...]
    checks: tuple[LeveledCondition, ...]
    #: Skip conditions of a loop itself.
    loop_skips: tuple[LeveledCondition, ...]
    #: Whether judging or rendering them may take long.
    slow_skips: bool
    slow_checks: bool
    slow_list: bool
    slow_call: bool
    slow_hook: bool
    #: Of the output; None: no schema.
    validator: Validator | None

    def is_pure(self, pure_actions: frozenset[str]) -> bool:
        """Whether a try has no effect outside the database."""
        return self.chain.real.type in pure_actions and (
            self.pre_hook is None or self.pre_hook.real.type in pure_actions
        )


def plan_of(definition: StepDefinition, template: TemplateDefinition) -> Plan:
    """The plan of a step: of the template's own it is made once, of an operator's each time."""
    if template.steps.get(definition.name) is not definition:
        return _plan(definition, template)
    plans: dict[str, Plan] = vars(template).setdefault("_plans", {})  # where its cached properties are, too
    known = plans.get(definition.name)
    if known is None:
        known = plans[definition.name] = _plan(definition, template)
    return known


def _plan(definition: StepDefinition, template: TemplateDefinition) -> Plan:
    """Unfold a step. For a loop: ``skips`` and ``checks`` are its children's."""
    unfolded = unfold(definition.action, template)
    hook, hook_level = _pre_hook(definition, unfolded)
    leveled = [
        LeveledCondition(condition, level + 1)
        for level, function in reversed(list(enumerate(unfolded.functions)))
        for condition in function.conditions
    ]
    own = [LeveledCondition(condition, 0) for condition in definition.conditions]
    skips = [each for each in leveled + own if each.condition.type is ConditionType.SKIP]
    of_children = [each for each in skips if each.level or each.condition.foreach is not ForeachScope.PARENT]
    of_loop = [each for each in skips if each.condition.foreach is ForeachScope.PARENT]
    checks = [each for each in leveled + own if each.condition.type is ConditionType.CHECK]
    hook_chain = None if hook is None else unfold(hook, template)
    bases = list(texts_in(template.base_configurations.get(definition.action.base_configuration)))
    return Plan(
        definition=definition,
        chain=unfolded,
        pre_hook=hook_chain,
        pre_hook_level=hook_level,
        skips=tuple(of_children),
        checks=tuple(checks),
        loop_skips=tuple(of_loop) if definition.is_loop else (),
        slow_skips=may_take_long(_texts_of_conditions(of_children, unfolded), template),
        slow_checks=may_take_long(_texts_of_conditions(checks, unfolded), template),
        slow_list=may_take_long([definition.foreach, *_texts_of_conditions(of_loop, unfolded)], template),
        slow_call=may_take_long([*bases, *_texts_of_calls(unfolded.actions)], template),
        slow_hook=hook_chain is not None and may_take_long(_texts_of_calls(hook_chain.actions), template),
        validator=None if definition.json_schema is None else compile_schema(definition.json_schema),
    )


def _pre_hook(definition: StepDefinition, chain: ActionChain) -> tuple[ActionDefinition | None, int]:
    for level, function in reversed(list(enumerate(chain.functions))):
        if function.pre_hook is not None:
            return function.pre_hook, level + 1
    return definition.pre_hook, 0


#: The only way from a text to JavaScript.
_EVAL: Final = re.compile(r"\beval(?:Cache)?\b")
#: What may keep a processor busy for a while, or wait for the network.
_LONG: Final = re.compile(
    r"\b(?:range|template|repeat|until|untilStep|seq|bcrypt|htpasswd|derivePassword|gen[A-Z]\w*|getHostByName)\b"
)


def may_take_long(texts: Iterable[str], template: TemplateDefinition) -> bool:
    """Whether rendering these texts may run an expression of the template's variables, or long loops.

    Variables that are texts can loop as well, so with ``eval`` they count too.
    """
    texts = [text for text in texts if "{{" in text]
    if any(_LONG.search(text) for text in texts):
        return True
    if not any(_EVAL.search(text) for text in texts):
        return False
    return any(
        variable.expression or (isinstance(variable.value, str) and _LONG.search(variable.value))
        for variable in template.variables
    )


def _texts_of_conditions(conditions: Iterable[LeveledCondition], chain: ActionChain) -> list[str]:
    """The texts that judging renders; the arguments of functions are rendered for it too, so they count."""
    texts: list[str] = []
    has_functions = False
    for each in conditions:
        has_functions = has_functions or each.level > 0
        texts.append(each.condition.message)
        for assertion in each.condition.assertions:
            texts += [assertion.value, assertion.expected]
    return texts + _texts_of_calls(chain.actions[:-1]) if has_functions else texts


def _texts_of_calls(actions: Iterable[ActionDefinition]) -> list[str]:
    return [text for action in actions for text in texts_in([action.configuration, action.output.format])]
