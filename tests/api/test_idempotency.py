"""``Idempotency-Key``: a request that is sent again makes nothing new."""

from datetime import timedelta

import pytest

from tasks.models import IdempotentAnswer, Task, clock
from tests.api.clients import Person, error_of

BODY = {"template_name": "dummy", "input": {"id": "x"}}


def test_the_first_answer_is_given_again(req: Person) -> None:
    first = req.post("/task", BODY, Idempotency_Key="order 1")
    again = req.post("/task", BODY, Idempotency_Key="order 1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Task.objects.count() == 1


def test_batches_too(req: Person) -> None:
    body = {"template_name": "dummy", "inputs": [{"id": "a"}, {"id": "b"}]}
    first, again = (req.post("/batch", body, Idempotency_Key="order 1") for _ in range(2))
    assert first.json() == again.json()
    assert Task.objects.count() == 2


def test_a_key_is_one_persons_and_one_operations(req: Person, own: Person) -> None:
    for person in (req, own):
        assert person.post("/task", BODY, Idempotency_Key="1").status_code == 201
    assert req.post("/batch", {"template_name": "dummy", "inputs": []}, Idempotency_Key="1").status_code == 201
    assert Task.objects.count() == 2


def test_a_key_of_another_request_is_refused(req: Person) -> None:
    req.post("/task", BODY, Idempotency_Key="1")
    other = req.post("/task", BODY | {"input": {"id": "y"}}, Idempotency_Key="1")
    assert other.status_code == 400
    assert "Idempotency-Key" in error_of(other)


def test_what_was_refused_may_be_asked_again(req: Person) -> None:
    assert req.post("/task", BODY | {"input": {}}, Idempotency_Key="1").status_code == 400
    assert req.post("/task", BODY, Idempotency_Key="1").status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "é"])
def test_what_cannot_be_a_key_is_refused(req: Person, key: str) -> None:
    assert req.post("/task", BODY, Idempotency_Key=key).status_code == 400
    assert Task.objects.count() == 0


def test_after_a_day_a_key_is_forgotten(req: Person) -> None:
    req.post("/task", BODY, Idempotency_Key="1")
    IdempotentAnswer.objects.update(created=clock.now() - timedelta(hours=25))
    req.post("/task", BODY, Idempotency_Key="1")
    assert Task.objects.count() == 2


def test_the_answer_is_stored_encrypted(req: Person) -> None:
    req.post("/task", BODY | {"input": {"id": "plainly visible"}}, Idempotency_Key="1")
    (body,) = IdempotentAnswer.objects.values_list("body", flat=True)
    assert b"plainly visible" not in bytes(body)
