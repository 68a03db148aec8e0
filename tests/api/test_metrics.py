"""``GET /metrics`` and ``/unsecured/stats`` (case 130)."""

import re
from collections.abc import Callable
from typing import Any

from tests.api.clients import Person


def gauges(person: Person, template: str) -> dict[tuple[str, str], float]:
    """(group, status) -> number, of one template."""
    lines = person.get("/metrics").content.decode().splitlines()
    found = {}
    for line in lines:
        if line.startswith("utask_task_state{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            if labels["template"] == template:
                found[labels["group"], labels["status"]] = float(line.rpartition(" ")[2])
    return found


def test_case_130_a_series_for_each_group_that_may_resolve(adm: Person, req: Person) -> None:
    req.task("dummy")
    assert {group for group, _ in gauges(adm, "dummy")} == {""}
    req.task("owned")
    assert gauges(adm, "owned")["owners", "TODO"] == 1
    adm.task("owned", resolver_groups=["x", "y"])
    found = gauges(adm, "owned")
    assert {group for group, _ in found} == {"owners", "x", "y"}
    assert (found["owners", "TODO"], found["x", "TODO"], found["y", "TODO"]) == (1, 1, 1)


def test_six_states_are_always_told_and_the_others_while_there_are_some(adm: Person, someone: Any) -> None:
    made = someone("str").task("auto", input={}, delay="1h")
    states = {"TODO", "BLOCKED", "RUNNING", "WONTFIX", "DONE", "CANCELLED"}
    assert {status for _, status in gauges(adm, "auto")} == states | {"DELAYED"}
    adm.post(f"/task/{made['id']}/wontfix")
    assert {status for _, status in gauges(adm, "auto")} == states
    adm.delete(f"/task/{made['id']}")
    assert gauges(adm, "auto") == {}


def test_tasks_of_a_batch_are_counted(adm: Person, req: Person) -> None:
    req.post("/batch", {"template_name": "dummy", "inputs": [{"id": "a"}, {"id": "b"}]})
    assert gauges(adm, "dummy")["", "TODO"] == 2


def test_metrics_and_statistics_are_closed_unless_the_operator_opens_them(
    someone: Callable[[str], Person], settings: Any
) -> None:
    settings.UTASK_OPEN_METRICS = False
    for path in ("/metrics", "/unsecured/stats"):
        assert someone("").get(path).status_code == 401
        assert someone("str").get(path).status_code == 200


def test_the_process_tells_of_itself(someone: Callable[[str], Person]) -> None:
    answer = someone("").get("/metrics")
    assert b"process_resident_memory_bytes" in answer.content
    assert "Access-Control-Allow-Origin" not in answer.headers
