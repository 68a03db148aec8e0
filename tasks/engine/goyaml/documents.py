"""From the graph to the tree and its values: kinds of scalars, aliases, merges, keys; and the limits on aliases.

Collections are walked without recursion, since 10,000 levels are legal.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import float_text
from tasks.engine.nodes import Entry, Node

from . import graph
from .errors import YAMLError
from .scalars import MERGE_TAG, ScalarError, resolve, short_float_text

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Document:
    """The first document of a text; ``more_documents`` says that something follows it, which nobody reads."""

    root: Node
    more_documents: bool = False

    @property
    def value(self) -> Any:
        """The plain value: dicts, lists, texts, bools, None and ``JSONNumber``.

        Raises YAMLError for an infinity or NaN, which JSON cannot hold.
        """
        return json_value(self.root)


def read(text: str, *, deepest: int = graph.DEEPEST) -> Document:
    """The first document of a YAML text; null when the text is empty.

    Raises YAMLError: no YAML, nesting beyond ``deepest`` levels, aliases that grow the document too much, keys that no
    text stands for, values that are not what their tag says. Source: docs/templates.md, "YAML".
    """
    composed = graph.compose(text, deepest)
    if composed.root is None:
        return Document(Node(None), composed.more_documents)
    return Document(_walk(_Decoder(deepest).node, composed.root), composed.more_documents)


def scalar_text(value: object) -> str | None:
    """What a scalar of a tree becomes where a text is wanted; null is the empty text, None stands for no scalar.

    Numbers lose their notation: ``010`` is ``8``, ``1.50`` is ``1.5``; floats keep the precision of 32 bits.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return short_float_text(value)
        case str() | int() | JSONNumber():
            return str(value)
        case _:
            return None


def json_value(node: Node, *, as_doubles: bool = False) -> Any:
    """The plain value of a tree; ``as_doubles`` leaves integers the precision that JavaScript has.

    Raises YAMLError for an infinity or NaN, which JSON cannot hold.
    """
    return _walk(_double_value if as_doubles else _exact_value, node)


def _exact_value(node: Node) -> Generator[Node, Any, Any]:
    return _json_value(node, as_doubles=False)


def _double_value(node: Node) -> Generator[Node, Any, Any]:
    return _json_value(node, as_doubles=True)


def _json_value(node: Node, *, as_doubles: bool) -> Generator[Node, Any, Any]:
    if node.is_list:
        elements = []
        for element in node.elements:
            elements.append((yield element))
        return elements
    if node.is_mapping:
        entries = {}
        for entry in node.entries:
            entries[entry.key] = yield entry.node
        return entries
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        raise YAMLError(node.line, 1, f"JSON has no {scalar_text(value)}.", "Quote it to have it as a text.")
    if isinstance(value, float) or as_doubles:
        return JSONNumber(float_text(float(value)))
    return JSONNumber(str(value))


def _walk(visit: Callable[[_Given], Generator[_Given, _Made, _Made]], root: _Given) -> _Made:
    """What ``visit`` returns for the root; it yields each part that it needs, and is sent what was made of it."""
    visits = [visit(root)]
    made: Any = None
    while True:
        try:
            part = visits[-1].send(made)
        except StopIteration as end:
            visits.pop()
            made = end.value
            if not visits:
                return made  # type: ignore[no-any-return]  # what a visit of the root returned
        else:
            visits.append(visit(part))
            made = None


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry of a mapping, and whether it came by a merge."""

    entry: Entry
    is_merged: bool


class _Decoder:
    """Makes the tree of one document and counts what aliases add to it."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._depth = 0
        self._expanding: set[int] = set()
        self._visits = 0
        self._visits_by_alias = 0

    def node(self, written: graph.Written) -> Generator[graph.Written, Node, Node]:
        self._count(written)
        match written:
            case graph.Scalar():
                return _scalar_node(written)
            case graph.Alias():
                return (yield from self._expanded(written))
            case graph.Sequence():
                self._enter(written)
                elements = []
                for element in written.elements:
                    elements.append((yield element))
                self._depth -= 1
                is_anchored = written.is_anchored or any(element.is_anchored for element in elements)
                return Node(tuple(elements), is_list=True, line=written.line, is_anchored=is_anchored)
            case graph.Mapping():
                self._enter(written)
                found = yield from self._entries(written)
                self._depth -= 1
                entries = _counting(found)
                is_anchored = written.is_anchored or any(entry.node.is_anchored for entry in entries)
                return Node(entries, is_mapping=True, line=written.line, is_anchored=is_anchored)
        raise AssertionError(f"no node: {written}")

    def _enter(self, written: graph.Written) -> None:
        self._depth += 1
        if self._depth > self._deepest:
            raise YAMLError(written.line, written.column, f"The text nests more than {self._deepest:,} levels deep.")

    def _expanded(self, alias: graph.Alias) -> Generator[graph.Written, Node, Node]:
        target = alias.target
        assert target is not None
        if id(target) in self._expanding:
            raise YAMLError(alias.line, alias.column, f'The value of the anchor "&{alias.name}" contains itself.')
        self._expanding.add(id(target))
        made = yield target
        self._expanding.remove(id(target))
        # An alias of something anchored is not itself there to be referred to.
        return Node(made.value, made.is_mapping, made.is_list, made.line, made.text_line) if made.is_anchored else made

    def _entries(self, mapping: graph.Mapping) -> Generator[graph.Written, Node, list[_Found]]:
        found: list[_Found] = []
        parts = iter(mapping.parts)
        for key in parts:
            value = next(parts)
            if _is_merge(key):
                for merged in _merged_mappings(key, value):
                    node = yield merged
                    found += (_Found(entry, is_merged=True) for entry in node.entries)
            else:
                text = _key_text(key, (yield key))
                found.append(_Found(Entry(text, (yield value), key.line), is_merged=False))
        return found

    def _count(self, written: graph.Written) -> None:
        self._visits += 1
        if self._expanding:
            self._visits_by_alias += 1
        if (
            self._visits_by_alias > 100
            and self._visits > 1000
            and self._visits_by_alias / self._visits > _allowed_share(self._visits)
        ):
            raise YAMLError(written.line, written.column, "Aliases make the document grow too much.")


#: Up to so many values nearly all may come from aliases, from so many on a tenth, in between linearly less.
_FEW_VISITS: Final = 400_000
_MANY_VISITS: Final = 4_000_000


def _allowed_share(visits: int) -> float:
    if visits <= _FEW_VISITS:
        return 0.99
    if visits >= _MANY_VISITS:
        return 0.10
    return 0.99 - 0.89 * (visits - _FEW_VISITS) / (_MANY_VISITS - _FEW_VISITS)


def _scalar_node(written: graph.Scalar) -> Node:
    value: object = written.text
    if written.is_plain or written.tag is not None:
        try:
            value = resolve(written.text, written.tag)
        except ScalarError as error:
            raise YAMLError(written.line, written.column, f"{error}.") from None
    text_line = written.line + 1 if written.is_literal else 0
    return Node(value, line=written.line, text_line=text_line, is_anchored=written.is_anchored)


def _is_merge(key: graph.Written) -> bool:
    return isinstance(key, graph.Scalar) and key.text == "<<" and (key.is_plain or key.tag == MERGE_TAG)


def _merged_mappings(key: graph.Written, value: graph.Written) -> list[graph.Written]:
    """What a ``<<`` merges, the one that counts most last."""
    mappings = list(reversed(value.elements)) if isinstance(value, graph.Sequence) else [value]
    for each in mappings:
        meant = each.target if isinstance(each, graph.Alias) else each
        if not isinstance(meant, graph.Mapping):
            raise YAMLError(key.line, key.column, '"<<" merges objects only.', 'Quote "<<" to have a key of that name.')
    return mappings


def _key_text(key: graph.Written, node: Node) -> str:
    value = node.value
    if node.is_list or node.is_mapping:
        mend = 'Quote a value that begins with a handle: "{{ … }}".'
        raise YAMLError(key.line, key.column, "A list or an object cannot be a key.", mend)
    if value is None:
        what = "Null cannot be a key."
    elif isinstance(value, int) and value >= 1 << 63:
        what = f"{value} is too large for a key."
    else:
        text = scalar_text(value)
        assert text is not None
        return _INFINITIES.get(text, text) if isinstance(value, float) else text
    raise YAMLError(key.line, key.column, what, "Quote it to have it as a text.")


#: As a key, a float is written as in YAML.
_INFINITIES: Final = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}


def _counting(found: list[_Found]) -> tuple[Entry, ...]:
    """The entries that count: of one key the last; one given twice by hand stays twice, so that it can be told."""
    last = {each.entry.key: each for each in found}
    return tuple(
        each.entry
        for each in found
        if last[each.entry.key] is each or not (each.is_merged or last[each.entry.key].is_merged)
    )
