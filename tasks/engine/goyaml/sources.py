"""The text as libyaml is given it, where the original's scanner, an older relative, reads otherwise.

What the original accepts and libyaml does not is rewritten on demand; errors are told with their place and a remedy.
"""

import re
from typing import Final

import yaml

from .errors import YAMLError

_BYTE_ORDER_MARK: Final = "\ufeff"
_ESCAPED_SLASH: Final = re.compile(r"(?<!\\)(?:\\\\)*\\/")
#: A text between double quotes, from its first quote.
_DOUBLE_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)

#: Places that are rewritten in one text; each costs reading it once more.
_MOST_REWRITES: Final = 100


class Source:
    """A YAML text, rewritten so that libyaml reads what the original reads."""

    def __init__(self, text: str) -> None:
        unused = (character for character in map(chr, range(0xE000, 0xF900)) if character not in text)
        # libyaml passes over a byte order mark at the beginning of any line, the original only at that of the text.
        self._mark = next(unused) if _BYTE_ORDER_MARK in text[1:] else ""
        self._colon = ""
        self._unused = unused
        self._rewrites = 0
        # Once for the text, not once for each of its scalars.
        self._has_escaped_slashes = "\\/" in text
        self.text = text[:1] + text[1:].replace(_BYTE_ORDER_MARK, self._mark) if self._mark else text

    def original(self, text: str) -> str:
        """A scalar as it stood in the text."""
        if self._mark:
            text = text.replace(self._mark, _BYTE_ORDER_MARK)
        return text.replace(self._colon, ":") if self._colon else text

    def has_escaped_slash(self, event: yaml.ScalarEvent) -> bool:
        """Whether a scalar between double quotes has the escape of JSON that YAML 1.1 lacks."""
        if not self._has_escaped_slashes:
            return False
        assert event.start_mark is not None
        assert event.end_mark is not None
        return _ESCAPED_SLASH.search(self.text[event.start_mark.index : event.end_mark.index]) is not None

    def read_as_original(self, error: yaml.MarkedYAMLError) -> bool:
        """Rewrite what libyaml refused, where the original does not; False where it would too."""
        self._rewrites += 1
        if error.problem_mark is None or self._rewrites > _MOST_REWRITES:
            return False
        if error.problem == "found unexpected ':'":
            return self._rewrite_colon(error.problem_mark.index)
        if error.problem == "found unknown escape character" and error.context_mark is not None:
            return self._rewrite_apostrophes(error.context_mark.index)
        return False

    def _rewrite_colon(self, index: int) -> bool:
        """Between brackets, a colon right before a comma or a bracket is part of the text: ``[a:, b]``."""
        self._colon = self._colon or next(self._unused)
        self.text = self.text[:index] + self._colon + self.text[index + 1 :]
        return True

    def _rewrite_apostrophes(self, index: int) -> bool:
        """Between double quotes, ``\\'`` is an apostrophe."""
        quoted = _DOUBLE_QUOTED.match(self.text, index)
        if quoted is None:
            return False
        plain = _ESCAPE.sub(lambda escape: "'" if escape[1] == "'" else escape[0], quoted[0])
        if plain == quoted[0]:
            return False
        self.text = self.text[:index] + plain + self.text[quoted.end() :]
        return True


#: How to mend what the parser complains of, by a part of its words.
_MENDS: Final = (
    (
        "found character that cannot start any token",
        "Indent with blanks, not tabs; quote values that begin with @ or `.",
    ),
    ("found a tab character", "Indent with blanks, not tabs."),
    ("mapping values are not allowed", 'Quote a value that holds ": ", and begin each key of an object in one column.'),
    ("did not find expected key", "Begin each key of an object in one column; quote a value that begins with { or [."),
    ("did not find expected '-' indicator", "Begin each element of a list in one column."),
    ("while scanning an alias", 'Quote a value that begins with "*".'),
    ("while scanning an anchor", 'Quote a value that begins with "&".'),
    ("while parsing a flow", "Close what was opened with { or [; quote a value that begins with {{."),
    ("found unexpected end of stream", "Close the quotation mark."),
    ("found unknown escape character", "Write a backslash between double quotes twice, or use single quotes."),
    ("found undefined tag handle", 'Quote a value that begins with "!".'),
)


def refused(error: yaml.MarkedYAMLError) -> YAMLError:
    """The error for a text that is no YAML."""
    words = ": ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    line, column = (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
    return YAMLError(line, column, _sentence(words), next((mend for part, mend in _MENDS if part in words), ""))


def unreadable(text: str, error: yaml.reader.ReaderError) -> YAMLError:
    """The error for a character that no YAML text may hold; libyaml tells its place in bytes."""
    before = text.encode()[: error.position].decode(errors="ignore")
    column = len(before) - (before.rfind("\n") + 1) + 1
    mend = r'Write it as an escape between double quotes, as in "\x07".'
    return YAMLError(before.count("\n") + 1, column, _sentence(str(error.reason)), mend)


def _sentence(words: str) -> str:
    return f"This is no YAML: {words}."
