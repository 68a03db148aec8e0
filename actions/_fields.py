"""Declared configuration: a class of annotated fields, and what is known of each.

``field`` is all that an author needs. From the declaration come the decoding, the check at load and at run, the JSON
schema for editors and the reference in the documentation; how, stands in ``_declarations`` and ``_shapes``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from actions._contract import ActionError, ClientError, Level

#: How a value is written when it is a text that stands for something else.
Kind = Literal["duration", "bool_text", "number_text"]


class _Required:
    def __repr__(self) -> str:
        return "required"


#: The default of a field that has none.
REQUIRED: Final = _Required()


@dataclass(frozen=True, kw_only=True)
class Field:
    """What is declared of one key, beside its name and type."""

    default: Any = REQUIRED
    help: str = ""
    choices: Sequence[str] = ()
    kind: Kind | None = None
    secret: bool = False
    literal: bool = False
    min_length: int = 0
    max_length: int | None = None
    ge: Any = None
    le: Any = None
    check: Callable[[str], str | None] | None = None
    at_load: Level = "error"
    at_run: type[ActionError] = ClientError


def field(
    *,
    default: Any = REQUIRED,
    help: str = "",
    choices: Sequence[str] = (),
    kind: Kind | None = None,
    secret: bool = False,
    literal: bool = False,
    min_length: int = 0,
    max_length: int | None = None,
    ge: Any = None,
    le: Any = None,
    check: Callable[[str], str | None] | None = None,
    at_load: Level = "error",
    at_run: type[ActionError] = ClientError,
) -> Any:
    """Declare one key of a configuration: ``city: str = field(help="City name", min_length=1)``.

    The annotation says the type: ``str``, ``bool``, ``int``, ``timedelta``, ``Any``, ``list[X]``, ``dict[str, X]``, a
    nested class of fields, and ``X | None`` for what may be left out. Numbers, booleans, lists and maps are also read
    from a rendered text (``"12"``, ``"true"``, a JSON list). ``timedelta`` is written as a text (``30s``).

    - ``default``: for an absent key; without one the key must be there. A span's default is a text as well.
    - ``kind``: ``bool_text`` and ``number_text`` are for a ``bool`` or ``int`` that templates write as text *only*.
    - ``choices``, ``min_length``, ``max_length`` (of texts, lists and maps), ``ge``, ``le``: what is allowed.
    - ``check``: text -> what is wrong with it, or None; for a list of texts, each of them.
    - ``literal``: no ``{{ }}`` can stand here, because the value is needed when the template is loaded.
    - ``secret``: the value is never shown in a message.
    - ``at_load="warning"``: a wrong value does not keep the template from loading. ``at_run``: what it raises at run.
    """
    return Field(
        default=default,
        help=help,
        choices=tuple(choices),
        kind=kind,
        secret=secret,
        literal=literal,
        min_length=min_length,
        max_length=max_length,
        ge=ge,
        le=le,
        check=check,
        at_load=at_load,
        at_run=at_run,
    )
