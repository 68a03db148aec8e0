"""Which values an expression is given, as JSON texts by name."""

import re
from collections.abc import Mapping
from typing import Final

from tasks.engine.gotemplate.jsontext import dumps

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
#: Words that JavaScript does not let be names.
_RESERVED: Final = frozenset(
    {
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "yield",
    }
)


def offered_names(source: str, data: Mapping[str, object]) -> dict[str, str]:
    """The values whose name occurs in the expression; copying the others would be for nothing.

    Raises ValueError for a value that JSON cannot hold.
    """
    used = set(_IDENTIFIER.findall(source)) - _RESERVED
    return {name: dumps(value) for name, value in data.items() if name in used}
