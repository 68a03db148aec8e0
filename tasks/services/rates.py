"""How often somebody may try something, counted in this process."""

import time
from collections import OrderedDict, deque
from threading import Lock

#: Names that are remembered at a time; the one that was heard of longest ago is forgotten first.
_MOST_NAMES = 10_000


class Rate:
    """At most ``most`` counts of one name within ``seconds``."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._counted: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, name: str) -> bool:
        """Whether one more is within the limit."""
        with self._lock:
            counted = self._counted.get(name)
            while counted and counted[0] < time.monotonic() - self._seconds:
                counted.popleft()
            return counted is None or len(counted) < self._most

    def count(self, name: str) -> None:
        """Take note of one."""
        with self._lock:
            self._counted.setdefault(name, deque(maxlen=self._most)).append(time.monotonic())
            self._counted.move_to_end(name)
            while len(self._counted) > _MOST_NAMES:
                self._counted.popitem(last=False)

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._counted.clear()
