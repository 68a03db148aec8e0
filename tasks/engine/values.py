"""What a handle can see: ``.input .resolver_input .config .task .var .step .iterator .pre_hook .function_args``.

A ``Values`` is a snapshot that costs the same however many steps there are: the steps are frozen values in a persistent
map (``rpds``), which the running resolution replaces and never changes. So a try sees the values of the moment when it
began, whatever ends meanwhile, and no copy is made; and ``.step`` shows a step only when a text asks for it.
Source: docs/engine.md, "Values".
"""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from rpds import HashTrieMap

from tasks.engine.definition import TemplateDefinition
from tasks.engine.facts import Installation, TaskFacts
from tasks.engine.steps import Step

_THIS: Final = "this"
#: What ``.task.region`` shows where no region is named.
_DEFAULT_REGION: Final = "default"


@dataclass(frozen=True, slots=True)
class Values:
    """Everything that texts may name, at one moment."""

    definition: TemplateDefinition
    installation: Installation
    #: ``.input``, ``.resolver_input``, ``.config``, ``.task``, ``.var``: the same for the whole run.
    fixed: Mapping[str, Any]
    steps: "HashTrieMap[str, Step]"

    def with_step(self, step: Step) -> "Values":
        """The same values, with another value of one step."""
        return replace(self, steps=self.steps.insert(step.name, step))

    def handles(
        self,
        this: Step | None = None,
        *,
        pre_hook: Mapping[str, Any] | None = None,
        function_args: Any = None,
    ) -> dict[str, Any]:
        """The root of the data of a text. ``this``: the step that the text belongs to; None: to none.

        ``.iterator``, ``.pre_hook``, ``.function_args`` are absent where there is none.
        """
        handles = {**self.fixed, "step": StepHandles(self.steps, this)}
        if this is not None and this.is_child:
            handles["iterator"] = this.item
        if pre_hook is not None:
            handles["pre_hook"] = dict(pre_hook)
        if function_args is not None:
            handles["function_args"] = function_args
        return handles

    def handles_at_creation(self) -> dict[str, Any]:
        """What title and tags see: the task and its inputs; of resolution and installation nothing."""
        return {**self.fixed, "resolver_input": {}, "config": {}, "step": {}}


#: What a dictionary of handles holds before anything is asked of it; no name of a step, so nobody sees it.
_NOT_EMPTY: Final[Any] = object()


class StepHandles(dict[str, Any]):
    """``.step``: looks like a map of all steps, and makes what is asked for."""

    go_type: ClassVar[str] = "map[string]interface {}"
    go_kind: ClassVar[str] = "map"

    def __new__(cls, steps: "HashTrieMap[str, Step] | dict[str, Any]", this: Step | None = None) -> Any:
        # The language's functions copy a map by calling its type: a copy is a plain map.
        return dict(steps) if isinstance(steps, dict) else super().__new__(cls)

    def __init__(self, steps: "HashTrieMap[str, Step]", this: Step | None) -> None:
        # The C encoder of JSON asks the dictionary below for its size, and calls items() only if that is not zero.
        super().__init__({_NOT_EMPTY: None})
        self._steps = steps
        self._this = this

    def __missing__(self, name: str) -> Any:
        step = self._this if name == _THIS and self._this is not None else self._steps.get(name)
        if step is None:
            raise KeyError(name)
        handle = step_handle(step)
        dict.__setitem__(self, name, handle)
        return handle

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return (name == _THIS and self._this is not None) or (isinstance(name, str) and name in self._steps)

    def __iter__(self) -> Iterator[str]:
        yield from self._steps
        if self._this is not None and _THIS not in self._steps:
            yield _THIS

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return self.copy() == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # as any dict

    def __copy__(self) -> dict[str, Any]:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return deepcopy(self.copy(), memo)

    def copy(self) -> dict[str, Any]:
        return {name: self[name] for name in self}

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # a view of the same kind
        return KeysView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return ValuesView(self)


def step_handle(step: Step) -> dict[str, Any]:
    """``.step.NAME``: the seven values of a step; what it does not have yet is an empty object, list or text.

    Fixed: ``try_count`` and ``max_retries`` are always there. Source: docs/engine.md, "Values".
    """
    return {
        "output": {} if step.output is None else step.output,
        "metadata": {} if step.metadata is None else step.metadata,
        "children": [] if step.children is None else step.children,
        "error": step.error,
        "state": str(step.state),
        "try_count": step.try_count,
        "max_retries": step.max_retries,
    }


def fixed_values(
    definition: TemplateDefinition,
    facts: TaskFacts,
    inputs: Mapping[str, Any],
    resolver_inputs: Mapping[str, Any],
    config: Mapping[str, Any],
) -> Mapping[str, Any]:
    """The handles that stay the same for a whole run."""
    return {
        "input": dict(inputs),
        "resolver_input": dict(resolver_inputs),
        "config": dict(config),
        "task": task_handle(facts),
        "var": {
            variable.name: {"Name": variable.name, "Value": variable.value, "Expression": variable.expression}
            for variable in definition.variables
        },
    }


def task_handle(facts: TaskFacts) -> dict[str, Any]:
    """``.task``: texts only; what there is none of is absent, lists are joined by commas.

    Fixed: moments are RFC 3339 texts everywhere. Source: docs/engine.md, "Values".
    """
    handle = {
        "task_id": facts.task_id,
        "created": rfc3339(facts.created),
        "last_activity": rfc3339(facts.last_activity),
        "requester_username": facts.requester_username,
        "region": facts.region or _DEFAULT_REGION,
    }
    lists = {
        "requester_groups": facts.requester_groups,
        "watcher_usernames": facts.watcher_usernames,
        "watcher_groups": facts.watcher_groups,
    }
    if facts.resolution_id is not None:
        handle["resolution_id"] = facts.resolution_id
        handle["resolver_username"] = facts.resolver_username or ""
        lists["resolver_groups"] = facts.resolver_groups
    return handle | {name: ",".join(names) for name, names in lists.items() if names}


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as Go writes it to JSON: no more decimals than needed."""
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06}".rstrip("0") if utc.microsecond else ""
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"
