"""The page on the template language keeps its word: its examples render as it says, its table names every function."""

import re
from pathlib import Path

import pytest

from tasks.engine.gotemplate import FUNCTIONS, Limits, TemplateError, loads, render

_PAGE = (Path(__file__).parents[2] / "docs" / "template-language.md").read_text()
_EXAMPLES = re.findall(r"^```example\n(.*?)\n---\n(.*?)\n---\n(.*?)\n```$", _PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_has_examples():
    assert len(_EXAMPLES) >= 12


@pytest.mark.parametrize(
    ("text", "data", "result"), _EXAMPLES, ids=[text.split("\n")[0][:40] for text, _, _ in _EXAMPLES]
)
def test_an_example_renders_as_the_page_says(text, data, result):
    if result.startswith("error: "):
        with pytest.raises(TemplateError) as caught:
            render(text, loads(data))
        assert str(caught.value).startswith(result.removeprefix("error: "))
    else:
        assert render(text, loads(data)) == result


def test_the_table_names_every_function():
    table = _PAGE[_PAGE.index("## Functions") : _PAGE.index("`slice` is sprig's")]
    named = re.findall(r"`(\w+)`", table[table.index("| logic") :])
    assert sorted(named) == sorted(set(FUNCTIONS))


def test_the_limits_are_those_of_the_page():
    table = _PAGE[_PAGE.index("## Limits") : _PAGE.index("## Differences")]
    stated = {
        name: float(value.replace(",", ""))
        for name, value in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", table, re.MULTILINE)
    }
    assert stated == {name: getattr(Limits(), name) for name in Limits.__dataclass_fields__}
