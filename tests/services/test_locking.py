"""Somebody else holds the row: a short wait, then a refusal that says so."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from tasks.models import Resolution, Task
from tasks.services import locking, resolutions, tasks
from tasks.services.errors import Conflict, WrongState
from tests.cluster.processes import until
from tests.services.people import actor


@contextmanager
def held(rows: Any) -> Iterator[None]:
    """Somebody else's transaction has these rows."""
    has_it, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                list(rows.select_for_update())
                has_it.set()
                may_end.wait(20)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_it.wait(10)
    try:
        yield
    finally:
        may_end.set()
        holder.join()


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["resolution", "task"])
def test_who_waits_in_vain_is_told_to_come_again(
    transactional_db: None, world: None, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(locking, "_PATIENCE", "100ms")
    task = tasks.create_task(actor("req"), "dummy", {"id": "x"})
    resolution = resolutions.create_resolution(actor("adm"), task.public_id, {})
    act, key, rows = {
        "resolution": (resolutions.pause_resolution, resolution.public_id, Resolution.objects.all()),
        "task": (tasks.reject_task, task.public_id, Task.objects.all()),
    }[what]
    with held(rows), pytest.raises(Conflict, match="try again"):
        act(actor("adm"), key)
    assert resolutions.pause_resolution(actor("adm"), resolution.public_id).state == "PAUSED"


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


@pytest.mark.postgresql
def test_who_resolves_while_another_does_holds_nothing_that_a_third_waits_for(
    transactional_db: None, world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tasks.create_task(actor("req"), "dummy", {"id": "x"})
    outcomes: dict[str, object] = {}
    third_has_resolution = threading.Event()

    def second() -> None:
        try:
            resolutions.create_resolution(actor("adm"), task.public_id, {})
        except Exception as error:
            outcomes["second"] = error
        finally:
            connection.close()

    def third() -> None:
        try:
            with transaction.atomic():
                list(Resolution.objects.select_for_update(no_key=True))
                third_has_resolution.set()
                list(Task.objects.select_for_update(no_key=True))
            outcomes["third"] = "went through"
        except Exception as error:
            outcomes["third"] = error
        finally:
            connection.close()

    threads = {name: threading.Thread(target=each) for name, each in (("second", second), ("third", third))}

    def meet_the_third(found: Task) -> Resolution | None:
        threads["third"].start()
        until(lambda: third_has_resolution.is_set() or _somebody_waits_for_a_lock(), "the third")
        return locking.lock_resolution_of(found)

    with transaction.atomic():  # the first
        resolutions.create_resolution(actor("adm"), task.public_id, {})
        monkeypatch.setattr(resolutions, "lock_resolution_of", meet_the_third)
        threads["second"].start()
        until(_somebody_waits_for_a_lock, "the second waits for the task")
    for thread in threads.values():
        thread.join()
    assert isinstance(outcomes["second"], WrongState)
    assert outcomes["third"] == "went through"


@pytest.mark.postgresql
@pytest.mark.parametrize("act", ["resolve", "edit", "reject", "delete", "cancel"])
def test_an_operator_and_a_runner_who_want_the_same_rows_do_not_wait_for_each_other(
    transactional_db: None, world: None, act: str
) -> None:
    """A runner writes resolutions first, then tasks: whoever took the task first would hold it up for ever."""
    parent = resolutions.create_resolution(
        actor("adm"), tasks.create_task(actor("req"), "dummy", {"id": "parent"}).public_id, {}
    )
    task = tasks.create_task(actor("req"), "dummy", {"id": "x"})
    Task.objects.filter(pk=task.pk).update(parent=parent)
    resolution = resolutions.create_resolution(actor("adm"), task.public_id, {})
    resolutions.pause_resolution(actor("adm"), resolution.public_id)
    acts = {
        "resolve": lambda: resolutions.create_resolution(actor("adm"), task.public_id, {}, start_over=True),
        "edit": lambda: tasks.edit_task(actor("adm"), task.public_id, tasks.TaskChange(input={"id": "y"})),
        "reject": lambda: tasks.reject_task(actor("adm"), task.public_id),
        "delete": lambda: tasks.delete_task(actor("adm"), task.public_id),
        "cancel": lambda: resolutions.cancel_resolution(actor("adm"), resolution.public_id),
    }
    outcomes: list[str] = []

    def operate() -> None:
        try:
            acts[act]()
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    operator = threading.Thread(target=operate)
    with transaction.atomic():
        ids = sorted([resolution.pk, parent.pk])
        list(Resolution.objects.filter(pk__in=ids).order_by("pk").select_for_update())
        operator.start()
        wait_until_blocked()
        Task.objects.filter(pk=task.pk).update(steps_done=1)
    operator.join()
    assert outcomes == ["done"]


def wait_until_blocked() -> None:
    """Somebody waits for a lock of this transaction."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
