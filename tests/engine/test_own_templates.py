"""Our own files for the rules of section "Checks": the first line of each refused one says where and why."""

import re
from pathlib import Path

import pytest

from tasks.engine.errors import Level
from tests.engine.template_texts import functions, parse

FOLDER = Path(__file__).parent.parent / "templates"
REFUSED = sorted((FOLDER / "refused").glob("*.yaml"))
ACCEPTED = sorted((FOLDER / "accepted").glob("*.yaml"))

FUNCTIONS = functions(
    """
    name: say::hello
    action: {type: echo, configuration: {output: "Hello {{ .function_args.name }}"}}
    custom_states: [GREETED]
    conditions: [{type: check, then: {this: GREETED}}]
    """,
    """
    name: say::politely
    action: {type: say::hello, configuration: {name: "dear {{ .function_args.who }}"}}
    custom_states: [POLITE]
    conditions: [{type: check, then: {this: POLITE}}]
    """,
)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_file_is_refused_for_its_one_fault_at_its_place(path):
    text = path.read_text(encoding="utf-8")
    expected = re.match(r"# line (\d+), step (\w+): (.*)\n", text)
    assert expected is not None
    _, problems = parse(text, head="", functions=FUNCTIONS)
    (error,) = [problem for problem in problems if problem.level is Level.ERROR]
    assert (error.line, error.step) == (int(expected[1]), expected[2])
    assert expected[3] in error.what


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_a_file_is_accepted(path):
    definition, problems = parse(path.read_text(encoding="utf-8"), head="", functions=FUNCTIONS)
    assert [problem for problem in problems if problem.level is Level.ERROR] == []
    assert definition is not None


def test_there_is_a_file_for_each_refusal():
    assert len(REFUSED) == 13
    assert len(ACCEPTED) >= 6
