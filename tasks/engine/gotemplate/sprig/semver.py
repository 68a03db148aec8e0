"""semver and semverCompare; and the version as a value of the language, with Go's methods."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, Uint64
from tasks.engine.gotemplate.sprig import versions
from tasks.engine.gotemplate.sprig.constraints import parse_constraint
from tasks.engine.gotemplate.sprig.versions import InvalidVersion, Version

FUNCTIONS: dict[str, Function] = {}


class VersionValue:
    """A version that a method made: Go's ``semver.Version``. It has not the methods that Go declares on the pointer."""

    go_type: ClassVar[str] = "semver.Version"
    go_kind: ClassVar[str] = "struct"
    go_methods: ClassVar[Mapping[str, Function]] = {}

    __slots__ = ("version",)

    def __init__(self, version: Version) -> None:
        self.version = version

    def go_string(self) -> str:
        return str(self.version)

    def go_fields(self) -> Mapping[str, object]:
        return {}

    def go_json(self) -> str:
        return str(self.version)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, VersionValue) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)


class VersionPointer(VersionValue):
    """A version that ``semver`` read: Go's ``*semver.Version``."""

    go_type: ClassVar[str] = "*semver.Version"
    go_kind: ClassVar[str] = "ptr"

    __slots__ = ()


def _of_version(read: Callable[[Version], object]) -> Callable[[VersionValue], object]:
    """A method that asks something of the version."""
    return lambda receiver: read(receiver.version)


def _of_order(holds: Callable[[int], object]) -> Callable[[VersionValue, VersionValue], object]:
    """A method that compares the version with another one."""
    return lambda receiver, other: holds(versions.compare(receiver.version, other.version))


_READINGS: dict[str, Callable[[Version], object]] = {
    "Major": lambda version: Uint64(version.major),
    "Minor": lambda version: Uint64(version.minor),
    "Patch": lambda version: Uint64(version.patch),
    "Prerelease": lambda version: version.prerelease,
    "Metadata": lambda version: version.metadata,
    "String": str,
    "Value": str,
    "IncMajor": lambda version: VersionValue(versions.next_major(version)),
    "IncMinor": lambda version: VersionValue(versions.next_minor(version)),
    "IncPatch": lambda version: VersionValue(versions.next_patch(version)),
}
_COMPARISONS: dict[str, Callable[[int], object]] = {
    "Compare": lambda order: order,
    "Equal": lambda order: order == 0,
    "LessThan": lambda order: order < 0,
    "LessThanEqual": lambda order: order <= 0,
    "GreaterThan": lambda order: order > 0,
    "GreaterThanEqual": lambda order: order >= 0,
}


def _with_prerelease(receiver: VersionValue, prerelease: str) -> VersionValue:
    try:
        return VersionValue(versions.with_prerelease(receiver.version, prerelease))
    except InvalidVersion as error:
        raise GoError(str(error)) from error


def _with_metadata(receiver: VersionValue, metadata: str) -> VersionValue:
    try:
        return VersionValue(versions.with_metadata(receiver.version, metadata))
    except InvalidVersion as error:
        raise GoError(str(error)) from error


VersionValue.go_methods = {name: Function(name, _of_version(read)) for name, read in _READINGS.items()} | {
    "SetPrerelease": Function("SetPrerelease", _with_prerelease, ("string",)),
    "SetMetadata": Function("SetMetadata", _with_metadata, ("string",)),
}
VersionPointer.go_methods = {
    **VersionValue.go_methods,
    "Original": Function("Original", _of_version(lambda version: version.original)),
    **{name: Function(name, _of_order(holds), (VersionPointer,)) for name, holds in _COMPARISONS.items()},
}


@declare(FUNCTIONS, "semver", "string")
def _semver(text: str) -> VersionPointer:
    try:
        return VersionPointer(versions.parse_version(text))
    except InvalidVersion as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "semverCompare", "string", "string")
def _semver_compare(constraint: str, version: str) -> bool:
    """Whether the version lies in the range that the constraint describes."""
    try:
        return parse_constraint(constraint).allows(versions.parse_version(version))
    except InvalidVersion as error:
        raise GoError(str(error)) from error
