"""A receiver of notifications that is down for a minute loses nothing; one that is down for ever is given up."""

import json
import select
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from tasks.models import OutboxMessage, Task, clock
from tasks.runner import outbox
from tasks.runner.coordinator import Coordinator
from tests.peers.ports import free_port
from tests.peers.web import Received, Reply, WebPeer
from tests.runner.turns import settle

ECHO = "only: {description: one, action: {type: echo, configuration: {output: 1}}}"


class Receiver:
    """A real HTTP server on one port: away, broken, silent, or well; it knows what it has taken."""

    def __init__(self) -> None:
        self.port = free_port()
        self.refused = 0
        self.taken: list[dict[str, str]] = []
        self._way: Callable[[Received, BaseHTTPRequestHandler], Reply | None] = self._take

    def starts(self, way: str) -> WebPeer:
        """From now on it listens, and answers so: "well", "broken" (500) or "silent" (hangs up without a word)."""
        peer = WebPeer(port=self.port)
        peer.on("/hook", lambda got, handler: self._way(got, handler))
        self.is_now(way)
        return peer

    def is_now(self, way: str) -> None:
        self._way = {"well": self._take, "broken": self._break, "silent": self._hang_up}[way]

    def _take(self, got: Received, _: BaseHTTPRequestHandler) -> Reply:
        self.taken.append(json.loads(got.text) | {"delivery": got.headers["x-utask-delivery"]})
        return Reply()

    def _break(self, *_: object) -> Reply:
        self.refused += 1
        return Reply(500, "out of order")

    def _hang_up(self, _: Received, handler: BaseHTTPRequestHandler) -> None:
        self.refused += 1
        handler.close_connection = True


@pytest.fixture
def receiver(configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The only backend; nothing listens at its port yet. The outbox looks whenever it is asked: the clock is ours."""
    monkeypatch.setattr(outbox, "_LOOK_SECONDS", 0.0)
    found = Receiver()
    hook = {"type": "webhook", "config": {"webhook_url": f"http://127.0.0.1:{found.port}/hook"}}
    configure(notify_config={"hook": hook}, notify_actions={"task_step_update": {"disabled": True}})
    return found


def send_due(runner: Coordinator, now: datetime) -> None:
    """Turn, at this time of the clock, until nothing is due and every try has its answer."""
    until = time.monotonic() + 60
    while True:
        runner.run_once(now)
        if not runner.outbox._at_work.total() and not outbox._due(now).exists():
            return
        select.select([runner.work.hands], [], [], 0.01)
        assert time.monotonic() < until, "a try has no answer"


def test_a_receiver_that_is_down_for_a_minute_loses_nothing_and_holds_up_no_task(
    receiver: Receiver, ask: Callable[..., Task], runner: Coordinator
) -> None:
    begun = clock.now()
    tasks = [ask(ECHO) for _ in range(3)]
    settle(runner)
    with ExitStack() as stack:
        for second in range(0, 60, 5):
            if second == 20:
                stack.enter_context(receiver.starts("broken").serving())
            if second == 40:
                receiver.is_now("silent")
            if second == 30:
                tasks.append(ask(ECHO))
                settle(runner)
            send_due(runner, begun + timedelta(seconds=second))
        assert [Task.objects.get(pk=task.pk).state for task in tasks] == ["DONE"] * 4
        assert receiver.taken == []
        assert receiver.refused >= 4
        errors = set(OutboxMessage.objects.exclude(error="").values_list("error", flat=True))
        assert errors <= {"the receiver cannot be reached", "status 500: out of order"}
        assert OutboxMessage.objects.filter(due_at__isnull=False).count() == 12
        receiver.is_now("well")
        # The pauses double: one that began within the minute ends within the next one and a bit.
        for second in range(60, 150, 5):
            send_due(runner, begun + timedelta(seconds=second))
    told: dict[str, list[str]] = defaultdict(list)
    for body in receiver.taken:
        told[body["task_id"]].append(body["state"])
    assert told == {str(task.public_id): ["TODO", "RUNNING", "DONE"] for task in tasks}
    assert len({body["delivery"] for body in receiver.taken}) == 12
    assert not OutboxMessage.objects.filter(sent__isnull=True).exists()
    assert not OutboxMessage.objects.filter(given_up__isnull=False).exists()
    assert OutboxMessage.objects.order_by("-tries")[0].tries < outbox.MOST_TRIES


def test_a_receiver_that_stays_down_is_given_up_message_by_message_after_most_of_a_day(
    receiver: Receiver, ask: Callable[..., Task], runner: Coordinator, caplog: pytest.LogCaptureFixture
) -> None:
    ask(ECHO)
    settle(runner)  # within which it may have been tried once: nothing listens yet
    pauses, now = {}, clock.now()
    first = OutboxMessage.objects.order_by("pk")[0]
    with receiver.starts("broken").serving():
        while first.due_at is not None:
            now = max(now, first.due_at)
            send_due(runner, now)
            first.refresh_from_db()
            pauses[first.tries] = (first.due_at - now).total_seconds() if first.due_at else None
    assert pauses.get(1, 10) == 10
    assert [pauses[tries] for tries in (2, 3, 4, 22, 23, 24)] == [20, 40, 80, 3600, 3600, None]
    assert timedelta(hours=12) < now - first.created < timedelta(hours=24)
    assert (first.tries, first.error) == (24, "status 500: out of order")
    assert first.given_up is not None
    assert [record.delivery for record in caplog.records if record.message == "notification given up"] == [first.pk]  # type: ignore[attr-defined]
    # The next in its line is not given up with it: it has tries of its own.
    second = OutboxMessage.objects.order_by("pk")[1]
    assert second.tries >= 1
    assert second.due_at is not None
