"""What a text refers to, without executing it: for whoever checks a template before it runs.

Source: docs/template-language.md, "References".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.errors import line_and_column


@dataclass(frozen=True, slots=True)
class Reference:
    """One path of the data, or one call of a function.

    A path has its ``names``; ``rooted`` tells that they start at the data itself (``.a`` outside of range, with and
    define, ``$.a`` outside of define, ``index .a "b"`` and ``field "a" "b"``), not at what only the run knows.
    A function has its name in ``names``, and in ``arguments`` those that are strings in the text, None for others.
    ``line`` and ``column`` count from 1.
    """

    kind: Literal["path", "function"]
    names: tuple[str, ...]
    rooted: bool
    arguments: tuple[str | None, ...]
    line: int
    column: int


def references_of(tree: nodes.Tree) -> list[Reference]:
    """The references of a tree, in the order of the text."""
    walk = _Walk(tree.text)
    found = list(walk.body(tree.body, rooted=True))
    walk.root_is_data = False
    for body in tree.definitions.values():
        if body is not tree.body:
            found.extend(walk.body(body, rooted=False))
    return sorted(dict.fromkeys(found), key=lambda reference: (reference.line, reference.column))


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        #: Whether ``$`` is the data: in a define it is what the caller gave.
        self.root_is_data = True

    def body(self, body: nodes.Body, rooted: bool) -> Iterator[Reference]:
        for node in body:
            match node:
                case nodes.Action():
                    yield from self._pipe(node.pipe, rooted)
                case nodes.If() | nodes.With():
                    moves = isinstance(node, nodes.With)
                    for branch in node.branches:
                        yield from self._pipe(branch.pipe, rooted)
                        yield from self.body(branch.body, rooted and not moves)
                    yield from self.body(node.otherwise or (), rooted)
                case nodes.Range():
                    yield from self._pipe(node.pipe, rooted)
                    yield from self.body(node.body, False)
                    yield from self.body(node.otherwise or (), rooted)
                case nodes.TemplateCall() if node.pipe is not None:
                    yield from self._pipe(node.pipe, rooted)

    def _pipe(self, pipe: nodes.Pipe, rooted: bool) -> Iterator[Reference]:
        for command in pipe.commands:
            first, *rest = command.operands
            if isinstance(first, nodes.Identifier):
                yield from self._call(first, rest, rooted)
            for operand in command.operands:
                yield from self._operand(operand, rooted, alone=operand is not first)

    def _operand(self, operand: nodes.Operand, rooted: bool, alone: bool) -> Iterator[Reference]:
        match operand:
            case nodes.Field():
                yield self._path(operand.names, rooted, operand.position)
            case nodes.Variable(name="$") if operand.names:
                yield self._path(operand.names, self.root_is_data, operand.position)
            case nodes.Identifier() if alone:
                yield from self._call(operand, [], rooted)
            case nodes.Pipe():
                yield from self._pipe(operand, rooted)
            case nodes.Chain():
                yield from self._operand(operand.base, rooted, alone=True)

    def _call(self, function: nodes.Identifier, operands: list[nodes.Operand], rooted: bool) -> Iterator[Reference]:
        arguments = tuple(operand.value if isinstance(operand, nodes.String) else None for operand in operands)
        line, column = line_and_column(self._text, function.position)
        yield Reference("function", (function.name,), False, arguments, line, column)
        path = self._named_path(function.name, operands, arguments, rooted)
        if path is not None:
            yield self._path(*path, function.position)

    def _named_path(
        self, name: str, operands: list[nodes.Operand], arguments: tuple[str | None, ...], rooted: bool
    ) -> tuple[tuple[str, ...], bool] | None:
        """The path that ``field "a" "b"`` or ``index .a "b"`` reads, as far as the text tells it."""
        base: tuple[str, ...] = ()
        if name == "field":
            keys, rooted = arguments, True
        elif name == "index" and operands:
            keys = arguments[1:]
            match operands[0]:
                case nodes.Field():
                    base = operands[0].names
                case nodes.Variable(name="$"):
                    base, rooted = operands[0].names, self.root_is_data
                case nodes.Dot():
                    pass
                case _:
                    return None
        else:
            return None
        known: list[str] = []
        for key in keys:
            if key is None:
                break
            known.append(key)
        return ((*base, *known), rooted) if known else None

    def _path(self, names: tuple[str, ...], rooted: bool, position: int) -> Reference:
        line, column = line_and_column(self._text, position)
        return Reference("path", names, rooted, (), line, column)
