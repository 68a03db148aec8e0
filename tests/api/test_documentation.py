"""docs/api.md: its examples are what the service answers, and the code refers to headings that are there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import Person

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```http\n(.*?)\n```", PAGE, re.S)


def fits(found: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is there."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and fits(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and all(map(fits, found, wanted)) and len(found) >= len(wanted)
    return bool(found == wanted)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.splitlines()[0] for example in EXAMPLES])
def test_an_example_is_what_is_answered(adm: Person, example: str) -> None:
    task = adm.task("hello", input={"name": "somebody"})["id"]
    asked, _, told = example.replace("{task}", task).partition("\n\n")
    (method, path), body = asked.splitlines()[0].split(), "\n".join(asked.splitlines()[1:])
    status, _, wanted = told.partition("\n")
    answer = adm.get(path) if method == "GET" else adm.post(path, body)
    assert answer.status_code == int(status), answer.content
    assert fits(answer.json(), json.loads(wanted)), answer.content


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


def test_sources_name_headings_that_are_there() -> None:
    headings = set(re.findall(r"(?m)^## (.+)$", PAGE))
    named = {
        heading
        for folder in ("tasks", "utask_cli")
        for file in (ROOT / folder).rglob("*.py")
        for heading in re.findall(r'docs/api\.md,\s+"([^"]+)"', file.read_text())
    }
    assert named <= headings
