"""From decoded fields to the frozen values of ``definition.py``.

Every enumeration has been checked while decoding, so that only what the values themselves cannot hold is left to do
here: old spellings, the grammar of dependencies.
Source: docs/templates.md, "Properties".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from tasks.engine.catalog import Path
from tasks.engine.declarations import STEP, Kind, Property
from tasks.engine.decoding import Fields
from tasks.engine.definition import (
    ActionDefinition,
    AssertionDefinition,
    ConditionDefinition,
    ConditionType,
    Dependency,
    ForeachScope,
    ForeachStrategy,
    FunctionDefinition,
    InputDefinition,
    InputType,
    OutputFormat,
    OutputStrategy,
    RetryPattern,
    StepDefinition,
    TemplateDefinition,
    VariableDefinition,
)
from tasks.engine.dependencies import faults_of, read_dependency
from tasks.engine.functions import required_arguments
from tasks.engine.places import Report
from tasks.engine.schemas import normalise

#: What white space is for Go: the ends of a template's name are freed of it.
_GO_SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

#: A null among the assertions of a condition holds, as it always did.
_ALWAYS = AssertionDefinition(operator="EQ")

_T = TypeVar("_T")


def normalised_name(name: str) -> str:
    """How templates are called: no white space around, lower case. Look-ups normalise too."""
    return name.strip(_GO_SPACES).lower()


@dataclass
class Builder:
    """Makes definitions; what does not fit goes to the report."""

    report: Report
    #: A step read back from the API carries what happened to it; one in a template must not.
    run_time_is_welcome: bool = False

    def template(self, fields: Fields) -> TemplateDefinition:
        plain = {
            name: fields[name]
            for name in (
                "title_format",
                "description",
                "long_description",
                "doc_link",
                "result_format",
                "allowed_resolver_usernames",
                "allowed_resolver_groups",
                "allow_all_resolver_usernames",
                "auto_runnable",
                "blocked",
                "hidden",
                "retry_max",
                "allow_task_start_over",
                "region",
                "tags",
                "base_configurations",
            )
            if name in fields
        }
        steps = fields.get("steps", {})
        return TemplateDefinition(
            **{"description": "", "title_format": "", **plain},
            name=normalised_name(fields.get("name", "")),
            inputs=tuple(self.input(each or {}) for each in fields.get("inputs", ())),
            resolver_inputs=tuple(self.input(each or {}) for each in fields.get("resolver_inputs", ())),
            variables=tuple(self.variable(each or {}) for each in fields.get("variables", ())),
            steps={name: self.step(name, each or {}) for name, each in steps.items()},
        )

    def function(self, fields: Fields, file: str = "") -> FunctionDefinition:
        action = self.action(fields.get("action") or {})
        return FunctionDefinition(
            name=fields.get("name", ""),
            action=action,
            description=fields.get("description", ""),
            pre_hook=self._optional_action(fields.get("pre_hook")),
            conditions=self.conditions(fields.get("conditions", ())),
            custom_states=fields.get("custom_states", ()),
            arguments=required_arguments(action),
            file=file,
        )

    def step(self, name: str, fields: Fields) -> StepDefinition:
        self._check_what_the_step_does_not_keep(name, fields)
        timeout = fields.get("timeout")
        return StepDefinition(
            name=name,
            action=self.action(fields.get("action") or {}),
            description=fields.get("description", ""),
            idempotent=fields.get("idempotent", False),
            pre_hook=self._optional_action(fields.get("pre_hook")),
            json_schema=normalise(fields.get("json_schema")),
            retry_pattern=RetryPattern(fields.get("retry_pattern") or RetryPattern.SECONDS),
            max_retries=fields.get("max_retries", 0),
            execution_delay=fields.get("execution_delay", timedelta(0)),
            timeout=timeout[0] if timeout else timedelta(0),
            dependencies=self._dependencies(fields.get("dependencies", ()), ("steps", name, "dependencies")),
            custom_states=fields.get("custom_states", ()),
            conditions=self.conditions(fields.get("conditions", ())),
            foreach=fields.get("foreach", ""),
            foreach_strategy=ForeachStrategy(fields.get("foreach_strategy") or ForeachStrategy.PARALLEL),
            resources=fields.get("resources", ()),
        )

    def _check_what_the_step_does_not_keep(self, name: str, fields: Fields) -> None:
        if fields.get("foreach_strategy") and not fields.get("foreach"):
            self.report.error(
                ("steps", name, "foreach_strategy"), "A foreach_strategy needs a foreach.", "Remove it, or add foreach."
            )
        if self.run_time_is_welcome:
            return
        for declared in STEP.properties:
            if declared.kind is Kind.RUN_TIME and not _is_zero(declared, fields.get(declared.name)):
                self.report.error(
                    ("steps", name, declared.name), f'A template cannot set "{declared.name}" of a step.', "Remove it."
                )

    def action(self, fields: Fields) -> ActionDefinition:
        base_output = fields.get("base_output")
        output = fields.get("output") or {}
        return ActionDefinition(
            type=fields.get("type", ""),
            configuration=fields.get("configuration"),
            has_configuration="configuration" in fields,
            base_configuration=fields.get("base_configuration", ""),
            output=(
                OutputFormat(OutputStrategy(output.get("strategy") or OutputStrategy.NONE), output.get("format"))
                if base_output is None
                else OutputFormat(OutputStrategy.MERGE, base_output)
            ),
            base_output=base_output,
        )

    def conditions(self, fields: Sequence[Fields | None]) -> tuple[ConditionDefinition, ...]:
        return tuple(self.condition(each or {}) for each in fields)

    def condition(self, fields: Fields) -> ConditionDefinition:
        return ConditionDefinition(
            type=ConditionType(fields.get("type") or ConditionType.SKIP),
            assertions=tuple(_ALWAYS if each is None else self.assertion(each) for each in fields.get("if", ())),
            then=tuple(fields.get("then", {}).items()),
            final=fields.get("final", False),
            foreach=_or_none(ForeachScope, fields.get("foreach", "")),
            message=fields.get("message", ""),
        )

    def assertion(self, fields: Fields) -> AssertionDefinition:
        return AssertionDefinition(
            value=fields.get("value", ""),
            operator=fields.get("operator", "").upper(),
            expected=fields.get("expected", ""),
            list_separator=fields.get("list_separator") or ",",
            message=fields.get("message", ""),
        )

    def input(self, fields: Fields) -> InputDefinition:
        return InputDefinition(
            name=fields.get("name", ""),
            description=fields.get("description", ""),
            type=InputType(fields.get("type") or InputType.STRING),
            collection=fields.get("collection", False),
            regex=fields.get("regex"),
            legal_values=fields.get("legal_values", ()),
            optional=fields.get("optional", False),
            default=fields.get("default"),
            hidden=fields.get("hidden", False),
        )

    def variable(self, fields: Fields) -> VariableDefinition:
        timeout = fields.get("expression_timeout")
        variable = VariableDefinition(
            name=fields.get("name", ""), value=fields.get("value"), expression=fields.get("expression", "")
        )
        if timeout is None:
            return variable
        span, text = timeout
        return VariableDefinition(variable.name, variable.value, variable.expression, span, text)

    def _optional_action(self, fields: Fields | None) -> ActionDefinition | None:
        return None if fields is None else self.action(fields)

    def _dependencies(self, texts: Sequence[str], path: Path) -> tuple[Dependency, ...]:
        for index, text in enumerate(texts):
            for fault in faults_of(text):
                self.report.error((*path, index), f'The dependency "{text}" {fault}.')
        return tuple(read_dependency(text) for text in texts)


def _is_zero(declared: Property, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or isinstance(value, str) != isinstance(declared.default, str):
        return False
    return declared.default is not None and value == declared.default


def _or_none(make: Callable[[str], _T], text: str) -> _T | None:
    return make(text) if text else None
