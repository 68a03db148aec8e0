"""What was done on each day, and how long it took."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.models import Task
from tasks.services import tasks
from tasks.services.actors import Actor
from tasks.services.throughput import last_days, template_names

ADM = Actor("adm", is_admin=True)
REQ = Actor("req")
NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


@pytest.fixture
def ended(world):
    """Make a task that came to this state so many days ago, after so many seconds."""

    def make(state, days, *, template="dummy", took=60, by=REQ):
        task = tasks.create_task(by, template, {"id": "x"})
        at = NOW - timedelta(days=days)
        Task.objects.filter(pk=task.pk).update(state=state, last_activity=at, created=at - timedelta(seconds=took))

    return make


def test_a_day_has_its_counts_by_state_and_the_mean_of_what_is_done(ended):
    ended("DONE", 1, took=60)
    ended("DONE", 1, took=120)
    ended("BLOCKED", 1, took=9000)
    ended("DONE", 0, took=10)
    ended("RUNNING", 0)
    ended("DONE", 7)
    days = last_days(ADM, NOW, days=3)
    assert [(day.day.isoformat(), dict(day.counts), day.mean) for day in days] == [
        ("2026-03-08", {}, None),
        ("2026-03-09", {"DONE": 2, "BLOCKED": 1}, timedelta(seconds=90)),
        ("2026-03-10", {"DONE": 1}, timedelta(seconds=10)),
    ]


def test_a_day_begins_at_midnight_of_utc(ended):
    ended("DONE", (15 * 3600 + 30 * 60 + 1) / 86400)
    assert [dict(day.counts) for day in last_days(ADM, NOW, days=2)] == [{"DONE": 1}, {}]


def test_days_are_of_one_template_and_of_what_one_sees(ended):
    ended("DONE", 0)
    ended("DONE", 0, template="auto")
    ended("DONE", 0, by=Actor("str"))
    assert last_days(ADM, NOW, days=1)[0].counts == {"DONE": 3}
    assert last_days(ADM, NOW, days=1, template="auto")[0].counts == {"DONE": 1}
    assert last_days(REQ, NOW, days=1)[0].counts == {"DONE": 2}


def test_hidden_templates_are_named_to_administrators(world):
    assert "hidden" in template_names(ADM)
    assert "hidden" not in template_names(REQ)
