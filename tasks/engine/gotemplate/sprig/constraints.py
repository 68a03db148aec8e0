"""What ``semverCompare`` takes as its first argument: ranges of versions, by the rules of Masterminds/semver 3.3.

``>=1.2 <3 || ^4.1`` is a list of alternatives (``||``), each a list of conditions that must all hold.
Start reading at ``parse_constraint``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import re2

from tasks.engine.gotemplate.sprig.versions import (
    InvalidVersion,
    Version,
    compare,
    compare_prereleases,
    parse_version,
)

_WILDCARDS = frozenset({"x", "X", "*"})
_SUFFIXES = r"(-(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
_NUMBERS = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?"
#: A version in which a number may be a wildcard: major, .minor, .patch, -prerelease.
_PARTS = _NUMBERS + _SUFFIXES
#: The same without groups.
_WHOLE = _PARTS.replace("(-", "(?:-").replace("([", "(?:[").replace(r"(\.", r"(?:\.")
_OPERATORS = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"

_CONDITION = re2.compile(rf"\s*({_OPERATORS})\s*{_PARTS}\s*")
_RANGE = re2.compile(rf"\s*({_WHOLE})\s+-\s+({_WHOLE})\s*")
_EACH = re2.compile(rf"(?:{_OPERATORS})\s*{_WHOLE}")
_CONDITIONS = re2.compile(
    rf"\s*(?:{_OPERATORS})\s*{_WHOLE}\s*(?:(?:\s+|,\s*)(?:{_OPERATORS})\s*{_WHOLE}\s*)*",
)


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator and a version; ``open_*`` says which number was left out or a wildcard (the first of them)."""

    operator: str
    version: Version
    open_major: bool = False
    open_minor: bool = False
    open_patch: bool = False

    @property
    def is_open(self) -> bool:
        """Whether any number was left out or a wildcard."""
        return self.open_major or self.open_minor or self.open_patch


@dataclass(frozen=True, slots=True)
class Constraint:
    """Alternatives, each a list of conditions."""

    alternatives: tuple[tuple[Condition, ...], ...]

    def allows(self, version: Version) -> bool:
        """Whether the version fulfils all conditions of one alternative."""
        return any(all(_holds(condition, version) for condition in each) for each in self.alternatives)


def parse_constraint(text: str) -> Constraint:
    """The constraint in ``text``. Raises InvalidVersion."""
    return Constraint(tuple(_parse_alternative(each) for each in _without_hyphens(text).split("||")))


def _without_hyphens(text: str) -> str:
    """``1.2 - 1.4`` as ``>= 1.2, <= 1.4``."""
    for match in list(_RANGE.finditer(text)):
        text = text.replace(match[0], f">= {match[1]}, <= {match[2]} ", 1)
    return text


def _parse_alternative(text: str) -> tuple[Condition, ...]:
    if _CONDITIONS.fullmatch(text) is None:
        raise InvalidVersion(f"improper constraint: {text}")
    return tuple(_parse_condition(match[0]) for match in _EACH.finditer(text))


def _parse_condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InvalidVersion(f"improper constraint: {text}")
    operator, major, minor, patch, prerelease = (part or "" for part in match.groups())
    try:
        if major in _WILDCARDS:
            return Condition(operator, parse_version("0.0.0" + prerelease), open_major=True)
        if not minor or minor[1:] in _WILDCARDS:
            return Condition(operator, parse_version(f"{major}.0.0{prerelease}"), open_minor=True)
        if not patch or patch[1:] in _WILDCARDS:
            return Condition(operator, parse_version(f"{major}{minor}.0{prerelease}"), open_patch=True)
        return Condition(operator, parse_version(major + minor + patch + prerelease))
    except InvalidVersion as error:
        raise InvalidVersion(f"improper constraint: {text}") from error


def _holds(condition: Condition, version: Version) -> bool:
    looks_past_prereleases = version.prerelease != "" and condition.version.prerelease == ""
    if looks_past_prereleases and (condition.operator != "!=" or condition.is_open):
        return False
    return _RULES[condition.operator](condition, version)


def _differs(condition: Condition, version: Version) -> bool:
    wanted = condition.version
    if condition.is_open:
        if wanted.major != version.major:
            return True
        if condition.open_minor:
            return False
        if wanted.minor != version.minor:
            return True
        if condition.open_patch:
            return compare_prereleases(version.prerelease, wanted.prerelease) != 0
        if wanted.patch != version.patch:
            return True
    return compare(version, wanted) != 0


def _is_above(condition: Condition, version: Version) -> bool:
    wanted = condition.version
    if condition.is_open and version.major != wanted.major:
        return version.major > wanted.major
    if condition.open_minor:
        return False
    if condition.open_patch:
        return version.minor > wanted.minor
    return compare(version, wanted) > 0


def _is_below(condition: Condition, version: Version) -> bool:
    return compare(version, condition.version) < 0


def _is_at_least(condition: Condition, version: Version) -> bool:
    return compare(version, condition.version) >= 0


def _is_at_most(condition: Condition, version: Version) -> bool:
    wanted = condition.version
    if not condition.is_open:
        return compare(version, wanted) <= 0
    if version.major != wanted.major:
        return version.major < wanted.major
    return condition.open_minor or version.minor <= wanted.minor


def _is_close(condition: Condition, version: Version) -> bool:
    """``~``: the same minor version (or the same major one, where the minor is open) and not below."""
    wanted = condition.version
    if compare(version, wanted) < 0:
        return False
    is_zero = wanted.major == wanted.minor == wanted.patch == 0
    if is_zero and not condition.open_minor and not condition.open_patch:
        return True
    if version.major != wanted.major:
        return False
    return condition.open_minor or version.minor == wanted.minor


def _matches(condition: Condition, version: Version) -> bool:
    return _is_close(condition, version) if condition.is_open else compare(version, condition.version) == 0


def _is_compatible(condition: Condition, version: Version) -> bool:
    """``^``: nothing changed from the first number that is not zero on, and not below."""
    wanted = condition.version
    if compare(version, wanted) < 0:
        return False
    if wanted.major > 0 or condition.open_minor:
        return version.major == wanted.major
    if version.major > 0:
        return False
    if wanted.minor > 0 or condition.open_patch:
        return version.minor == wanted.minor
    return version.minor == 0 and version.patch == wanted.patch


_RULES: dict[str, Callable[[Condition, Version], bool]] = {
    "": _matches,
    "=": _matches,
    "!=": _differs,
    ">": _is_above,
    "<": _is_below,
    ">=": _is_at_least,
    "=>": _is_at_least,
    "<=": _is_at_most,
    "=<": _is_at_most,
    "~": _is_close,
    "~>": _is_close,
    "^": _is_compatible,
}
