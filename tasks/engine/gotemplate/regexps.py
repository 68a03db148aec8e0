"""Go's regular expressions: RE2's syntax and linear time, and Go's rules for finding, replacing and splitting.

``compile_pattern`` is the front door, for templates, inputs, conditions and JSON schemas alike.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from .regexerrors import RegexpError
from .regexsyntax import read_group_names

__all__ = ["Match", "Pattern", "RegexpError", "compile_pattern", "quote"]

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")

# A program of 1,000 repeats of a large Unicode class takes 20 MB. Few ever need so much: those are cached apart.
_USUAL_BYTES: Final = 8 << 20
_LARGEST_BYTES: Final = 64 << 20

_WHY_LOOK: Final = "look-ahead and look-behind are not supported"
#: Beginnings of what other engines know and RE2 does not, with a better answer than RE2's.
_KNOWN_ELSEWHERE: Final = {
    "(?=": _WHY_LOOK,
    "(?!": _WHY_LOOK,
    "(?<=": _WHY_LOOK,
    "(?<!": _WHY_LOOK,
    "(?>": "atomic groups are not supported, and not needed: no pattern can take long",
    "\\Z": r"\Z is not supported: write \z for the end of the text",
}


@dataclass(frozen=True, slots=True)
class Match:
    """One match: where it stands in the text (characters), and its groups; None for one that took no part."""

    start: int
    end: int
    text: str
    groups: tuple[str | None, ...]


#: Longer ones take RE2 seconds: its time to compile grows with the square of the length.
_LONGEST_SOURCE = 50_000


class Pattern:
    """A compiled pattern; safe to share between threads."""

    __slots__ = ("_compiled", "group_names", "source")

    def __init__(self, source: str, compiled: Any, group_names: tuple[str, ...]) -> None:
        self.source = source
        #: The name of each group in order, "" for one without; a name may stand twice.
        self.group_names = group_names
        self._compiled = compiled

    def __repr__(self) -> str:
        return f"Pattern({self.source!r})"

    def matches(self, text: str) -> bool:
        """Whether the pattern is found anywhere in the text."""
        return self._compiled.search(_encodable(text)) is not None

    def find(self, text: str) -> Match | None:
        """The first match."""
        return next(self._iterate(text), None)

    def find_all(self, text: str, limit: int = -1) -> list[Match]:
        """Matches from left to right, not overlapping, at most ``limit`` unless that is negative.

        An empty match right behind another match does not count.
        """
        found: list[Match] = []
        for match in self._iterate(text):
            if len(found) == limit:
                break
            found.append(match)
        return found

    def replace(self, text: str, replacement: str) -> str:
        """Every match replaced; ``$1``, ``$name`` and ``${name}`` stand for groups, ``$$`` for a dollar.

        The longest run of letters, digits and ``_`` is the name; a group that is not there is empty.
        """
        template = _template(replacement)
        return self._replaced(text, lambda match: self._expanded(template, match))

    def replace_literal(self, text: str, replacement: str) -> str:
        """Every match replaced by the replacement as it is."""
        return self._replaced(text, lambda _: replacement)

    def split(self, text: str, limit: int = -1) -> list[str]:
        """The text between the matches; at most ``limit`` parts unless that is negative, none for 0."""
        if limit == 0:
            return []
        if self.source and not text:
            return [""]
        parts: list[str] = []
        begin = end = 0
        for match in self.find_all(text, limit):
            if limit > 0 and len(parts) == limit - 1:
                break
            end = match.start
            if match.end != 0:
                parts.append(text[begin:end])
            begin = match.end
        if end != len(text):
            parts.append(text[begin:])
        return parts

    def _iterate(self, text: str) -> Iterator[Match]:
        previous_end = -1
        for match in self._compiled.finditer(_encodable(text)):
            start, end = match.span()
            if start == end == previous_end:
                continue
            previous_end = end
            spans = map(match.span, range(1, len(self.group_names) + 1))
            groups = tuple(None if begin < 0 else text[begin:stop] for begin, stop in spans)
            yield Match(start, end, text[start:end], groups)

    def _replaced(self, text: str, replacement: Callable[[Match], str]) -> str:
        parts: list[str] = []
        position = 0
        for match in self._iterate(text):
            parts += (text[position : match.start], replacement(match))
            position = match.end
        return "".join((*parts, text[position:]))

    def _expanded(self, template: "tuple[_TemplatePiece, ...]", match: Match) -> str:
        return "".join(self._piece(piece, match) for piece in template)

    def _piece(self, piece: "_TemplatePiece", match: Match) -> str:
        if isinstance(piece, str):
            return piece
        if isinstance(piece, int):
            if piece == 0:
                return match.text
            return (match.groups[piece - 1] or "") if piece <= len(match.groups) else ""
        named = (group for name, group in zip(self.group_names, match.groups, strict=True) if name == piece[0])
        return next((group for group in named if group is not None), "")


def compile_pattern(source: str) -> Pattern:
    """The compiled pattern, from a bounded cache. Raises RegexpError where Go refuses it.

    Source: docs/templates.md, "Regular expressions".
    """
    if len(source) > _LONGEST_SOURCE:
        raise RegexpError(source[:100], "it is too long")
    try:
        return _usual(source)
    except _TooLarge:
        return _large(source)


def quote(text: str) -> str:
    """A pattern that matches the text as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)


class _TooLarge(Exception):
    """The program does not fit the usual memory."""


@lru_cache(maxsize=256)
def _usual(source: str) -> Pattern:
    return _compile(source, _USUAL_BYTES)


@lru_cache(maxsize=4)
def _large(source: str) -> Pattern:
    try:
        return _compile(source, _LARGEST_BYTES)
    except _TooLarge:
        raise RegexpError(source, "it is too large: repeat less") from None


def _compile(source: str, memory: int) -> Pattern:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    pattern = _encodable(source)
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")
        if reason.startswith("pattern too large"):
            raise _TooLarge from None
        raise RegexpError(source, _better_reason(reason)) from None
    finally:
        # Its cache would hold what ours has let go.
        re2.purge()
    return Pattern(source, compiled, read_group_names(pattern))


def _better_reason(reason: str) -> str:
    return next((better for beginning, better in _KNOWN_ELSEWHERE.items() if beginning in reason), reason)


def _encodable(text: str) -> str:
    """The text with U+FFFD for what UTF-8 cannot hold; as many characters as before."""
    if text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)


#: Literal text, a group's number, or (in a tuple) its name.
_TemplatePiece = str | int | tuple[str]


@lru_cache(maxsize=256)
def _template(replacement: str) -> tuple[_TemplatePiece, ...]:
    before, *others = replacement.split("$")
    pieces: list[_TemplatePiece] = [before]
    index = 0
    while index < len(others):
        rest = others[index]
        index += 1
        if not rest and index < len(others):  # "$$"
            pieces.append("$" + others[index])
            index += 1
            continue
        name, after = _leading_name(rest)
        if name:
            pieces += (_group_reference(name), after)
        else:
            pieces.append("$" + rest)
    return tuple(pieces)


def _leading_name(text: str) -> tuple[str, str]:
    """The group's name behind a dollar, in braces or not, and what follows; no name where it is malformed."""
    in_braces = text.startswith("{")
    begin = end = 1 if in_braces else 0
    while end < len(text) and (text[end].isalpha() or text[end].isdecimal() or text[end] == "_"):
        end += 1
    if in_braces and not text.startswith("}", end):
        return "", text
    return text[begin:end], text[end + 1 if in_braces else end :]


def _group_reference(name: str) -> int | tuple[str]:
    is_number = name.isascii() and name.isdigit() and len(name) <= 8 and (name == "0" or name[0] != "0")
    return int(name) if is_number else (name,)
