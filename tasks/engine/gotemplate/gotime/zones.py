"""Time zones by name, from the ``tzdata`` package alone, so that every machine gives the same answers."""

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar, Final
from zoneinfo import ZoneInfo

from .calendar import CYCLE_DAYS
from .errors import TimeError

if TYPE_CHECKING:
    from tasks.engine.gotemplate.functions import Function

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=PYTHON_UTC)
_CYCLE_SECONDS: Final = CYCLE_DAYS * 86_400
# What ``datetime`` can hold, a day away from its edges since an offset is added.
_EARLIEST: Final = -62_135_596_800 + 86_400
_LATEST: Final = 253_402_300_799 - 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A zone's rules, or one fixed offset. As Go's locations, two zones are equal only if they are the same object."""

    go_type: ClassVar[str] = "*time.Location"
    go_kind: ClassVar[str] = "ptr"
    go_methods: ClassVar[Mapping[str, "Function"]]

    name: str
    offset: int = 0  # seconds east of Greenwich, where there are no rules
    abbreviation: str = ""
    rules: ZoneInfo | None = field(default=None, repr=False)

    def at(self, seconds: int) -> tuple[int, str]:
        """Offset in seconds east of Greenwich and abbreviation at a moment (Unix seconds, any)."""
        if self.rules is None:
            return self.offset, self.abbreviation
        moment = self._moment(seconds)
        offset = moment.utcoffset()
        assert offset is not None
        return int(offset.total_seconds()), moment.tzname() or ""

    def is_summer_time(self, seconds: int) -> bool:
        """Whether daylight saving time is in force at a moment (Unix seconds)."""
        return self.rules is not None and bool(self._moment(seconds).dst())

    def seconds_of_local(self, local_seconds: int) -> int:
        """Unix seconds of a local clock's reading (given as if it were UTC).

        In the hour that a clock skips or repeats, the offset is the one Go takes.
        """
        offset, _ = self.at(local_seconds)
        if offset == 0:
            return local_seconds
        offset, _ = self.at(local_seconds - offset)
        return local_seconds - offset

    def go_string(self) -> str:
        return self.name

    def go_fields(self) -> Mapping[str, object]:
        return {}

    def go_json(self) -> object:
        return {}

    def _moment(self, seconds: int) -> datetime:
        # Before its first transition a zone never changes; after its last the rules repeat with the calendar.
        if seconds > _LATEST:
            seconds -= -(-(seconds - _LATEST) // _CYCLE_SECONDS) * _CYCLE_SECONDS
        moment = _EPOCH + timedelta(seconds=max(seconds, _EARLIEST))
        return moment.astimezone(self.rules)

    def __str__(self) -> str:
        return self.name


#: Also the local zone: a server's own zone must not change what a template gives.
UTC: Final = Zone("UTC", 0, "UTC")


def fixed_zone(abbreviation: str, offset: int) -> Zone:
    """A zone of one offset (seconds east of Greenwich); an empty abbreviation prints as the offset."""
    return Zone(abbreviation, offset, abbreviation)


def load_zone(name: str) -> Zone:
    """The zone of that name, case counts; ``""``, ``UTC`` and ``Local`` are UTC.

    Raises TimeError where there is no such zone.
    """
    if name in {"", "UTC", "Local"}:
        return UTC
    if name not in zone_names():
        raise TimeError(f'unknown time zone "{name}": write it as in Europe/Paris')
    return _load(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every name in the zone database."""
    listing = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listing.split())


@cache
def _load(name: str) -> Zone:
    with importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return Zone(name, rules=ZoneInfo.from_file(file, key=name))
