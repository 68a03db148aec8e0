"""``POST /task``."""

from tests.api.clients import Person


def test_a_task_is_made_and_read_again(req: Person) -> None:
    made = req.task(input={"id": "a", "extra": 1})
    assert (made["state"], made["title"], made["requester_username"]) == ("TODO", "dummy a", "req")
    assert made["input"] == {"id": "a"}
    read = req.read(f"/task/{made['id']}")
    assert read["input"] == {"id": "a"}
