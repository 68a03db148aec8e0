"""``POST /task`` and ``POST /resolution``: the answer is what was made."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from tasks.services import resolutions, tasks
from tests.api.clients import Person


def test_a_task_is_made_and_read_again(req: Person) -> None:
    made = req.task(input={"id": "a", "extra": 1})
    assert (made["state"], made["title"], made["requester_username"]) == ("TODO", "dummy a", "req")
    assert made["input"] == {"id": "a"}
    read = req.read(f"/task/{made['id']}")
    assert read["input"] == {"id": "a"}


@pytest.mark.parametrize("what", ["task", "resolution"])
def test_the_answer_is_made_before_a_runner_can_have_begun(
    transactional_db: None, adm: Person, run: Callable[[], None], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Whatever is committed may be taken by a runner at once: what is answered is read before."""

    def with_a_fast_runner(create: Any) -> Any:
        def created(*given: Any, **more: Any) -> Any:
            made = create(*given, **more)
            if not connection.in_atomic_block:
                run()
            else:
                transaction.on_commit(run)
            return made

        return created

    if what == "task":
        monkeypatch.setattr(tasks, "create_task", with_a_fast_runner(tasks.create_task))
        made = adm.task("auto", input={})
        assert (made["state"], made["steps_done"]) == ("TODO", 0)
        assert adm.read(f"/task/{made['id']}")["state"] == "DONE"
    else:
        task = adm.task()
        monkeypatch.setattr(resolutions, "create_resolution", with_a_fast_runner(resolutions.create_resolution))
        made = adm.resolve(task)
        assert (made["state"], made["steps"]["step"]["state"]) == ("TO_AUTORUN", "TODO")
        assert adm.read(f"/resolution/{made['id']}")["state"] == "DONE"
