"""A step as it stands at one moment: a frozen value. Its definition says what it is, this says how far it has come.

Start at ``Step``; which states follow each other is in ``lifecycle.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.engine.definition import StepDefinition
from tasks.states import StepState


@dataclass(frozen=True, slots=True)
class Step:
    """One step, or one child of a loop, between two events.

    ``output``, ``metadata``, ``children``, ``item`` and ``configuration`` are JSON values made of dict, list, str,
    bool, None and ``JSONNumber`` (what ``gotemplate.loads`` gives). They are shared, never changed: a new result is
    a new value.
    Source: docs/engine.md, "Steps".
    """

    name: str
    state: str = StepState.TODO
    #: The loop that this child belongs to, and its place in the list (from 0); None: no child.
    loop: str | None = None
    index: int | None = None
    #: The child's element: ``.iterator``. May be None: being a child is told by ``loop`` alone.
    item: Any = None
    output: Any = None
    metadata: Any = None
    #: A loop's collected results: ``{"output", "metadata", "state"}`` each; None before the first collection.
    children: list[Any] | None = None
    error: str = ""
    try_count: int = 0
    #: Runs at whose end it was to be tried again although no try was counted: they lengthen the delay like tries.
    rounds: int = 0
    #: The limit in force: 10,000 where the definition says 0 or nothing, negative: none. Set from the definition.
    max_retries: int = 10_000
    #: When the last result came.
    last_run: datetime | None = None
    #: Automatic runs do not try it before; None: at any run. While RUNNING: the end of its execution_delay, nothing
    #: of it has begun yet (so after a crash it is TODO again).
    due_at: datetime | None = None
    #: The state that the result asked for, while check conditions are still to be judged (AFTERRUN_ERROR; RUNNING: the
    #: action has ended, so after a crash only the conditions are judged again). "": nothing is pending.
    prior_state: str = ""
    #: A state that a condition or pruning gave while the step was RUNNING (a loop: EXPANDED); applied at its result.
    given_state: str = ""
    #: Tags of its last result, for display; they were laid over the task's.
    tags: Mapping[str, str] = field(default_factory=dict)
    #: The configuration as rendered for the last try, for those who may see it.
    configuration: Any = None
    #: What an operator put in the place of the template's definition; None: the template's.
    definition: StepDefinition | None = None
    #: A sentence: why it does not move, and what will move it. "" in a final state.
    waiting: str = ""

    @property
    def is_child(self) -> bool:
        return self.loop is not None
