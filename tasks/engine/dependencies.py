"""The graph of steps: what a dependency says, who waits for whom, in which order, and where it runs in circles.

Pure questions about definitions; which steps may run now is ``lifecycle.py``'s.
Source: docs/templates.md, "Dependencies".
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from tasks.engine.definition import Dependency, StepDefinition
from tasks.states import ANY, StepState

#: States that every step may be waited for in, besides its custom states.
ALWAYS_AWAITABLE: frozenset[str] = frozenset({StepState.DONE, StepState.PRUNE, ANY})


def read_dependency(text: str) -> Dependency:
    """``step``, ``step:STATE`` or ``step:STATE,STATE``; nothing is trimmed, an empty state is a state."""
    step, colon, states = text.partition(":")
    if not colon:
        return Dependency(step, written=text)
    return Dependency(step, frozenset(states.split(",")), written=text)


def faults_of(text: str) -> list[str]:
    """What is wrong with a dependency as written, whatever the steps are."""
    _, colon, written = text.partition(":")
    states = written.split(",") if colon else []
    faults = [f'names the state "{state}" twice' for state in dict.fromkeys(states) if states.count(state) > 1]
    if ANY in states and set(states) != {ANY}:
        faults.append("has ANY beside another state")
    return faults


class StepGraph:
    """Who waits for whom among the steps of one template. Dependencies on steps that do not exist are left out."""

    def __init__(self, steps: Mapping[str, StepDefinition]) -> None:
        self._parents = {
            name: tuple(dict.fromkeys(d.step for d in step.dependencies if d.step in steps))
            for name, step in steps.items()
        }

    def parents(self, name: str) -> tuple[str, ...]:
        """The steps that ``name`` waits for, as written."""
        return self._parents.get(name, ())

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        """For each step those that wait for it, in order of writing."""
        found: dict[str, list[str]] = {name: [] for name in self._parents}
        for name, parents in self._parents.items():
            for parent in parents:
                found[parent].append(name)
        return found

    def ancestors(self, name: str) -> frozenset[str]:
        """All steps that ``name`` waits for, directly or not; itself only within a cycle."""
        return frozenset(_walk(self._parents, name))

    def waits_for(self, name: str, other: str) -> bool:
        """Whether ``name`` waits for ``other``, directly or not. Mostly answered by looking at a few steps."""
        last = self._place.get(other, -1)
        seen: set[str] = set()
        pending = [name]
        while pending:
            for parent in self.parents(pending.pop()):
                if parent == other:
                    return True
                # What stands before the other one waits for nothing behind it. Steps in circles have no place.
                if parent not in seen and self._place.get(parent, last) >= last:
                    seen.add(parent)
                    pending.append(parent)
        return False

    def are_related(self, one: str, other: str) -> bool:
        """Whether one of two steps waits for the other, directly or not."""
        return self.waits_for(one, other) or self.waits_for(other, one)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        """Where a step stands in an order that follows the dependencies; those in or behind circles in none."""
        return {name: place for place, name in enumerate(_peeled(self._parents, self.children))}

    def order(self) -> list[str]:
        """Every step after all that it waits for; within these bounds as written. Steps in cycles come last."""
        ready = _peeled(self._parents, self.children)
        done = set(ready)
        return ready + [name for name in self._parents if name not in done]

    def cycles(self) -> list[tuple[str, ...]]:
        """One cycle of each knot: every step in it waits for the next, the last for the first."""
        return [self._cycle_in(knot) for knot in self._knots()]

    def _knots(self) -> list[set[str]]:
        """Sets of steps that all wait for each other, in order of writing."""
        # What can be peeled off from either end is in no cycle; mostly nothing is left.
        acyclic = {*_peeled(self._parents, self.children), *_peeled(self.children, self._parents)}
        knots: list[set[str]] = []
        seen: set[str] = set()
        for name in self._parents:
            if name in acyclic or name in seen:
                continue
            knot = _walk(self._parents, name) & _walk(self.children, name)
            if knot:
                seen |= knot
                knots.append(knot)
        return knots

    def _cycle_in(self, knot: set[str]) -> tuple[str, ...]:
        """A way from the first step of the knot through its dependencies back to it, as short as possible."""
        start = next(name for name in self._parents if name in knot)
        came_from: dict[str, str] = {}
        pending = [start]
        for name in pending:  # grows while it is walked
            for parent in self._parents[name]:
                if parent == start:
                    way = [name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return tuple(reversed(way))
                if parent in knot and parent not in came_from:
                    came_from[parent] = name
                    pending.append(parent)
        raise AssertionError("a knot without a cycle")


def _walk(following: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """All that follows ``start``; itself only within a cycle."""
    found: set[str] = set()
    pending = [start]
    while pending:
        for name in following[pending.pop()]:
            if name not in found:
                found.add(name)
                pending.append(name)
    return found


def _peeled(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> list[str]:
    """The names that can be put into an order in which each stands after all those ``before`` it."""
    waiting = {name: len(names) for name, names in before.items()}
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:  # grows while it is walked
        for follower in after[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    return ready
