"""What docs/actions.md shows works, and its tables are those of the declarations."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from actions import ClientError, Context, ServerError, Surroundings
from actions._reference import with_tables
from actions._registry import RegisteredAction, Registry
from tests.peers.web import Reply, WebPeer, json_reply

PAGE = (Path(__file__).parents[2] / "docs/actions.md").read_text()
[EXAMPLE] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def directory(surroundings: Surroundings, tmp_path: Path) -> RegisteredAction:
    """The example of the page, dropped into a folder."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/directory.py").write_text(EXAMPLE)
    registry = Registry.discover(surroundings, str(tmp_path / "own"))
    assert registry.problems == []
    return registry.get("directory")


def test_the_example_is_a_complete_action_in_under_25_lines():
    assert len(EXAMPLE.rstrip().splitlines()) < 25


def test_the_example_answers_fails_and_retries_as_the_page_says(directory, context: Context, web: WebPeer):
    url = web.on("/people", json_reply('{"name": "Ann", "badge": 12345678901234567890}'))
    cfg = directory.decode(None, {"url": url, "person": "ann"}, context.surroundings)
    result = directory.run(cfg, context)
    assert (result.output["name"], str(result.output["badge"])) == ("Ann", "12345678901234567890")
    assert result.metadata == {"HTTPStatus": 200}
    assert web.last.target == "/people?person=ann&detail=short"
    for status, error in ((404, ClientError), (503, ServerError)):
        web.on("/people", Reply(status))
        with pytest.raises(error) as raised:
            directory.run(cfg, context)
        assert raised.value.metadata == {"HTTPStatus": status}
    assert directory.resources(cfg, context.surroundings) == ["socket", "staff-directory"]


def test_the_example_is_checked_when_a_template_is_loaded_and_again_when_it_runs(directory, surroundings):
    good = {"url": "http://h", "person": "{{ .input.person }}"}
    assert directory.check(None, good, surroundings) == []
    wrong = good | {"person": "", "detail": "long", "persom": "x"}
    assert [str(problem) for problem in directory.check(None, wrong, surroundings)] == [
        'persom: unknown key "persom", which is ignored. Did you mean "person"?',
        "person: must not be empty.",
        "detail: 'long' is not allowed. Allowed: short, full.",
    ]
    with pytest.raises(ClientError, match="person: must not be empty"):
        directory.decode(None, good | {"person": ""}, surroundings)


def test_the_example_cannot_reach_a_denied_network(directory, context: Context, web: WebPeer):
    closed = replace(context, surroundings=replace(context.surroundings, denied_networks=("127.0.0.0/8",)))
    cfg = directory.decode(None, {"url": web.url, "person": "ann"}, closed.surroundings)
    with pytest.raises(ClientError, match="may not connect"):
        directory.run(cfg, closed)


def test_the_tables_are_those_of_the_declarations(registry):
    assert with_tables(PAGE, registry) == PAGE


def test_every_action_has_its_table_and_every_link_leads_somewhere(registry):
    assert re.findall(r"<!-- keys of (\w+) -->", PAGE) == [
        name for name in re.findall(r"^## (\w+)$", PAGE, re.M) if name in registry.names()
    ]
    assert set(re.findall(r"<!-- keys of (\w+) -->", PAGE)) == set(registry.names())
    anchors = {
        re.sub(r"[^\wµ -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
