"""Notifications reach their backends: at least once, in order, tried again, given up in the end."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tasks.models import OutboxMessage, Task, clock
from tasks.runner import outbox
from tasks.runner.coordinator import Coordinator
from tasks.services.errors import AdministratorsOnly
from tasks.services.identity import actor_named
from tasks.services.outbox import send_again, waiting
from tests.peers.web import Reply, WebPeer
from tests.runner.conftest import ADMIN
from tests.runner.turns import settle, turn_until

ECHO = "only: {description: one, action: {type: echo, configuration: {output: 1}}}"


@pytest.fixture
def receiver(configure: Callable[..., None]) -> Iterator[WebPeer]:
    """A real HTTP server that is the only backend."""
    peer = WebPeer()
    peer.on("/hook", Reply())
    with peer.serving() as server:
        configure(
            notify_config={"hook": {"type": "webhook", "config": {"webhook_url": server.url + "/hook"}}},
            notify_actions={"task_step_update": {"disabled": True}},
        )
        yield server


def bodies(receiver: WebPeer) -> list[dict[str, str]]:
    return [json.loads(request.text) for request in receiver.received]


def test_messages_of_a_task_arrive_in_their_order(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator
) -> None:
    task = ask(ECHO)
    turn_until(runner, lambda: OutboxMessage.objects.filter(sent__isnull=False).count() == 3)
    told = bodies(receiver)
    assert [body["state"] for body in told] == ["TODO", "RUNNING", "DONE"]
    assert {body["task_id"] for body in told} == {str(task.public_id)}
    assert not OutboxMessage.objects.filter(due_at__isnull=False).exists()


def test_the_next_message_of_a_task_goes_out_as_soon_as_the_one_before_it_has_arrived(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between two looks of the clock there is time enough for all of them.
    monkeypatch.setattr(outbox, "_LOOK_SECONDS", 1e9)
    ask(ECHO)
    turn_until(runner, lambda: OutboxMessage.objects.filter(sent__isnull=False).count() == 3)
    assert [body["state"] for body in bodies(receiver)] == ["TODO", "RUNNING", "DONE"]


def test_a_message_that_did_not_arrive_is_tried_again_and_the_next_waits_for_it(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator
) -> None:
    receiver.on("/hook", Reply(503, "not now"))
    ask(ECHO)
    settle(runner)
    turn_until(runner, lambda: OutboxMessage.objects.filter(error__contains="503").exists())
    [failed] = OutboxMessage.objects.filter(error__contains="503")
    assert failed.due_at is not None
    assert failed.due_at > clock.now() + timedelta(seconds=8)
    assert not OutboxMessage.objects.filter(sent__isnull=False).exists()
    receiver.on("/hook", Reply())
    OutboxMessage.objects.filter(pk=failed.pk).update(due_at=clock.now())
    turn_until(runner, lambda: OutboxMessage.objects.filter(sent__isnull=False).count() == 3)
    assert [body["state"] for body in bodies(receiver)] == ["TODO", "TODO", "RUNNING", "DONE"]
    assert bodies(receiver)[0]["event_id"] == bodies(receiver)[1]["event_id"]


def test_a_message_is_given_up_after_a_day_of_tries(receiver: WebPeer, ask: Callable[..., Task]) -> None:
    ask(ECHO)
    message = OutboxMessage.objects.get()
    OutboxMessage.objects.update(tries=outbox.MOST_TRIES)
    error = "the receiver cannot be reached"
    outbox.finish(outbox.Delivered(message.pk, outbox.MOST_TRIES, "hook", error), clock.now())
    message.refresh_from_db()
    assert (message.due_at, message.error) == (None, "the receiver cannot be reached")
    assert message.given_up is not None


def test_a_message_that_was_taken_is_not_taken_again_before_its_time(
    receiver: WebPeer, ask: Callable[..., Task]
) -> None:
    ask(ECHO)
    now = clock.now()
    assert [len(outbox.take_due(now, 10)) for _ in range(2)] == [1, 0]
    assert len(outbox.take_due(now + timedelta(minutes=5), 10)) == 1


def test_a_message_to_a_backend_that_is_no_more_is_given_up(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator
) -> None:
    ask(ECHO)
    OutboxMessage.objects.update(backend="gone")
    turn_until(runner, lambda: OutboxMessage.objects.filter(given_up__isnull=False).exists())
    assert "no backend" in OutboxMessage.objects.get(backend="gone").error


def test_a_try_that_is_answered_late_does_not_undo_the_one_after_it(
    receiver: WebPeer, ask: Callable[..., Task]
) -> None:
    ask(ECHO)
    now = clock.now()
    [first] = outbox.take_due(now, 1)
    [second] = outbox.take_due(now + timedelta(minutes=5), 1)
    outbox.finish(outbox.Delivered(second.pk, second.tries, "hook"), now)
    outbox.finish(outbox.Delivered(first.pk, first.tries, "hook", "no answer within 10 s"), now)
    message = OutboxMessage.objects.get(pk=first.pk)
    assert message.sent is not None
    assert (message.due_at, message.error) == (None, "")


def test_a_backend_that_hangs_leaves_hands_for_the_others(receiver: WebPeer, ask: Callable[..., Task]) -> None:
    ask(ECHO)
    assert [row.backend for row in outbox.take_due(clock.now(), 10, full=["hook"])] == []


def test_what_cannot_be_decrypted_is_told_and_keeps_no_runner_down(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator
) -> None:
    ask(ECHO)
    message = OutboxMessage.objects.get()
    OutboxMessage.objects.filter(pk=message.pk).update(key=uuid.uuid4())
    turn_until(runner, lambda: OutboxMessage.objects.exclude(error="").exists())
    assert "does not belong" in OutboxMessage.objects.get(pk=message.pk).error


def test_an_administrator_has_what_was_given_up_sent_again(
    receiver: WebPeer, ask: Callable[..., Task], runner: Coordinator
) -> None:
    ask(ECHO)
    OutboxMessage.objects.update(given_up=clock.now(), due_at=None, tries=outbox.MOST_TRIES, error="refused")
    assert waiting() == ({"hook": 0}, {"hook": 1}, None)
    with pytest.raises(AdministratorsOnly):
        send_again(actor_named("ann"))
    assert send_again(ADMIN) == 1
    turn_until(runner, lambda: OutboxMessage.objects.filter(sent__isnull=False).count() == 3)
    assert waiting() == ({}, {}, None)
