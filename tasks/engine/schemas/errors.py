"""Why a value is no JSON schema, and where in a value something is."""

from typing import Final

#: The way from the root of a value to a part of it.
Path = tuple[str | int, ...]

_LONGEST: Final = 200


class SchemaError(ValueError):
    """A JSON schema that is refused; ``path`` leads from its root to the fault."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(f"{place(path)}: {what}" if path else what)


def place(path: Path) -> str:
    """A path as text: ``$`` for the root, ``$.tags[0]``, ``$["a b"]``."""
    parts = ["$"]
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif part.isidentifier():
            parts.append(f".{part}")
        else:
            parts.append(f'["{part}"]')
    return "".join(parts)


def shortened(text: str) -> str:
    """The text, or its beginning when it is long."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
