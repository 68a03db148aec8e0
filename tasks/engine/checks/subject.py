"""What the checks of one template share: the definition, where to report, what is known of actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tasks.engine.catalog import ActionCatalog, Path
from tasks.engine.checks.uses import uses_in_function
from tasks.engine.definition import ActionDefinition, FunctionDefinition, StepDefinition, TemplateDefinition
from tasks.engine.dependencies import StepGraph
from tasks.engine.functions import FunctionCycle, chain, custom_states_of
from tasks.engine.handles import Use
from tasks.engine.places import Report
from tasks.engine.schema_paths import PropertyTable


@dataclass
class Subject:
    """A template under check. Without a catalog nothing is said about actions."""

    definition: TemplateDefinition
    report: Report
    catalog: ActionCatalog | None = None
    _uses: dict[str, list[Use]] = field(default_factory=dict)
    _tables: dict[tuple[str, str], PropertyTable | None] = field(default_factory=dict)

    @property
    def steps(self) -> Mapping[str, StepDefinition]:
        return self.definition.steps

    @cached_property
    def graph(self) -> StepGraph:
        return StepGraph(self.definition.steps)

    @cached_property
    def states(self) -> Mapping[str, tuple[str, ...]]:
        """For each step its custom states, those of its functions included."""
        return {name: custom_states_of(self.definition, step) for name, step in self.steps.items()}

    @cached_property
    def actions(self) -> frozenset[str] | None:
        """Names of the real actions; None where they are not known."""
        return None if self.catalog is None else frozenset(self.catalog.names())

    def uses_in(self, function: FunctionDefinition) -> list[Use]:
        """All that the texts of a function refer to."""
        if function.name not in self._uses:
            self._uses[function.name] = uses_in_function(function)
        return self._uses[function.name]

    def property_table(self, step: StepDefinition, name: str) -> PropertyTable | None:
        """What is declared of a step's ``output`` or ``metadata``; None where nothing is."""
        if (step.name, name) not in self._tables:
            schema = (
                step.json_schema if name == "output" else self._metadata_schema(step) if name == "metadata" else None
            )
            self._tables[step.name, name] = None if schema is None else PropertyTable(schema)
        return self._tables[step.name, name]

    def _metadata_schema(self, step: StepDefinition) -> object:
        # Functions declare none, even where the action in them does.
        if self.catalog is None or self.actions is None or step.action.type not in self.actions:
            return None
        return self.catalog.metadata_schema(step.action.type)

    def functions_around(self, action: ActionDefinition) -> tuple[FunctionDefinition, ...]:
        """The chain of functions; none where it is a cycle, which is reported elsewhere."""
        try:
            return chain(self.definition, action)
        except FunctionCycle:
            return ()


def step_path(name: str, *rest: str | int) -> Path:
    return ("steps", name, *rest)
