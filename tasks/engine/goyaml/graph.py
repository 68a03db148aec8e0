"""The events of libyaml's parser as a graph: what is written, before aliases, merges and kinds of scalars count."""

from dataclasses import dataclass, field
from typing import Final

import yaml
from yaml import CSafeLoader

from .errors import YAMLError

#: Levels of nesting that are read; Go's decoders stop there too.
DEEPEST: Final = 10_000


@dataclass(slots=True)
class Written:
    """Something written in the text, and where it begins (from 1)."""

    line: int
    column: int
    is_anchored: bool = False


@dataclass(slots=True)
class Scalar(Written):
    text: str = ""
    tag: str | None = None
    is_plain: bool = False  # neither quoted nor a block, or tagged with a single "!"
    is_literal: bool = False


@dataclass(slots=True)
class Sequence(Written):
    elements: list[Written] = field(default_factory=list)


@dataclass(slots=True)
class Mapping(Written):
    #: Keys and values in turn.
    parts: list[Written] = field(default_factory=list)


@dataclass(slots=True)
class Alias(Written):
    name: str = ""
    target: Written | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The first document of a text; ``root`` is None when it is empty."""

    root: Written | None
    more_documents: bool


def compose(text: str, deepest: int) -> Graph:
    """The graph of a text's first document. Raises YAMLError, also beyond ``deepest`` levels of nesting."""
    mark = _stand_in(text)
    composer = _Composer(deepest, mark)
    try:
        loader = CSafeLoader(text[:1] + text[1:].replace(_BYTE_ORDER_MARK, mark) if mark else text)
        try:
            while not composer.is_complete:
                composer.take(loader.get_event())
            return Graph(composer.root, _has_more(loader))
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        raise _unreadable(text, error) from None
    except yaml.YAMLError as error:
        raise _as_ours(error) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise YAMLError(line, 1, "The text holds half a character (a lone surrogate).") from None


_BYTE_ORDER_MARK: Final = "\ufeff"


def _stand_in(text: str) -> str:
    """What to read instead of byte order marks inside the text; empty when there are none.

    libyaml passes over a mark at the beginning of any line, the original only over the text's first character.
    """
    if _BYTE_ORDER_MARK not in text[1:]:
        return ""
    return next(character for character in map(chr, range(0xE000, 0xF900)) if character not in text)


def _has_more(loader: CSafeLoader) -> bool:
    try:
        return not isinstance(loader.get_event(), yaml.StreamEndEvent)
    except yaml.YAMLError:
        # What follows the first document is never read, and may be anything.
        return True


class _Composer:
    """Takes events and keeps the collections that are still open."""

    def __init__(self, deepest: int, mark: str) -> None:
        self.root: Written | None = None
        self.is_complete = False
        self._deepest = deepest
        self._mark = mark
        self._open: list[Sequence | Mapping] = []
        self._anchored: dict[str, Written] = {}

    def take(self, event: yaml.Event | None) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(event, self._scalar(event))
            case yaml.SequenceStartEvent():
                self._begin(event, Sequence(*_place(event)))
            case yaml.MappingStartEvent():
                self._begin(event, Mapping(*_place(event)))
            case yaml.AliasEvent():
                self._add(event, self._alias(event))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._open.pop()
            case yaml.DocumentEndEvent() | yaml.StreamEndEvent():
                self.is_complete = True

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text = event.value.replace(self._mark, _BYTE_ORDER_MARK) if self._mark else event.value
        return Scalar(
            *_place(event), text=text, tag=event.tag, is_plain=event.implicit[0], is_literal=event.style == "|"
        )

    def _alias(self, event: yaml.AliasEvent) -> Alias:
        name = event.anchor or ""
        target = self._anchored.get(name)
        if target is None:
            mend = 'Quote a value that begins with "*".'
            raise YAMLError(*_place(event), f'There is no anchor "&{name}" above this alias.', mend)
        return Alias(*_place(event), name=name, target=target)

    def _begin(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, node: Sequence | Mapping) -> None:
        if len(self._open) >= self._deepest:
            raise YAMLError(node.line, node.column, f"The text nests more than {self._deepest:,} levels deep.")
        self._add(event, node)
        self._open.append(node)

    def _add(self, event: yaml.NodeEvent, node: Written) -> None:
        if event.anchor is not None and not isinstance(node, Alias):
            self._anchored[event.anchor] = node
            node.is_anchored = True
        match self._open:
            case []:
                self.root = node
            case [*_, Sequence() as holder]:
                holder.elements.append(node)
            case [*_, Mapping() as holder]:
                holder.parts.append(node)


def _place(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None
    return event.start_mark.line + 1, event.start_mark.column + 1


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


def _as_ours(error: yaml.YAMLError) -> YAMLError:
    if not isinstance(error, yaml.MarkedYAMLError):
        return YAMLError(0, 0, _sentence(str(error)))
    words = ": ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    line, column = (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
    return YAMLError(line, column, _sentence(words), next((mend for part, mend in _MENDS if part in words), ""))


def _unreadable(text: str, error: yaml.reader.ReaderError) -> YAMLError:
    """For a character that no YAML text may hold; libyaml tells its place in bytes."""
    before = text.encode()[: error.position].decode(errors="ignore")
    column = len(before) - (before.rfind("\n") + 1) + 1
    mend = 'Write it as an escape between double quotes, as in "\\x07".'
    return YAMLError(before.count("\n") + 1, column, _sentence(str(error.reason)), mend)


def _sentence(words: str) -> str:
    return f"This is no YAML: {words}."
