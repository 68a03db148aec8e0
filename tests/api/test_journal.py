"""``GET /task/ID/journal``: who did what, when, from which state to which."""

from collections.abc import Callable
from typing import Any

from tests.api.clients import Person


def told(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (entry["kind"], entry["event"], entry.get("before", ""), entry.get("after", ""), entry.get("actor", ""))
        for entry in entries
    ]


def test_acts_and_changes_of_state_in_order(adm: Person, own: Person, run: Callable[[], None]) -> None:
    task = own.task("owned")
    resolution = own.resolve(task)
    own.post(f"/resolution/{resolution['id']}/pause")
    own.put(f"/task/{task['id']}", {"input": {"id": "y"}})
    own.post(f"/task/{task['id']}/comment", {"content": "hello"})
    journal = own.read(f"/task/{task['id']}/journal")
    assert told(journal) == [
        ("task", "created", "", "TODO", "own"),
        ("resolution", "created", "", "TO_AUTORUN", "own"),
        ("resolution", "pause", "TO_AUTORUN", "PAUSED", "own"),
        ("act", "pause", "TO_AUTORUN", "PAUSED", "own"),
        ("act", "edit task", "", "", "own"),
        ("act", "comment", "", "", "own"),
    ]
    assert journal[4]["detail"] == {"inputs": ["id"]}
    numbers = [entry["number"] for entry in journal]
    assert numbers == sorted(numbers)
    assert "address" not in journal[0]
    assert adm.read(f"/task/{task['id']}/journal")[0]["address"] == "127.0.0.1"


def test_acts_may_say_why(adm: Person) -> None:
    task = adm.task("owned")
    path = f"/resolution/{adm.resolve(task)['id']}"
    adm.post(f"{path}/pause", {"reason": "the network is down"})
    adm.put(f"{path}/step/step/state", {"state": "DONE", "reason": "done by hand"})
    adm.put(path, {"resolver_inputs": {}, "reason": "none are needed"})
    adm.put(f"/task/{task['id']}", {"input": {"id": "y"}, "reason": "a mistake"})
    adm.post(f"{path}/cancel", {"reason": "given up"})
    said = [entry["detail"]["reason"] for entry in adm.read(f"/task/{task['id']}/journal") if "detail" in entry]
    assert said == ["the network is down", "done by hand", "none are needed", "a mistake", "given up"]
    assert "manually paused resolution: the network is down" in [
        comment["content"] for comment in adm.read(f"/task/{task['id']}/comment")
    ]
    assert adm.post(f"{path}/cancel", "[]").status_code == 400


def test_a_run_is_told_step_by_step(adm: Person, run: Callable[[], None]) -> None:
    task = adm.task()
    adm.resolve(task)
    run()
    journal = adm.read(f"/task/{task['id']}/journal")
    steps = [entry for entry in journal if entry["kind"] == "step"]
    assert [(entry["step"], entry["after"]) for entry in steps][-1] == ("step", "DONE")
    assert told(journal)[-1][:4] == ("task", journal[-1]["event"], "RUNNING", "DONE")


def test_pages(req: Person) -> None:
    task = req.task()
    for _ in range(12):
        req.post(f"/task/{task['id']}/comment", {"content": "hello"})
    first = req.get(f"/task/{task['id']}/journal?page_size=10")
    path = first.headers["Link"].partition("<")[2].partition(">")[0]
    second = req.get(path)
    assert [len(page.json()) for page in (first, second)] == [10, 3]
    assert "Link" not in second.headers
    assert first.json()[-1]["number"] < second.json()[0]["number"]


def test_who_may_read_it(req: Person, someone: Callable[[str], Person]) -> None:
    path = f"/task/{req.task(watcher_usernames=['wat'])['id']}/journal"
    assert someone("str").get(path).status_code == 403
    assert "detail" not in str(someone("wat").read(path))
