"""What templates of pages say in one word."""

from datetime import UTC, datetime

import pytest

from tasks.admin import tags
from tasks.models import TaskTag, clock


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("to be retried at 2026-03-01T12:30:05+00:00: fetch", "12:30:05 UTC"),
        ("held until 2026-03-02T06:00:00Z", "2026-03-02 06:00 UTC"),
        ("held until 2026-03-01T12:30:05.123456+00:00", "12:30:05 UTC"),
    ],
)
def test_a_moment_in_a_sentence_is_written_for_people(sentence, shown):
    text = str(tags.timed(sentence))
    assert f">{shown}</span>" in text
    assert "T12:30" not in text
    assert text.startswith(sentence.partition("2026")[0])


def test_a_sentence_without_moments_stays_and_is_escaped():
    assert str(tags.timed("waits: <b> & 3 of them")) == "waits: &lt;b&gt; &amp; 3 of them"


def test_tags_of_the_engine_are_not_shown_to_people():
    given = [TaskTag(key="_utask_parent_task_id", value="x"), TaskTag(key="team", value="y")]
    assert [tag.key for tag in tags.of_people(given)] == ["team"]
