"""``GET /metrics`` and ``/unsecured/stats`` (case 130)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tasks.api import metrics
from tasks.services import statistics
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


def test_how_long_tasks_took_since_the_process_was_first_asked(
    adm: Person, run: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_SETTLED", timedelta())
    monkeypatch.setattr(metrics, "_registry", CollectorRegistry())
    metrics._registry.register(metrics._Tasks())

    def counts() -> dict[str, float]:
        text = adm.get("/metrics").content.decode()
        return {name: float(number) for name, number in re.findall(r'utask_(\w+_count){template="dummy"} (\S+)', text)}

    adm.resolve(adm.task())
    run()
    assert counts() == {}  # what was before is not known to this process
    for _ in range(2):
        adm.resolve(adm.task())
    run()
    assert counts() == {"valid_times_count": 2, "complete_times_count": 2, "exec_times_count": 2}
    assert counts() == {"valid_times_count": 2, "complete_times_count": 2, "exec_times_count": 2}


def test_the_process_tells_of_itself(someone: Callable[[str], Person]) -> None:
    answer = someone("").get("/metrics")
    assert b"process_resident_memory_bytes" in answer.content
    assert "Access-Control-Allow-Origin" not in answer.headers
