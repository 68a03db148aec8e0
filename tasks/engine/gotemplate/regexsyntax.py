"""What Go's regular expressions refuse although RE2 lets it pass.

Works on a pattern that RE2 has accepted, so that it need not look for mistakes: it walks over the tokens and keeps,
for each open group, how high and how large Go's syntax tree would be.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from .regexerrors import RegexpError

#: Levels of Go's syntax tree.
_MAXIMUM_HEIGHT: Final = 1000
#: Instructions of Go's compiled program, which may take 128 MiB.
_MAXIMUM_SIZE: Final = (128 << 20) // 40
#: From here on a repeat count is refused by Go, while RE2 takes the braces for literal text.
_MAXIMUM_COUNT: Final = 100_000_000

_TOKEN: Final = re.compile(
    r"""
      (?P<quoted>   \\Q (?P<literal> .*? ) (?: \\E | \Z ) )
    | (?P<byte>     \\C )
    | (?P<set>      \\[pP] (?: \{ [^}]* \} | . ) | \\[dDsSwW] | \.
                  | \[ \^? \]? (?: \[: \^? \w+ :\] | \\. | [^\]\\] )* \] )
    | (?P<empty>    \\[AzbB] | [\^$] )
    | (?P<flags>    \(\? [a-zA-Z-]* \) )
    | (?P<shy>      \(\? [a-zA-Z-]* : )
    | (?P<group>    \( (?: \?P?< (?P<name> [^>]* ) > )? )
    | (?P<close>    \) )
    | (?P<or>       \| )
    | (?P<repeat>   (?: (?P<sign> [*+?] )
                      | \{ (?P<least> 0|[1-9][0-9]* ) (?P<more> , (?P<most> 0|[1-9][0-9]* )? )? \} ) \?? )
    | (?P<character> \\x\{ [^}]* \} | \\x.. | \\[0-7]{1,3} | \\. | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class _Node:
    """A part of Go's tree: its levels, the instructions it becomes, and whether it stands for one character.

    A literal is a run of characters; one that was ``grouped`` is repeated as a whole.
    """

    height: int = 1
    size: int = 1
    literal: bool = False
    single: bool = False
    grouped: bool = False


@dataclass(slots=True)
class _Group:
    """What has been read of a group that is still open."""

    captures: bool
    branches: list[_Node] = field(default_factory=list)
    sequence: list[_Node] = field(default_factory=list)

    def add_character(self) -> None:
        last = self.sequence[-1] if self.sequence else None
        if last is not None and last.literal:
            last.size += 1
            last.single = last.grouped = False
        else:
            self.sequence.append(_Node(literal=True, single=True))

    def take_last(self) -> _Node:
        """The part that a repeat applies to: of some literal text only the last character."""
        last = self.sequence.pop()
        if last.literal and last.size > 1 and not last.grouped:
            last.size -= 1
            self.sequence.append(last)
            return _Node(literal=True, single=True)
        return last

    def end_branch(self) -> None:
        self.branches.append(_joined(self.sequence, 0))
        self.sequence = []

    def closed(self) -> _Node:
        self.end_branch()
        if all(branch.single for branch in self.branches):
            node = _Node(single=True)
        else:
            node = _joined(self.branches, len(self.branches) - 1)
        if self.captures:
            return _Node(node.height + 1, node.size + 2)
        return replace(node, grouped=True)


def _joined(nodes: list[_Node], extra: int) -> _Node:
    if not nodes:
        return _Node()
    if len(nodes) == 1:
        return nodes[0]
    return _Node(1 + max(node.height for node in nodes), sum(node.size for node in nodes) + extra)


def read_group_names(pattern: str) -> tuple[str, ...]:
    """The name of each group in order, "" for one without, of a pattern that RE2 accepts.

    Raises RegexpError where Go refuses the pattern all the same. Source: docs/templates.md, "Regular expressions".
    """
    names: list[str] = []
    open_groups = [_Group(captures=False)]
    for token in _TOKEN.finditer(pattern):
        group = open_groups[-1]
        match token.lastgroup:
            case "quoted":
                for _ in token["literal"]:
                    group.add_character()
            case "byte":
                raise RegexpError(pattern, r"\C, a single byte, is not supported")
            case "set":
                group.sequence.append(_Node(single=True))
            case "empty":
                group.sequence.append(_Node())
            case "flags":
                pass
            case "shy":
                open_groups.append(_Group(captures=False))
            case "group":
                names.append(_group_name(pattern, token))
                open_groups.append(_Group(captures=True))
            case "close":
                open_groups.pop()
                _add(pattern, open_groups[-1], group.closed())
            case "or":
                group.end_branch()
            case "repeat":
                _add(pattern, group, _repeated(pattern, token, group))
            case _:
                group.add_character()
    _check_limits(pattern, open_groups[0].closed())
    return tuple(names)


def _group_name(pattern: str, token: re.Match[str]) -> str:
    name: str = token["name"] or ""
    if not name.isascii():
        raise RegexpError(pattern, f'"{name}" is no name for a group: use letters, digits and _')
    return name


def _add(pattern: str, group: _Group, node: _Node) -> None:
    _check_limits(pattern, node)
    group.sequence.append(node)


def _repeated(pattern: str, token: re.Match[str], group: _Group) -> _Node:
    counts = [int(digits[:10]) for digits in (token["least"], token["most"]) if digits]
    if any(count >= _MAXIMUM_COUNT for count in counts):
        raise RegexpError(pattern, f"{token.group()} repeats more than 1,000 times")
    node = group.take_last()
    if token["sign"]:
        size = node.size + (2 if token["sign"] == "*" else 1)
    elif token["most"]:
        size = counts[1] * node.size + counts[1] - counts[0]
    elif token["more"]:
        size = 1 + counts[0] * node.size if counts[0] else 2 + node.size
    else:
        size = counts[0] * node.size
    return _Node(node.height + 1, max(size, 1))


def _check_limits(pattern: str, node: _Node) -> None:
    if node.height > _MAXIMUM_HEIGHT:
        raise RegexpError(pattern, "it is nested more than 1,000 levels deep")
    if node.size > _MAXIMUM_SIZE:
        raise RegexpError(pattern, "it is too large: repeat less")
