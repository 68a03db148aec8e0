"""A document as a tree that remembers lines, whatever it came from: YAML with places, or JSON without.

``decoding.py`` reads records from it. Start with ``Node``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tasks.engine.catalog import Path
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.places import Places


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a mapping."""

    key: str
    node: "Node"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document.

    ``value`` is None, a bool, a number, a text, or the tuple of a list's nodes or of a mapping's entries; a key that
    is given twice has two entries, the later one counts.
    """

    value: Any
    is_mapping: bool = False
    is_list: bool = False
    line: int = 0
    #: Of a literal block: the line on which its text begins; 0 for all others.
    text_line: int = 0
    #: It, or a value in it, is there to be referred to by an alias.
    is_anchored: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.value if self.is_mapping else ()

    @property
    def elements(self) -> tuple["Node", ...]:
        return self.value if self.is_list else ()


def node_of(value: Any) -> Node:
    """The tree of a plain JSON value."""
    if isinstance(value, Mapping):
        return Node(tuple(Entry(str(key), node_of(item)) for key, item in value.items()), is_mapping=True)
    if isinstance(value, list | tuple):
        return Node(tuple(node_of(item) for item in value), is_list=True)
    return Node(value)


def plain(node: Node, path: Path, places: Places, leaf: Callable[[Node, Path], Any]) -> Any:
    """The plain value of a tree: dicts, lists and what ``leaf`` makes of scalars. Notes where everything stands."""
    note_place(node, path, places)
    if node.is_list:
        return [plain(element, (*path, index), places, leaf) for index, element in enumerate(node.elements)]
    if not node.is_mapping:
        return leaf(node, path)
    found = {}
    for entry in node.entries:
        note_line(entry.line, (*path, entry.key), places)
        found[entry.key] = plain(entry.node, (*path, entry.key), places, leaf)
    return found


def note_line(line: int, path: Path, places: Places) -> None:
    """Note the line of a value's key, which tells more than where the value begins."""
    if line:
        places.lines[path] = line


def note_place(node: Node, path: Path, places: Places) -> None:
    """Note where a value stands; what is noted already (the key's line) is better and stays."""
    if node.line:
        places.lines.setdefault(path, node.line)
    if node.text_line:
        places.text_lines[path] = node.text_line


def kind_of_node(node: Node) -> str:
    """What a value is, in words, for messages."""
    if node.is_mapping:
        return "an object"
    if node.is_list:
        return "a list"
    match node.value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float() | Decimal() | JSONNumber():
            return "a number"
        case _:
            return "a text"


def repeated_keys(node: Node) -> Iterator[tuple[Entry, Entry]]:
    """The entries of a mapping whose key was there before, each with the one before it."""
    seen: dict[str, Entry] = {}
    for entry in node.entries:
        if entry.key in seen:
            yield seen[entry.key], entry
        seen[entry.key] = entry
