"""What a template says, as frozen values: read by ``reading.py``, checked by ``checks.py``, executed by the rest.

Nothing here is a running state. Texts are raw: ``{{ }}`` in them is rendered where docs/templates.md says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any


class InputType(StrEnum):
    STRING = "string"
    PASSWORD = "password"  # noqa: S105 - a type's name
    NUMBER = "number"
    BOOL = "bool"


class RetryPattern(StrEnum):
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"


class OutputStrategy(StrEnum):
    NONE = "none"
    MERGE = "merge"
    TEMPLATE = "template"


class ConditionType(StrEnum):
    SKIP = "skip"
    CHECK = "check"


class ForeachScope(StrEnum):
    """Where a skip condition of a loop acts."""

    CHILDREN = "children"
    PARENT = "parent"


class ForeachStrategy(StrEnum):
    PARALLEL = "parallel"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """One value asked of the requester or of the resolver. Source: docs/templates.md, "Inputs"."""

    name: str
    description: str = ""
    type: InputType = InputType.STRING
    collection: bool = False
    regex: str | None = None
    legal_values: tuple[Any, ...] = ()
    optional: bool = False
    default: Any = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """A named value, or a JavaScript expression; exactly one of ``value`` and ``expression`` is given."""

    name: str
    value: Any = None
    expression: str = ""
    expression_timeout: timedelta = timedelta(seconds=10)
    expression_timeout_text: str = ""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How an action's output is reshaped: laid over ``format`` (merge), or replaced by it (template)."""

    strategy: OutputStrategy = OutputStrategy.NONE
    format: Any = None


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """What a step, a pre_hook or a function calls: the type's name and its raw configuration."""

    type: str
    configuration: Any = None
    has_configuration: bool = True  # False: the key is absent, which functions without arguments allow
    base_configuration: str = ""
    output: OutputFormat = OutputFormat()
    base_output: Any = None  # old spelling of a merge format, kept for the dump; ``output`` already says the same


@dataclass(frozen=True, slots=True)
class AssertionDefinition:
    """One comparison of a condition. ``operator`` is upper case."""

    value: str = ""
    operator: str = ""
    expected: str = ""
    list_separator: str = ","
    message: str = ""


@dataclass(frozen=True, slots=True)
class ConditionDefinition:
    """When all assertions hold, ``then`` gives states to steps, in order of writing (``this`` = the step itself)."""

    type: ConditionType
    assertions: tuple[AssertionDefinition, ...] = ()
    then: tuple[tuple[str, str], ...] = ()
    final: bool = False
    foreach: ForeachScope | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """``step`` in one of ``states``; ``{"ANY"}``: in whatever final state."""

    step: str
    states: frozenset[str] = frozenset({"DONE"})
    #: As it was written, for the dump; states have no order for the engine.
    written: str = field(default="", compare=False)

    @property
    def any(self) -> bool:
        return "ANY" in self.states

    def __str__(self) -> str:
        if self.written:
            return self.written
        if self.states == {"DONE"}:
            return self.step
        return f"{self.step}:{','.join(sorted(self.states))}"


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One node of the graph, as written in the template (or in the resolution, where an operator edited it)."""

    name: str
    action: ActionDefinition
    description: str = ""
    idempotent: bool = False
    pre_hook: ActionDefinition | None = None
    json_schema: Any = None  # None: no schema; normalised: ``$schema`` is filled in
    retry_pattern: RetryPattern = RetryPattern.SECONDS
    max_retries: int = 0  # 0: 10,000; negative: no limit
    execution_delay: timedelta = timedelta(0)
    timeout: timedelta = timedelta(0)  # ours; 0: none
    dependencies: tuple[Dependency, ...] = ()
    custom_states: tuple[str, ...] = ()  # the step's own; those of its function come with the function
    conditions: tuple[ConditionDefinition, ...] = ()
    foreach: str = ""
    foreach_strategy: ForeachStrategy = ForeachStrategy.PARALLEL
    resources: tuple[str, ...] = ()

    @property
    def is_loop(self) -> bool:
        return self.foreach != ""


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """An action under a new name, with arguments. Source: docs/templates.md, "Functions"."""

    name: str
    action: ActionDefinition
    description: str = ""
    pre_hook: ActionDefinition | None = None
    conditions: tuple[ConditionDefinition, ...] = ()
    custom_states: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()  # those a call must give, found in the configuration
    file: str = ""


@dataclass(frozen=True)
class TemplateDefinition:
    """A whole task template, normalised."""

    name: str
    description: str
    title_format: str
    long_description: str | None = None
    doc_link: str | None = None
    result_format: Any = None
    allowed_resolver_usernames: tuple[str, ...] = ()
    allowed_resolver_groups: tuple[str, ...] = ()
    allow_all_resolver_usernames: bool = False
    auto_runnable: bool = False
    blocked: bool = False
    hidden: bool = False
    retry_max: int | None = None  # None: 100
    allow_task_start_over: bool = False
    region: str = ""  # ours; "": any runner
    inputs: tuple[InputDefinition, ...] = ()
    resolver_inputs: tuple[InputDefinition, ...] = ()
    variables: tuple[VariableDefinition, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, StepDefinition] = field(default_factory=dict)  # in order of writing
    base_configurations: Mapping[str, Any] = field(default_factory=dict)
    #: The functions that the steps use, directly or not, as they were when the template was loaded:
    #: a version holds all it needs, so a changed function never changes a task that exists.
    functions: Mapping[str, FunctionDefinition] = field(default_factory=dict)

    @cached_property
    def variable_by_name(self) -> Mapping[str, VariableDefinition]:
        """Variables by name; of two with one name the later counts."""
        return {variable.name: variable for variable in self.variables}
