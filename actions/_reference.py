"""The table of an action's keys for the documentation, from its declaration.

``python -m actions._reference docs/actions.md`` writes the tables into the page, between their marks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actions import Surroundings
from actions._declarations import Declaration, ObjectShape
from actions._fields import REQUIRED, Field
from actions._registry import RegisteredAction, Registry
from actions._shapes import ListShape, Shape

_BLOCK = "<!-- keys of {name} -->\n\n{table}\n<!-- end -->"
_MARKS = re.compile(r"<!-- keys of (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def key_table(action: RegisteredAction) -> str:
    """Markdown: one row a key, nested ones by their path."""
    rows = ["| key | type | default | handles | |", "| --- | --- | --- | --- | --- |"]
    if action.declaration is not None:
        rows += [_row(path, shape) for path, shape in _keys(action.declaration, "")]
    return "\n".join(rows) + "\n"


def _keys(declaration: Declaration, prefix: str) -> Iterator[tuple[str, Shape]]:
    for name, shape in declaration.shapes.items():
        path = f"{prefix}{name}"
        yield path, shape
        inner = shape.item if isinstance(shape, ListShape) else shape
        if isinstance(inner, ObjectShape):
            yield from _keys(inner.declaration, f"{path}[]." if isinstance(shape, ListShape) else f"{path}.")


def _row(path: str, shape: Shape) -> str:
    rule = shape.rule
    words = re.sub(r" \((?:such|digits|\").*", "", shape.words)
    choices = f": {', '.join(f'`{choice}`' for choice in rule.choices if choice)}" if rule.choices else ""
    handles = "no" if rule.literal else "yes"
    return f"| `{path}` | {words}{choices} | {_default(rule)} | {handles} | {rule.help} |"


def _default(rule: Field) -> str:
    value: Any = rule.default
    if value is REQUIRED:
        return "required"
    if value in (None, "", [], {}, ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def with_tables(page: str, registry: Registry) -> str:
    """The page with every marked table as the declarations have it now."""

    def table(found: re.Match[str]) -> str:
        return _BLOCK.format(name=found[1], table=key_table(registry.get(found[1])))

    return _MARKS.sub(table, page)


def _main(file: Path) -> None:
    def unused(text: Any) -> Any:
        raise ValueError(text)

    nothing = Surroundings(unused, unused, unused, unused, unused)
    file.write_text(with_tables(file.read_text(), Registry.discover(nothing, entry_points=False)))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
