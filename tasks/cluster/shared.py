"""A flag and a number in memory that forked processes share, without the lock that a killed holder would keep."""

import time
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.sharedctypes import RawValue

_LOOK_SECONDS = 0.05


class SharedFlag:
    """Stands in for multiprocessing.Event. One byte is written at a time, so nothing needs a lock."""

    def __init__(self) -> None:
        self._byte = RawValue("b", 0)

    def set(self) -> None:
        """Set it, in all processes."""
        self._byte.value = 1

    def is_set(self) -> bool:
        """Whether any process has set it."""
        return bool(self._byte.value)

    def wait(self, seconds: float) -> bool:
        """Whether it is set, waiting so many seconds for it."""
        until = time.monotonic() + seconds
        while not self.is_set() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
        return self.is_set()


class SharedNumber:
    """Stands in for multiprocessing.Value: a worker's timer, written by the worker and counted down by the sentinel."""

    def __init__(self, value: float) -> None:
        self._number = RawValue("d", value)

    @property
    def value(self) -> float:
        """The number, in all processes."""
        return float(self._number.value)

    @value.setter
    def value(self, value: float) -> None:
        self._number.value = value

    def get_lock(self) -> AbstractContextManager[None]:
        """Nothing to hold: django-q2 asks for it."""
        return nullcontext()
