"""Semantic versions as Masterminds/semver 3.3 reads, orders and counts them up.

Knows nothing of templates; start reading at ``parse_version``. What a template sees is in ``semver.py``.
"""

import re
from dataclasses import dataclass, replace

_UINT64 = 1 << 64
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_PRERELEASE = re.compile(rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*")
_METADATA = re.compile(r"[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*")


class InvalidVersion(ValueError):
    """The text is no version, no constraint, or no part of one."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version; ``original`` is the text it was read from, with its ``v`` and its missing parts."""

    major: int
    minor: int
    patch: int
    prerelease: str
    metadata: str
    original: str

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += f"-{self.prerelease}"
        if self.metadata:
            text += f"+{self.metadata}"
        return text


def parse_version(text: str) -> Version:
    """The version in ``text``; a leading ``v`` and missing minor and patch numbers are allowed.

    Raises InvalidVersion, also for numbers with leading zeros and numbers past 64 bits.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise InvalidVersion("Invalid Semantic Version")
    numbers = [int(part or 0) for part in match.group(1, 2, 3)]
    for number in numbers:
        if number >= _UINT64:
            raise InvalidVersion(f'Error parsing version segment: "{number}": value out of range')
    major, minor, patch = numbers
    return Version(major, minor, patch, match[4] or "", match[5] or "", text)


def compare(left: Version, right: Version) -> int:
    """-1, 0 or 1; build metadata does not count, a prerelease comes before its release."""
    ours = (left.major, left.minor, left.patch)
    theirs = (right.major, right.minor, right.patch)
    if ours != theirs:
        return -1 if ours < theirs else 1
    if not left.prerelease or not right.prerelease:
        return bool(right.prerelease) - bool(left.prerelease)
    return compare_prereleases(left.prerelease, right.prerelease)


def compare_prereleases(left: str, right: str) -> int:
    """-1, 0 or 1, identifier by identifier; of two that begin alike the longer one is greater."""
    ours, theirs = left.split("."), right.split(".")
    for index in range(max(len(ours), len(theirs))):
        mine = ours[index] if index < len(ours) else ""
        other = theirs[index] if index < len(theirs) else ""
        if mine != other:
            return -1 if _rank(mine) < _rank(other) else 1
    return 0


def _rank(identifier: str) -> tuple[int, int, str]:
    """Sort key of an identifier: a missing one, then numbers by value, then texts."""
    if not identifier:
        return (0, 0, "")
    if identifier.isdigit() and int(identifier) < _UINT64:
        return (1, int(identifier), "")
    return (2, 0, identifier)


def next_patch(version: Version) -> Version:
    """The release a prerelease leads to, else the next patch."""
    step = 0 if version.prerelease else 1
    return _successor(version, version.major, version.minor, version.patch + step)


def next_minor(version: Version) -> Version:
    """The next minor version, patch 0."""
    return _successor(version, version.major, version.minor + 1, 0)


def next_major(version: Version) -> Version:
    """The next major version, minor and patch 0."""
    return _successor(version, version.major + 1, 0, 0)


def with_prerelease(version: Version, prerelease: str) -> Version:
    """The version with another prerelease, or none. Raises InvalidVersion."""
    if prerelease and not _PRERELEASE.fullmatch(prerelease):
        raise InvalidVersion("Invalid Prerelease string")
    return _renamed(replace(version, prerelease=prerelease))


def with_metadata(version: Version, metadata: str) -> Version:
    """The version with other build metadata, or none. Raises InvalidVersion."""
    if metadata and not _METADATA.fullmatch(metadata):
        raise InvalidVersion("Invalid Metadata string")
    return _renamed(replace(version, metadata=metadata))


def _successor(version: Version, major: int, minor: int, patch: int) -> Version:
    # Numbers are unsigned 64-bit ones and wrap around.
    numbers = (major % _UINT64, minor % _UINT64, patch % _UINT64)
    return _renamed(Version(*numbers, prerelease="", metadata="", original=version.original))


def _renamed(version: Version) -> Version:
    """The version with an ``original`` that says its parts anew, keeping a leading ``v``."""
    prefix = "v" if version.original.startswith("v") else ""
    return replace(version, original=prefix + str(version))
