"""What one rendering may cost, and what it may reach.

``Limits`` are numbers, ``Permissions`` doors; a ``Run`` is one rendering under them, given to the functions that ask.
Source: docs/template-language.md, "Limits".
"""

import time
from dataclasses import dataclass
from typing import Protocol

from tasks.engine.gotemplate.golang import GoError


class LimitExceeded(GoError):
    """A rendering cost more than it may; the text names the limit and its value."""

    def __init__(self, limit: str, allowed: float, what: str) -> None:
        super().__init__(f"{what}: limit {limit} = {allowed:g}")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may cost. The defaults are far above what templates of tasks need."""

    #: Length of the result, and of any single text made on the way.
    output_size: int = 10_000_000
    #: Number of elements of any list or map that a function makes.
    elements: int = 1_000_000
    #: Together the lengths of all texts that functions make on the way; an element of a list counts as 50 characters.
    memory: int = 100_000_000
    #: Actions and plain texts executed: in a loop all of its body again at each turn.
    steps: int = 1_000_000
    #: Control structures and parentheses within each other in a text, and ``{{template}}`` calls within each other;
    #: 100 at most, whatever is asked for.
    depth: int = 100
    #: Wall clock, in seconds.
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Permissions:
    """Doors that are shut unless the operator's configuration opens them."""

    #: ``env`` and ``expandenv`` read the server's environment.
    environment: bool = False
    #: ``getHostByName`` asks the network.
    network: bool = False


class Variables(Protocol):
    """What ``eval`` and ``evalCache`` ask: the engine's variables, with the values of the present rendering."""

    def evaluate(self, name: str) -> object:
        """The value of a variable, computed now. Raise GoError for an unknown name or one that fails."""

    def evaluate_cached(self, name: str) -> object:
        """The same, computed once for this set of values."""


#: What Python's own stack allows.
DEEPEST = 100

NO_LIMITS_GIVEN = Limits()
ALL_SHUT = Permissions()


#: Between two looks at the clock.
_STEPS_A_LOOK = 500
_WORK_A_LOOK = 2_000


class Run:
    """One rendering: its data, what it may cost and reach, and what it has cost so far."""

    __slots__ = (
        "_deadline",
        "_depth",
        "_next_look",
        "_steps",
        "_work",
        "limits",
        "permissions",
        "root",
        "unshares",
        "variables",
    )

    def __init__(
        self,
        root: object,
        limits: Limits = NO_LIMITS_GIVEN,
        permissions: Permissions = ALL_SHUT,
        variables: Variables | None = None,
        *,
        unshares: bool = False,
    ) -> None:
        self.root = root
        #: Whether values from elsewhere must be copied, because the text may change them.
        self.unshares = unshares
        self.limits = limits
        self.permissions = permissions
        self.variables = variables
        self._steps = self._next_look = self._work = 0
        self._depth = 0
        self._deadline = time.monotonic() + limits.seconds

    def check_size(self, size: int) -> None:
        """Raise LimitExceeded for a text of that length; to be asked before making one by multiplication."""
        if size > self.limits.output_size:
            raise LimitExceeded("output_size", self.limits.output_size, "the result is too large")

    def check_elements(self, number: int) -> None:
        """Raise LimitExceeded for a list or map of so many elements; to be asked before making one."""
        if number > self.limits.elements:
            raise LimitExceeded("elements", self.limits.elements, "the list is too long")

    def breathe(self) -> None:
        """Note a little work inside a function; now and then this is a look at the clock."""
        self._work += 1
        if self._work % _WORK_A_LOOK == 0:
            self.check_time()

    def check_time(self) -> None:
        """Raise LimitExceeded when the time is over."""
        if time.monotonic() > self._deadline:
            raise LimitExceeded("seconds", self.limits.seconds, "it takes too long")

    def count(self, steps: int) -> None:
        """Note that so many steps come next; LimitExceeded when they are too many, or the time is over."""
        self._steps += steps
        if self._steps > self.limits.steps:
            raise LimitExceeded("steps", self.limits.steps, "too many steps")
        if self._steps >= self._next_look:
            self._next_look = self._steps + _STEPS_A_LOOK
            self.check_time()

    def enter(self) -> None:
        """Note that a template calls another; LimitExceeded when too many have."""
        self._depth += 1
        if self._depth > min(self.limits.depth, DEEPEST):
            raise LimitExceeded("depth", min(self.limits.depth, DEEPEST), "templates call each other too deeply")

    def leave(self) -> None:
        self._depth -= 1
