"""Who did what: acts of people on all tasks, for administrators alone."""

import re
from datetime import timedelta

import pytest

from tasks.models import JournalEntry
from tasks.services import comments, resolutions, tasks
from tests import questions


def rows(page: str) -> list[str]:
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in page.split("<tr>")[2:]]


@pytest.fixture
def acted(make, acting):
    """Two tasks to which three people did something."""
    first, second = make("owned", id="one"), make("dummy", id="two")
    resolution = resolutions.create_resolution(acting("own"), first.public_id, {})
    resolutions.pause_resolution(acting("own"), resolution.public_id, reason="a fire alarm")
    tasks.assign(acting("adm"), second.public_id, usernames=["ann"], groups=[])
    comments.add_comment(acting("req"), second, "how long will it take?")
    return first, second


def test_acts_stand_newest_first_with_who_to_what_and_why(visit, acted):
    found = rows(visit("adm").get("audit/"))
    assert [next(word for word in ("pause", "assign", "comment") if f" {word} " in row) for row in found] == [
        "comment",
        "assign",
        "pause",
    ]
    assert "own" in found[2]
    assert "owned one" in found[2]
    assert "a fire alarm" in found[2]
    assert "PAUSED" in found[2]
    assert '"usernames":["ann"]' in found[1]


def test_what_runs_do_is_not_among_them(visit, make, run):
    make("auto")
    run()
    assert JournalEntry.objects.exists()
    assert "Nobody has done anything" in visit("adm").get("audit/")


@pytest.mark.parametrize(
    ("query", "number"),
    [("who=own", 1), ("who=nobody", 0), ("act=assign", 1), ("until=2000-01-01", 0), ("until=2999-01-01", 3)],
)
def test_filters_narrow_them(visit, acted, query, number):
    page = visit("adm").get(f"audit/?{query}")
    assert (rows(page) == [" Nothing fits. "]) if number == 0 else len(rows(page)) == number


@pytest.mark.parametrize("query", ["until=nonsense", "until=9999-12-31", "before=x", f"before={'9' * 30}"])
def test_what_cannot_be_understood_is_left_out(visit, acted, query):
    assert len(rows(visit("adm").get(f"audit/?{query}"))) == 3


def test_pages_follow_each_other_without_gap_and_cost_the_same(visit, make, acting):
    task, visitor = make("dummy"), visit("adm")
    entry = {"task": task, "kind": "act", "event": "comment", "actor": "req"}
    first = JournalEntry.objects.create(at=task.created, **entry)

    def asked(query: str = "") -> tuple[str, int]:
        with questions.asked() as queries:
            page = visitor.get(f"audit/{query}")
        return page, len(queries)

    asked()
    _, few = asked()
    for number in range(1, 70):
        JournalEntry.objects.create(at=first.at + timedelta(seconds=number), **entry)
    newest, number = asked()
    assert number == few
    older, _ = asked(re.search(r'href="(\?[^"]*before=\d+)" rel="next"', newest).group(1))
    assert (len(rows(newest)), len(rows(older))) == (50, 20)
    assert 'rel="next"' not in older


@pytest.mark.parametrize("name", ["own", "req", "str"])
def test_it_is_for_administrators(visit, acted, name):
    assert "a fire alarm" not in visit(name).get("audit/", status=403)
