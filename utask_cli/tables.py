"""Rows as a table that fits the terminal, and a bar for progress."""

import shutil
from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """Aligned columns; the widest column is cut until a line fits ``width`` (the terminal's)."""
    lines = [list(heads), *(["" if cell is None else one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    room = (width or shutil.get_terminal_size((120, 24)).columns) - 2 * (len(heads) - 1)
    while sum(widths) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return "\n".join(
        "  ".join(_cell(cell, size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def bar(done: int, total: int, *, width: int = 30) -> str:
    """``[#####-----] 5/10``."""
    filled = width * done // total if total else 0
    return f"[{'#' * filled}{'-' * (width - filled)}] {done}/{total}"


def _cell(text: str, size: int) -> str:
    return text.ljust(size) if len(text) <= size else text[: size - 1] + "…"


def one_line(text: str) -> str:
    """The text with no line breaks, and nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
