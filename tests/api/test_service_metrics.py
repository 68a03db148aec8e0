"""Numbers of the service itself, and whether it is ready."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tasks.api.service_metrics import Service
from tasks.models import JournalEntry, JournalKind, OutboxMessage, Resolution, Runner, Setting, Task, clock
from tasks.services import service_numbers
from tests.api.clients import Person


@pytest.fixture
def told(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, float]]:
    """Everything that is told, by name with its labels."""
    monkeypatch.setattr(service_numbers, "_SETTLED", timedelta())
    registry = CollectorRegistry()
    registry.register(Service())

    def ask() -> dict[str, float]:
        lines = generate_latest(registry).decode().splitlines()
        return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    return ask


def test_what_waits_is_counted(adm: Person, told: Callable[[], dict[str, float]]) -> None:
    adm.resolve(adm.task())
    now = clock.now()
    Resolution.objects.update(due_at=now - timedelta(seconds=100))
    OutboxMessage.objects.create(kind="k", backend="chat", payload="{}")
    OutboxMessage.objects.create(kind="k", backend="chat", payload="{}", due_at=None, given_up=now)
    Runner.objects.create(instance="i", host="h", pid=1, capacity=7, load=2, heartbeat=now)
    Runner.objects.create(instance="i", host="h", pid=2, capacity=7, heartbeat=now - timedelta(seconds=11))
    Runner.objects.create(instance="i", host="h", pid=3, capacity=7, heartbeat=now, ended=now)
    found = told()
    assert 100 <= found.pop("utask_oldest_due_seconds") < 160
    assert {name: value for name, value in found.items() if not name.startswith("utask_lease")} == {
        "utask_resolutions_due": 1,
        "utask_runners": 1,
        "utask_runner_capacity": 7,
        "utask_runner_load": 2,
        'utask_outbox_messages{backend="chat"}': 1,
        'utask_outbox_given_up{backend="chat"}': 1,
    }


def test_steps_are_timed_by_action_and_take_overs_counted(
    adm: Person, run: Callable[[], None], told: Callable[[], dict[str, float]]
) -> None:
    told()
    adm.resolve(adm.task())
    run()
    task = Task.objects.get()
    JournalEntry.objects.create(task=task, at=clock.now(), kind=JournalKind.RESOLUTION, event="runner died")
    for step, seconds in (("step-0", 20), ("nowhere", 1)):
        JournalEntry.objects.create(
            task=task,
            at=clock.now(),
            kind=JournalKind.STEP,
            event="ended",
            step=step,
            duration=timedelta(seconds=seconds),
        )
    found = told()
    assert found["utask_lease_takeovers_total"] == 1
    assert found['utask_step_duration_seconds_count{action="echo"}'] == 2
    assert found['utask_step_duration_seconds_bucket{action="echo",le="15.0"}'] == 1
    assert found['utask_step_duration_seconds_bucket{action="echo",le="60.0"}'] == 2
    assert found['utask_step_duration_seconds_count{action="unknown"}'] == 1
    assert told() == found


def test_the_names_are_in_the_exposition(adm: Person) -> None:
    text = adm.get("/metrics").content.decode()
    assert set(re.findall(r"# TYPE (utask_\w+)", text)) >= {
        "utask_task_state",
        "utask_valid_times",
        "utask_resolutions_due",
        "utask_lease_takeovers_total",
        "utask_step_duration_seconds",
        "utask_outbox_messages",
    }


def test_it_is_live_and_ready_with_a_runner(someone: Callable[[str], Person]) -> None:
    nobody = someone("")
    assert nobody.get("/unsecured/mon/live").content == b"live"
    without = nobody.get("/unsecured/mon/ready")
    assert without.status_code == 503
    assert without.json() == {"database": True, "migrations": True, "keys": True, "runners": False}
    assert nobody.get("/unsecured/mon/ready?for=web").status_code == 200
    Runner.objects.create(instance="i", host="h", pid=1, heartbeat=clock.now())
    assert nobody.get("/unsecured/mon/ready").status_code == 200


def test_it_is_not_ready_without_a_key_or_a_migration(
    someone: Callable[[str], Person], adm: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    adm.task()
    Setting.objects.create(name="storage keys", value=["0badc0de"])
    monkeypatch.setattr("tasks.services.key_usage.values_by_key", lambda: {"0badc0de": 3})
    answer = someone("").get("/unsecured/mon/ready?for=web")
    assert (answer.status_code, answer.json()["keys"]) == (503, False)
    monkeypatch.setattr(
        "tasks.services.service_numbers.MigrationExecutor.migration_plan", lambda *given: ["one is not applied"]
    )
    assert someone("").get("/unsecured/mon/ready?for=web").json()["migrations"] is False


def test_a_database_that_is_away_is_told(someone: Callable[[str], Person], monkeypatch: Any) -> None:
    from django.db import OperationalError

    def away(*given: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("tasks.services.service_numbers.MigrationExecutor", away)
    answer = someone("").get("/unsecured/mon/ready")
    assert (answer.status_code, set(answer.json().values())) == (503, {False})
