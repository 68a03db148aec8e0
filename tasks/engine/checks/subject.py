"""What the checks of one template share: the definition, where to report, what is known of actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tasks.engine.catalog import ActionCatalog, Path
from tasks.engine.definition import ActionDefinition, FunctionDefinition, StepDefinition, TemplateDefinition
from tasks.engine.dependencies import StepGraph
from tasks.engine.functions import FunctionCycle, chain, custom_states_of
from tasks.engine.places import Report


@dataclass
class Subject:
    """A template under check. Without a catalog nothing is said about actions."""

    definition: TemplateDefinition
    report: Report
    catalog: ActionCatalog | None = None

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

    def functions_around(self, action: ActionDefinition) -> tuple[FunctionDefinition, ...]:
        """The chain of functions; none where it is a cycle, which is reported elsewhere."""
        try:
            return chain(self.definition, action)
        except FunctionCycle:
            return ()


def step_path(name: str, *rest: str | int) -> Path:
    return ("steps", name, *rest)
