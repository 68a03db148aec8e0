"""The page for authors says what the code does: its tables are the declarations, its examples are accepted."""

import re
from pathlib import Path

import pytest

from tasks.engine.declarations import RECORDS, Kind, Property, Record
from tests.engine.template_texts import HEAD, functions, parse

PAGE = Path(__file__).parent.parent.parent / "docs" / "templates.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml (\w+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
FUNCTIONS = functions(*(text for kind, text in EXAMPLES if kind == "function"))


def property_table(record: Record) -> str:
    """The table of a record's properties, as it stands in the page."""
    rows = ["| property | kind | default | meaning |", "| --- | --- | --- | --- |"]
    for declared in record.properties:
        if declared.kind is not Kind.RUN_TIME:
            rows.append(f"| `{declared.name}` | {_kind(declared)} | {_default(declared)} | {_meaning(declared)} |")
    return "\n".join(rows)


def _kind(declared: Property) -> str:
    if declared.choices:
        return " ".join(f"`{choice}`" for choice in declared.choices if choice)
    return {
        Kind.RECORD: f"{declared.record}",
        Kind.RECORDS: f"list of {declared.record}s",
        Kind.RECORD_BY_NAME: f"map of {declared.record}s by name",
    }.get(declared.kind, declared.kind.value)


def _default(declared: Property) -> str:
    if declared.required:
        return "required"
    return "" if declared.default is None else f"`{declared.default}`"


def _meaning(declared: Property) -> str:
    limits = f" {declared.shortest} to {declared.longest:,} bytes." if declared.longest else ""
    return f"{declared.about}{limits}{' *Rendered.*' if declared.templated else ''}"


@pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.name)
def test_the_table_of_each_record_is_its_declaration(record):
    pattern = rf"<!-- properties of {record.name} -->\n(.*?)\n<!-- end -->"
    (table,) = re.findall(pattern, TEXT, re.DOTALL)
    assert table == property_table(record)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, text in EXAMPLES if kind != "function"])
def test_each_example_is_accepted_without_a_warning(kind, text):
    definition, problems = parse(text, head=HEAD if kind == "part" else "", functions=FUNCTIONS)
    assert problems == []
    assert definition is not None


def test_there_are_examples_of_all_kinds():
    assert {kind for kind, _ in EXAMPLES} == {"template", "part", "function"}


def test_every_page_that_the_engine_refers_to_exists_here():
    headings = set(re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE))
    folder = PAGE.parent.parent / "tasks"
    named = set()
    for path in folder.rglob("*.py"):
        for reference in re.findall(
            r"docs/templates\.md,((?: and)?(?: \"[^\"]+\")+)", path.read_text(encoding="utf-8")
        ):
            named |= set(re.findall(r'"([^"]+)"', reference))
    assert named <= headings
    assert named
