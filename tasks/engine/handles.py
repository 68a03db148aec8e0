"""What a text refers to, found in its tree: dotted paths, ``index`` and ``field`` with literal names, variables.

Where the dot is not known (inside ``range``, in a ``define``) nothing is claimed.
Source: docs/templates.md, "Checks".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tasks.engine.gotemplate import nodes

#: The names from the root on, or None where it cannot be told.
_Where = tuple[str, ...] | None

#: What the original takes for the path of a handle: the first one between its braces.
_FIRST_PATH = re.compile(r"\{\{[^.}]*\.([A-Za-z0-9_.]+)")

_VARIABLE_FUNCTIONS = frozenset({"eval", "evalCache"})

#: Functions that are given a value to see whether it is there.
_GUARDS = frozenset({"default", "coalesce", "empty", "ternary", "and", "or", "not", "eq", "ne"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that a text reads. ``names`` lead there from the root: ``("step", "a", "output")``."""

    names: tuple[str, ...]
    position: int
    #: Written as ``.step.a``; others come from ``index`` and ``field``.
    is_dotted: bool = True
    #: The text knows that it may be missing: it is a condition, or has a default.
    is_guarded: bool = False

    def __str__(self) -> str:
        return "." + ".".join(self.names)


@dataclass(frozen=True, slots=True)
class VariableUse:
    """``eval "name"``."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class FunctionUse:
    """A function of the language that is called."""

    name: str
    position: int


Use = Reference | VariableUse | FunctionUse


def uses_of(tree: nodes.Tree) -> list[Use]:
    """Everything that a parsed text refers to, in order of appearance."""
    main = _Walk(root=())
    found = list(main.body(tree.body, ()))
    for body in tree.definitions.values():
        # The text itself is among them. All others are given a value: neither their dot nor their $ is the root.
        if body is not tree.body:
            found.extend(_Walk(root=None).body(body, None))
    return sorted(found, key=lambda use: use.position)


def original_paths(text: str) -> frozenset[str]:
    """The dotted paths that the original checks: the first of each handle, without its leading dot."""
    return frozenset(match.strip(".") for match in _FIRST_PATH.findall(text))


@dataclass(frozen=True, slots=True)
class _Walk:
    """One pass over a tree. ``dot`` is always where the dot stands, seen from the root."""

    root: _Where

    def body(self, body: nodes.Body, dot: _Where) -> Iterator[Use]:
        for node in body:
            match node:
                case nodes.Action(pipe=pipe):
                    yield from self._pipe(pipe, dot)[1]
                case nodes.If(branches=branches, otherwise=otherwise):
                    for branch in branches:
                        yield from _guarded(self._pipe(branch.pipe, dot)[1])
                        yield from self.body(branch.body, dot)
                    yield from self.body(otherwise or (), dot)
                case nodes.With(branches=branches, otherwise=otherwise):
                    for branch in branches:
                        where, found = self._pipe(branch.pipe, dot)
                        yield from _guarded(found)
                        yield from self.body(branch.body, where)
                    yield from self.body(otherwise or (), dot)
                case nodes.Range(pipe=pipe, body=inner, otherwise=otherwise):
                    yield from self._pipe(pipe, dot)[1]
                    yield from self.body(inner, None)
                    yield from self.body(otherwise or (), dot)
                case nodes.TemplateCall(pipe=nodes.Pipe() as pipe):
                    yield from self._pipe(pipe, dot)[1]

    def _pipe(self, pipe: nodes.Pipe, dot: _Where) -> tuple[_Where, list[Use]]:
        """Where the result of a pipeline stands, and all that is used in it."""
        found: list[Use] = []
        where: _Where = None
        before: nodes.Command | None = None
        for command in pipe.commands:
            where, uses = self._command(command, before, dot)
            found += uses
            before = command
        if any(isinstance(use, FunctionUse) and use.name in _GUARDS for use in found):
            found = _guarded(found)
        return (where if len(pipe.commands) == 1 else None), found

    def _command(self, command: nodes.Command, before: nodes.Command | None, dot: _Where) -> tuple[_Where, list[Use]]:
        first, *arguments = command.operands
        if not isinstance(first, nodes.Identifier):
            return self._operand(first, dot) if not arguments else self._all(command.operands, dot)
        uses: list[Use] = [FunctionUse(first.name, first.position)]
        if first.name in _VARIABLE_FUNCTIONS:
            name = _literal(arguments[0]) if arguments else _only_literal(before)
            if name is not None:
                return None, [*uses, VariableUse(name, first.position)]
        literals = [_literal(argument) for argument in arguments]
        if first.name == "field" and literals and None not in literals and self.root is not None:
            names = tuple(name for name in literals if name is not None)
            return (*self.root, *names), [*uses, Reference((*self.root, *names), first.position, is_dotted=False)]
        if first.name == "index" and len(arguments) > 1 and None not in literals[1:]:
            names = tuple(name for name in literals[1:] if name is not None)
            return self._below(arguments[0], names, first.position, dot, uses, is_dotted=False)
        return None, uses + self._all(tuple(arguments), dot)[1]

    def _operand(self, operand: nodes.Operand, dot: _Where) -> tuple[_Where, list[Use]]:
        match operand:
            case nodes.Dot():
                return dot, []
            case nodes.Field(position=position, names=names):
                return _found(dot, names, position)
            case nodes.Variable(position=position, name="$", names=names):
                return _found(self.root, names, position)
            case nodes.Chain(position=position, base=base, names=names):
                return self._below(base, names, position, dot, [])
            case nodes.Pipe():
                return self._pipe(operand, dot)
            case nodes.Identifier(position=position, name=name):
                return None, [FunctionUse(name, position)]
            case _:
                return None, []

    def _below(
        self,
        operand: nodes.Operand,
        names: tuple[str, ...],
        position: int,
        dot: _Where,
        uses: list[Use],
        *,
        is_dotted: bool = True,
    ) -> tuple[_Where, list[Use]]:
        """Names below an operand: one longer reference instead of the operand's own."""
        where, found = self._operand(operand, dot)
        if where is None:
            return None, uses + found
        shorter = [use for use in found if not isinstance(use, Reference) or use.names != where]
        dotted_so_far = all(use.is_dotted for use in found if isinstance(use, Reference))
        reference = Reference((*where, *names), position, is_dotted and dotted_so_far)
        return reference.names, [*uses, *shorter, reference]

    def _all(self, operands: tuple[nodes.Operand, ...], dot: _Where) -> tuple[_Where, list[Use]]:
        return None, [use for operand in operands for use in self._operand(operand, dot)[1]]


def _found(where: _Where, names: tuple[str, ...], position: int) -> tuple[_Where, list[Use]]:
    if where is None or not names:
        return where, []
    return (*where, *names), [Reference((*where, *names), position)]


def _guarded(uses: list[Use]) -> list[Use]:
    return [replace(use, is_guarded=True) if isinstance(use, Reference) else use for use in uses]


def _literal(operand: nodes.Operand) -> str | None:
    return operand.value if isinstance(operand, nodes.String) else None


def _only_literal(command: nodes.Command | None) -> str | None:
    """The text of a command that is nothing but a text, as in ``"name" | eval``."""
    return _literal(command.operands[0]) if command is not None and len(command.operands) == 1 else None
