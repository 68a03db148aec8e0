"""``GET /task/ID/events``: changes of state as they happen."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from tasks import doorbell
from tasks.api.events import hub
from tests.api.clients import Person
from tests.api.live import eventually

Stream = Iterator[dict[str, Any]]


def events(answer: Any) -> Stream:
    """The events of a stream, as they come; comments and waits are passed over."""
    for part in answer:
        for block in part.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "data" in lines:
                yield lines | {"data": json.loads(lines["data"])}


@pytest.fixture
def calm(transactional_db: None, world: None) -> Iterator[None]:
    """Whatever happens, nobody listens afterwards."""
    yield
    for thread in threading.enumerate():
        if thread.name == "news":
            thread.join(10)
    assert hub._count == 0


def test_everything_from_the_beginning_to_the_end(calm: None, adm: Person, run: Callable[[], None]) -> None:
    task = adm.task()
    adm.resolve(task)
    run()
    answer = adm.get(f"/task/{task['id']}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    told = list(events(answer))
    kinds = [event["event"] for event in told]
    assert kinds[-2:] == ["progress", "end"]
    assert [event["data"]["after"] for event in told if event["event"] == "task"] == ["TODO", "RUNNING", "DONE"]
    assert ("step", "DONE") in [(event["event"], event["data"].get("after")) for event in told]
    assert told[-1]["data"] == {"state": "DONE", "steps_done": 1, "steps_total": 1}
    answer.close()


def test_a_stream_goes_on_where_it_was_cut_off_and_ends_for_good(
    calm: None, adm: Person, run: Callable[[], None]
) -> None:
    task = adm.task()
    adm.resolve(task)
    run()
    first = adm.get(f"/task/{task['id']}/events")
    numbers = [event["id"] for event in events(first) if "id" in event]
    first.close()
    rest = adm.get(f"/task/{task['id']}/events", Last_Event_ID=numbers[1])
    assert [event["id"] for event in events(rest) if "id" in event] == numbers[2:]
    rest.close()
    assert adm.get(f"/task/{task['id']}/events", Last_Event_ID=numbers[-1]).status_code == 204


def test_what_happens_meanwhile_is_told(calm: None, req: Person) -> None:
    task = req.task()
    answer = req.get(f"/task/{task['id']}/events")
    stream = events(answer)
    assert next(stream)["data"]["event"] == "created"
    assert next(stream)["event"] == "progress"
    req.post(f"/task/{task['id']}/wontfix")
    assert next(stream)["data"]["event"] == "wontfix"
    assert [event["event"] for event in stream][-1] == "end"
    answer.close()


class OnlyTheBell(threading.Event):
    """What a stream waits for, without the slow poll behind it."""

    waits = False

    def wait(self, timeout: float | None = None) -> bool:
        self.waits = True
        rung = super().wait(30)
        self.waits = False
        return rung


class Reader:
    """Somebody who reads a stream in a thread of his own."""

    def __init__(self, stream: Stream, topic: str) -> None:
        self.topic = topic
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.thread = threading.Thread(target=lambda: [self.told.put(event) for event in stream])
        self.thread.start()

    def until(self, kind: str, after: str) -> list[tuple[str, str]]:
        """What is told of steps up to the moment at which something of this kind is in this state."""
        steps = []
        while True:
            event = self.told.get(timeout=20)
            if event["event"] == "step":
                steps.append((event["data"]["step"], event["data"]["after"]))
            if event["event"] == kind and event["data"].get("after") == after:
                return steps

    def waits(self) -> None:
        """Returns once nothing that rang is on its way any more, and the stream waits to be rung for.

        Rings come in order: when one of our own is heard, those before it are as well.
        """
        ours = f"{doorbell.NEWS}:nobody"
        with hub.subscribed(ours, most=10) as heard:
            assert heard is not None
            doorbell.ring(ours)
            assert heard.wait()
        (rung,) = hub._subscribed[self.topic]
        assert isinstance(rung, OnlyTheBell)
        eventually(lambda: rung.waits and not rung.is_set(), "a stream that waits")


def test_a_step_is_told_by_the_bell_without_any_poll(
    calm: None, adm: Person, run: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.api.events.threading", SimpleNamespace(Event=OnlyTheBell, Thread=threading.Thread))
    task = adm.task("busy")
    with closing(adm.get(f"/task/{task['id']}/events")) as answer:
        reader = Reader(events(answer), f"{doorbell.NEWS}:{task['id']}")
        reader.until("task", "TODO")
        resolution = adm.resolve(task)
        reader.waits()
        run()
        told = reader.until("resolution", "WAITING")
        assert ("create", "DONE") in told
        assert ("wait", "WAITING") in told
        made = adm.read(f"/resolution/{resolution['id']}")["steps"]["create"]["output"]
        assert adm.post(f"/unsecured/callback/{made['id']}?t={made['token']}", {"said": "yes"}).status_code == 200
        reader.waits()
        run()
        assert ("wait", "DONE") in reader.until("task", "DONE")
        reader.thread.join(20)


def test_when_all_streams_are_taken_a_client_is_told_to_poll(calm: None, req: Person, settings: Any) -> None:
    settings.UTASK_MAX_STREAMS = 1
    task = req.task()
    first = req.get(f"/task/{task['id']}/events")
    assert first.status_code == 200
    assert req.get(f"/task/{task['id']}/events").status_code == 204
    first.close()
    again = req.get(f"/task/{task['id']}/events")
    assert again.status_code == 200
    again.close()


def test_who_may_listen(calm: None, req: Person, someone: Callable[[str], Person]) -> None:
    task = req.task()
    assert someone("str").get(f"/task/{task['id']}/events").status_code == 403
    assert req.get("/task/00000000-0000-4000-8000-000000000000/events").status_code == 404


def test_a_stream_that_nobody_reads_gives_up_its_place(calm: None, req: Person) -> None:
    answer = req.get(f"/task/{req.task()['id']}/events")
    assert hub._count == 1
    answer.close()
    assert hub._count == 0
