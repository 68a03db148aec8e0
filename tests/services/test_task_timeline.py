"""From the journal's entries to stretches of time."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.models import JournalEntry
from tasks.services import tasks
from tasks.services.actors import Actor
from tasks.services.task_timeline import MOST_ROWS, timeline_of_task

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def told(world):
    """Write steps' entries, ``(step, second, state, attempt, seconds it took)``, and read the stretches."""
    task = tasks.create_task(Actor("req"), "dummy", {"id": "x"})

    def read(*entries, is_over=False):
        JournalEntry.objects.bulk_create(
            JournalEntry(
                task=task,
                at=START + timedelta(seconds=second),
                kind="step",
                event="any",
                step=step,
                after=state,
                attempt=attempt,
                duration=None if took is None else timedelta(seconds=took),
            )
            for step, second, state, attempt, took in entries
        )
        return [
            (each.step, seconds(each.start), None if each.end is None else seconds(each.end), each.state, each.note)
            for each in timeline_of_task(task, is_over=is_over)
        ]

    return read


def seconds(moment):
    return (moment - START).total_seconds()


def test_a_start_and_its_end_are_one_stretch(told):
    assert told(("a", 1, "RUNNING", None, None), ("a", 4, "DONE", 1, 3)) == [("a", 1, 4, "DONE", "try 1")]


def test_a_start_that_nobody_saw_is_known_by_how_long_it_took(told):
    assert told(("a", 4, "DONE", 1, 3)) == [("a", 1, 4, "DONE", "try 1")]


def test_tries_and_the_wait_between_them_are_stretches_of_their_own(told):
    assert told(("a", 2, "SERVER_ERROR", 1, 1), ("a", 10, "RUNNING", None, None), ("a", 12, "DONE", 2, 2)) == [
        ("a", 1, 2, "SERVER_ERROR", "try 1"),
        ("a", 2, 10, "SERVER_ERROR", "try 1"),
        ("a", 10, 12, "DONE", "try 2"),
    ]


@pytest.mark.parametrize("state", ["RUNNING", "WAITING", "EXPANDED"])
def test_what_goes_on_has_no_end_and_what_is_over_does_not_go_on(told, state):
    assert told(("a", 1, state, None, None)) == [("a", 1, None, state, "")]
    assert told(is_over=True) == []


def test_a_change_that_took_no_time_is_a_moment(told):
    assert told(("a", 1, "PRUNE", None, None)) == [("a", 1, 1, "PRUNE", "")]


def test_rows_are_bounded(told):
    found = told(*((f"each-{number}", number, "DONE", 1, 1) for number in range(MOST_ROWS + 40)))
    assert len({row[0] for row in found}) == MOST_ROWS
