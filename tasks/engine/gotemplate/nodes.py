"""The tree of a parsed text. ``position`` is the character in the text where a node begins.

Source: docs/template-language.md, "Language".
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dot:
    position: int


@dataclass(frozen=True, slots=True)
class Nil:
    position: int


@dataclass(frozen=True, slots=True)
class Bool:
    position: int
    value: bool


@dataclass(frozen=True, slots=True)
class String:
    position: int
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric constant under every type that can hold it; None where one cannot. ``source`` is as it was written."""

    position: int
    source: str
    as_int: int | None
    as_uint: int | None
    as_float: float | None
    as_complex: complex | None
    is_character: bool = False


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """``.a.b``: names from the dot on."""

    position: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """``$x.a.b``: ``name`` with its dollar sign, and the names after it."""

    position: int
    name: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """``(…).a.b``: names after a pipeline in parentheses, or after a function."""

    position: int
    base: "Pipe | Identifier"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A first word and what is given to it."""

    position: int
    operands: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each given the result of the one before, and the variables that take the last result.

    ``assigns`` tells ``=`` from ``:=``.
    """

    position: int
    variables: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]


Operand = Dot | Nil | Bool | String | Number | Identifier | Field | Variable | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    position: int
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Branch:
    """One condition of an ``if`` or ``with`` chain, and what is done when it holds."""

    pipe: Pipe
    body: "Body"


@dataclass(frozen=True, slots=True)
class If:
    position: int
    branches: tuple[Branch, ...]
    otherwise: "Body | None"


@dataclass(frozen=True, slots=True)
class With:
    position: int
    branches: tuple[Branch, ...]
    otherwise: "Body | None"


@dataclass(frozen=True, slots=True)
class Range:
    position: int
    pipe: Pipe
    body: "Body"
    otherwise: "Body | None"


@dataclass(frozen=True, slots=True)
class TemplateCall:
    position: int
    name: str
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Break:
    position: int


@dataclass(frozen=True, slots=True)
class Continue:
    position: int


Node = Text | Action | If | With | Range | TemplateCall | Break | Continue
Body = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed text: what is executed, and the templates it defines by name."""

    text: str
    body: Body
    definitions: dict[str, Body] = field(default_factory=dict)
