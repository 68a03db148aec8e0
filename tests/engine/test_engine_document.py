"""docs/engine.md says what the tables of the engine say, and has every section that the code names."""

import re
from pathlib import Path

from tests.engine.engine_document import PAGE, PARTS, written

ROOT = Path(__file__).parents[2]


def test_the_tables_of_the_page_are_those_of_the_engine():
    page = PAGE.read_text()
    assert all(f"<!-- begin {name} -->" in page for name in PARTS)
    assert written(page) == page, "python -m tests.engine.engine_document writes them anew"


def test_every_section_that_the_code_names_is_there():
    sections = set(re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE))
    named = set()
    for folder in ("tasks", "actions"):
        for file in (ROOT / folder).rglob("*.py"):
            named |= set(re.findall(r'docs/engine\.md, "([^"]+)"', file.read_text()))
    assert named
    assert named - sections == set()
