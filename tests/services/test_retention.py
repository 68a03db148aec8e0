"""What is kept and for how long; exports before that."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tasks.crypto import keyring
from tasks.models import (
    Batch,
    CacheEntry,
    Comment,
    IdempotentAnswer,
    JournalEntry,
    OutboxMessage,
    Resolution,
    Runner,
    Setting,
    Step,
    Task,
    clock,
)
from tasks.services import maintenance, retention, tasks
from tests.services.people import actor

MONTH = timedelta(days=30)


@pytest.fixture
def make(world: None) -> Callable[..., Task]:
    """Makes a task in this state, left alone for so long."""

    def make_task(state: str, age: timedelta, **more: Any) -> Task:
        task = tasks.create_task(actor("req"), "dummy", {"id": "canary"})
        Task.objects.filter(pk=task.pk).update(state=state, last_activity=clock.now() - age, **more)
        task.refresh_from_db()
        return task

    return make_task


@pytest.fixture
def blocked_expire(configure: Callable[..., None]) -> None:
    configure(admin_usernames=["adm"], blocked_task_expiration="1h")


def left() -> set[str]:
    return {str(key) for key in Task.objects.values_list("public_id", flat=True)}


@pytest.mark.parametrize("state", ["DONE", "CANCELLED", "WONTFIX"])
def test_finished_tasks_go_with_all_that_belongs_to_them(make: Callable[..., Task], state: str) -> None:
    old, young = make(state, MONTH + timedelta(hours=1)), make(state, MONTH - timedelta(hours=1))
    resolution = Resolution.objects.create(
        task=old, resolver_username="req", template_name="dummy", resolver_input="{}", state="DONE"
    )
    Step.objects.create(resolution=resolution, name="step", resolution_key=resolution.public_id)
    Comment.objects.create(task=old, username="req", content="so long")
    assert retention.forget_old()["tasks"] == 1
    assert left() == {str(young.public_id)}
    assert not Resolution.objects.exists()
    assert not Step.objects.exists()
    assert not Comment.objects.exists()
    assert set(JournalEntry.objects.values_list("task", flat=True)) <= {young.pk}


@pytest.mark.parametrize("state", ["TODO", "BLOCKED", "RUNNING", "WAITING", "DELAYED"])
def test_unfinished_tasks_are_kept_for_ever(make: Callable[..., Task], state: str) -> None:
    make(state, timedelta(days=3650))
    assert retention.forget_old()["tasks"] == 0


def test_blocked_tasks_go_where_the_operator_says_so(make: Callable[..., Task], blocked_expire: None) -> None:
    make("BLOCKED", timedelta(hours=2))
    young = make("BLOCKED", timedelta(minutes=2))
    assert retention.forget_old()["tasks"] == 1
    assert left() == {str(young.public_id)}


def test_a_child_lives_as_long_as_its_unfinished_parent(make: Callable[..., Task]) -> None:
    parent = make("BLOCKED", MONTH * 2)
    resolution = Resolution.objects.create(
        task=parent, resolver_username="req", template_name="dummy", resolver_input="{}", state="BLOCKED_FATAL"
    )
    make("DONE", MONTH * 2, parent=resolution, parent_step="step")
    assert retention.forget_old()["tasks"] == 0
    Task.objects.filter(pk=parent.pk).update(state="DONE")
    assert retention.forget_old()["tasks"] == 2


def test_more_than_a_batch_goes_in_batches(make: Callable[..., Task], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "TASKS_AT_ONCE", 2)
    for _ in range(5):
        make("DONE", MONTH * 2)
    assert retention.forget_old(seconds=-1)["tasks"] == 0
    assert retention.forget_old()["tasks"] == 5


def ages(now: datetime, kept: timedelta) -> list[datetime]:
    return [now - kept - timedelta(minutes=1), now - kept + timedelta(minutes=1)]


def test_what_the_service_notes_for_itself_goes_too(db: None) -> None:
    now = clock.now()
    for number, (end, day, week, month) in enumerate(
        zip(
            ages(now, timedelta()),
            ages(now, timedelta(days=1)),
            ages(now, timedelta(days=7)),
            ages(now, timedelta(days=30)),
            strict=True,
        )
    ):
        CacheEntry.objects.create(key=f"k{number}", value="1", expires_at=end)
        IdempotentAnswer.objects.create(username="u", key=f"k{number}", operation="o", request_hash="h", created=day)
        OutboxMessage.objects.create(kind="k", backend="b", payload="{}", due_at=None, sent=week)
        OutboxMessage.objects.create(kind="k", backend="b", payload="{}", due_at=None, given_up=month)
        Runner.objects.create(instance="i", host="h", pid=1, ended=week)
    CacheEntry.objects.create(key="for ever", value="1")
    OutboxMessage.objects.create(kind="k", backend="b", payload="{}", created=now - MONTH * 3)
    Runner.objects.create(instance="i", host="h", pid=1, heartbeat=now - MONTH)
    assert retention.forget_old(now) == {
        "tasks": 0,
        "batches": 0,
        "cache entries": 1,
        "idempotent answers": 1,
        "messages": 2,
        "failed log-ins": 0,
        "runners": 1,
    }


def test_a_batch_goes_when_no_task_is_in_it_and_none_will_be(make: Callable[..., Task]) -> None:
    long_ago = clock.now() - timedelta(hours=2)
    parent = make("RUNNING", timedelta())
    resolution = Resolution.objects.create(
        task=parent, resolver_username="req", template_name="dummy", resolver_input="{}", state="RUNNING"
    )
    full, growing = Batch.objects.create(created=long_ago), Batch.objects.create(created=long_ago, parent=resolution)
    make("DONE", timedelta(), batch=full)
    new = Batch.objects.create()
    Batch.objects.create(created=long_ago)
    assert retention.forget_old()["batches"] == 1
    assert set(Batch.objects.all()) == {full, growing, new}


def test_nothing_goes_in_maintenance_mode(make: Callable[..., Task]) -> None:
    make("DONE", MONTH * 2)
    maintenance.switch(actor("adm"), on=True)
    assert retention.forget_old() == {}
    assert Task.objects.exists()
    Setting.objects.all().delete()


def test_an_export_tells_all_and_no_value_without_the_flag(make: Callable[..., Task]) -> None:
    task = make("DONE", timedelta())
    Comment.objects.create(task=task, username="req", content="canary comment")
    sealed, clear = StringIO(), StringIO()
    call_command("export_tasks", "--finished", stdout=sealed)
    call_command("export_tasks", "--task", str(task.public_id), "--decrypt", stdout=clear)
    [document] = map(json.loads, clear.getvalue().splitlines())
    assert json.loads(document["input"]) == {"id": "canary"}
    assert (document["template"], document["state"]) == ("dummy", "DONE")
    assert [comment["content"] for comment in document["comments"]] == ["canary comment"]
    assert [entry["event"] for entry in document["journal"]]
    # The title is no secret: it was rendered to be shown in lists.
    assert "canary" not in sealed.getvalue().replace(task.title, "")


def test_what_expires_is_exported_before_and_can_be_read_later(
    make: Callable[..., Task], settings: Any, tmp_path: Path
) -> None:
    settings.UTASK_EXPORT_PATH = tmp_path / "exports"
    keys = {str(make("DONE", MONTH * 2).public_id) for _ in range(3)}
    retention.forget_old()
    assert not Task.objects.exists()
    [file] = settings.UTASK_EXPORT_PATH.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    out = StringIO()
    call_command("export_tasks", "--from", str(file), "--decrypt", stdout=out)
    documents = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {document["public_id"] for document in documents} == keys
    assert all(json.loads(document["input"]) == {"id": "canary"} for document in documents)


def test_an_export_that_cannot_be_written_keeps_the_tasks(
    make: Callable[..., Task], settings: Any, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings.UTASK_EXPORT_PATH = blocked / "folder"
    make("DONE", MONTH * 2)
    with pytest.raises(OSError, match="file"):
        retention.forget_old()
    assert Task.objects.count() == 1


def test_an_export_whose_key_is_missing_says_which(make: Callable[..., Task], tmp_path: Path) -> None:
    task = make("DONE", timedelta())
    file, out = tmp_path / "export.jsonl", StringIO()
    call_command("export_tasks", stdout=out)
    file.write_text(out.getvalue())
    known = keyring.keyring()
    keyring.use_source(lambda: [keyring.Key(bytes(32))])
    try:
        with pytest.raises(CommandError, match=rf"{task.public_id}: .*key {known.newest.id}, which is not configured"):
            call_command("export_tasks", "--from", str(file), "--decrypt", stdout=StringIO())
    finally:
        keyring.use_source(lambda: known.keys)
