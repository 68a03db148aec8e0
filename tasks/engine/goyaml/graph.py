"""The events of libyaml's parser as a graph: what is written, before aliases, merges and kinds of scalars count."""

from dataclasses import dataclass, field
from typing import Final

import yaml
from yaml import CSafeLoader

from .errors import YAMLError
from .sources import Source, refused, unreadable

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
    is_flow: bool = False
    elements: list[Written] = field(default_factory=list)


@dataclass(slots=True)
class Mapping(Written):
    is_flow: bool = False
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
    source = Source(text)
    while True:
        try:
            return _compose(source, deepest)
        except yaml.reader.ReaderError as error:
            raise unreadable(text, error) from None
        except yaml.MarkedYAMLError as error:
            if not source.read_as_original(error):
                raise refused(error) from None
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            raise YAMLError(line, 1, "The text holds half a character (a lone surrogate).") from None


def _compose(source: Source, deepest: int) -> Graph:
    composer = _Composer(source, deepest)
    loader = CSafeLoader(source.text)
    try:
        while not composer.is_complete:
            composer.take(loader.get_event())
        return Graph(composer.root, _has_more(loader))
    finally:
        loader.dispose()


def _has_more(loader: CSafeLoader) -> bool:
    try:
        return not isinstance(loader.get_event(), yaml.StreamEndEvent | None)
    except yaml.YAMLError:
        # What follows the first document is never read, and may be anything.
        return True


class _Composer:
    """Takes events and keeps the collections that are still open."""

    def __init__(self, source: Source, deepest: int) -> None:
        self.root: Written | None = None
        self.is_complete = False
        self._source = source
        self._deepest = deepest
        self._open_in_flow = 0
        self._open: list[Sequence | Mapping] = []
        self._anchored: dict[str, Written] = {}

    def take(self, event: yaml.Event | None) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._check_version(event)
            case yaml.ScalarEvent():
                self._add(event, self._scalar(event))
            case yaml.SequenceStartEvent():
                self._begin(event, Sequence(*_place(event), is_flow=bool(event.flow_style)))
            case yaml.MappingStartEvent():
                self._begin(event, Mapping(*_place(event), is_flow=bool(event.flow_style)))
            case yaml.AliasEvent():
                self._add(event, self._alias(event))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._open_in_flow -= self._open.pop().is_flow
            case yaml.DocumentEndEvent() | yaml.StreamEndEvent():
                self.is_complete = True

    def _check_version(self, event: yaml.DocumentStartEvent) -> None:
        if event.version not in {None, (1, 1)}:
            mend = 'Remove the line that begins with "%YAML".'
            raise YAMLError(*_place(event), "Of YAML's versions only 1.1 is read.", mend)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text = self._source.original(event.value)
        if event.style == '"' and self._source.has_escaped_slash(event):
            raise YAMLError(*_place(event), r'The escape "\/" is not known.', "Write the slash without a backslash.")
        if not event.style and self._open_in_flow and "?" in text:
            raise YAMLError(*_place(event), 'Within [ ] and { } a text with "?" is not read.', "Quote it.")
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
        self._open_in_flow += node.is_flow

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
