"""The running value of one resolution, owned by one coordinator and changed only by ``advance``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tasks.engine.definition import TemplateDefinition
from tasks.engine.events import Event
from tasks.engine.facts import Installation, ResolutionFields, TaskFacts, TaskFields
from tasks.engine.orders import Changes, Order
from tasks.engine.steps import Step


class Resolution:
    """One resolution in hand: its steps, indexed so that an event costs what it changes.

    ``steps``: those that have a stored value, in any order, children included; a step of the template that is not among
    them is TODO and untouched (it will not be in ``take_changes()`` before something happens to it). Raises ValueError
    for a step that neither the template nor an operator's definition describes.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        *,
        facts: TaskFacts,
        inputs: Mapping[str, Any],
        resolver_inputs: Mapping[str, Any],
        task: TaskFields,
        fields: ResolutionFields,
        steps: Iterable[Step] = (),
        installation: Installation,
    ) -> None:
        self.definition = definition
        #: As changed by events; read freely.
        self.task = task
        self.fields = fields

    def step(self, name: str) -> Step:
        """The step's present value; KeyError when there is none of that name."""
        raise KeyError(name)

    def take_changes(self) -> Changes:
        """What changed since the last call; the caller writes exactly that in one transaction, or keeps it until then."""
        return Changes()


def advance(resolution: Resolution, event: Event, now: datetime) -> list[Order]:
    """Take one event in, and say what to do next, in this order.

    The only way to change a ``Resolution``. Renders no text and calls nothing: it costs microseconds, and does not grow
    with the number of steps. Raises EventMisfit, having changed nothing, for an event that does not fit.
    Source: docs/engine.md, "Events".
    """
    return []
