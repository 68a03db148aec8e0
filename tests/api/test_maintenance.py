"""Maintenance mode (cases 9 to 12): writes are refused and do nothing, reading goes on, keys can be rotated."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.models import Comment, Task
from tasks.services import maintenance
from tasks.services.identity import actor_named
from tests.api.clients import Person, error_of

ADMIN = actor_named("adm", superuser=True)


@pytest.fixture(params=["by setting", "by an administrator"])
def maintained(request: pytest.FixtureRequest, settings: Any, world: None) -> Callable[[], None]:
    """Turns maintenance mode on, in one way or the other."""

    def turn_on() -> None:
        if request.param == "by setting":
            settings.UTASK_MAINTENANCE = True
        else:
            maintenance.switch(ADMIN, on=True)

    return turn_on


@pytest.mark.parametrize("body", ["", "{", '{"template_name": "dummy", "input": {"id": "x"}}'])
def test_case_9_nothing_is_written(adm: Person, maintained: Callable[[], None], body: str) -> None:
    maintained()
    answer = adm.post("/task", body)
    assert answer.status_code == 405
    assert error_of(answer) == "Maintenance mode activated"
    assert not Task.objects.exists()


def test_case_10_reading_and_key_rotation_go_on(adm: Person, maintained: Callable[[], None]) -> None:
    maintained()
    assert adm.get("/meta").status_code == 200
    assert adm.get("/").status_code == 301
    assert adm.post("/key-rotate").status_code == 200


def test_case_11_the_administrators_gate_comes_first(adm: Person, req: Person, maintained: Callable[[], None]) -> None:
    path = f"/task/{req.task()['id']}"
    maintained()
    assert (req.delete(path).status_code, adm.delete(path).status_code) == (401, 405)
    assert Task.objects.count() == 1


def test_case_12_nothing_runs(adm: Person, req: Person, maintained: Callable[[], None]) -> None:
    resolution = adm.resolve(req.task())
    maintained()
    assert adm.post(f"/resolution/{resolution['id']}/run").status_code == 405
    assert not Comment.objects.exists()


def test_a_callback_is_not_taken(someone: Callable[[str], Person], maintained: Callable[[], None]) -> None:
    maintained()
    answer = someone("").post("/unsecured/callback/00000000-0000-4000-8000-000000000000?t=x", {"success": True})
    assert answer.status_code == 405


def test_it_ends_as_it_began(adm: Person, req: Person) -> None:
    maintenance.switch(ADMIN, on=True)
    maintenance.switch(ADMIN, on=False)
    assert req.task()["state"] == "TODO"
