"""Our rows of django-q2's schedule: written once, brought up to date, and an operator's own left alone."""

import ast
import pydoc
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Failure, Schedule

from tasks.cluster import schedules
from tasks.cluster.schedules import PREFIX, SCHEDULES, Scheduled, ensure_schedules, forget_failures

pytestmark = pytest.mark.django_db


def test_each_is_written_once_however_often_a_cluster_starts():
    ensure_schedules()
    ensure_schedules()
    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted(PREFIX + one.name for one in SCHEDULES)


def test_when_it_is_due_next_is_left_as_it_is():
    ensure_schedules()
    later = timezone.now() + timedelta(hours=5)
    Schedule.objects.update(next_run=later)
    ensure_schedules()
    assert set(Schedule.objects.values_list("next_run", flat=True)) == {later}


def test_one_that_is_no_longer_wanted_goes_and_an_operators_own_stays(monkeypatch):
    ensure_schedules()
    Schedule.objects.create(name="mine", func="math.sqrt", args="(4,)")
    monkeypatch.setattr(schedules, "SCHEDULES", (Scheduled("new", "math.sqrt", (9,), timedelta(hours=2)),))
    ensure_schedules()
    assert dict(Schedule.objects.values_list("name", "minutes")) == {"mine": None, PREFIX + "new": 120}


@pytest.mark.parametrize("wanted", SCHEDULES, ids=lambda wanted: wanted.name)
def test_each_can_be_called_as_django_q2_calls_it(wanted):
    ensure_schedules()
    row = Schedule.objects.get(name=PREFIX + wanted.name)
    pydoc.locate(row.func)(*ast.literal_eval(row.args))


def test_failures_are_forgotten_after_a_month():
    now = timezone.now()
    for name, age in (("old", 31), ("young", 29)):
        stopped = now - timedelta(days=age)
        Failure.objects.create(id=name, name=name, func="f", started=stopped, stopped=stopped, success=False)
    forget_failures()
    assert list(Failure.objects.values_list("name", flat=True)) == ["young"]
