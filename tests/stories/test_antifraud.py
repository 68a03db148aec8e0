"""docs/examples/antifraud.md: clear cases are decided by the scores, the others by a human."""

import json
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.peers.web import Received, Reply, json_reply
from tests.stories.asking import Asked
from tests.stories.conftest import SERVICES, Service


class Shop:
    """The services that give scores and the shop that is told, for one order."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.order = f"O-{uuid.uuid4().hex[:8].upper()}"
        self.decisions: list[str] = []
        service.house.on(f"/shop/orders/{self.order}/decision", self._decided)

    def scores(self, *values: float | int | str) -> None:
        """What each service answers; a text is the body of a failure 503."""
        for name, value in zip(SERVICES, values, strict=True):
            self.service.house.on(f"/scores/{name}", self._answer(name, value))

    def ask(self, by: str = "req") -> Asked:
        order = {"order": self.order, "email": "bob@example.org", "amount": 129.90, "country": "FR"}
        return self.service.someone(by).ask("antifraud", order)

    def _answer(self, name: str, value: float | int | str) -> Any:
        def answer(got: Received, _: BaseHTTPRequestHandler) -> Reply:
            if got.headers.get("authorization") != f"Bearer {name}-token" or json.loads(got.text)["amount"] != 129.9:
                return Reply(401)
            return Reply(503, value) if isinstance(value, str) else json_reply(json.dumps({"score": value}))

        return answer

    def _decided(self, got: Received, _: BaseHTTPRequestHandler) -> Reply:
        self.decisions.append(json.loads(got.text)["decision"])
        return Reply(204 if got.headers.get("authorization") == "Bearer shop-token" else 401)


@pytest.fixture
def shop(service: Service) -> Shop:
    return Shop(service)


@pytest.mark.parametrize(
    ("scores", "state", "decision"),
    [((90, 80, 75), "CLEAR", "accepted"), ((70, 70, 70), "CLEAR", "accepted"), ((10, 20, 30), "REFUSED", "refused")],
)
def test_clear_cases_are_decided_by_the_scores(shop: Shop, scores: tuple[int, ...], state: str, decision: str) -> None:
    shop.scores(*scores)
    asked = shop.ask().wait_for("DONE")
    assert asked.step("verdict")["state"] == state
    assert asked.step("review")["state"] == "PRUNE"
    assert shop.decisions == [decision]
    expected = {"decision": decision, "decided_by": "the scores", "score": str(round(sum(scores) / 3))}
    assert asked.task["result"] == expected


@pytest.mark.parametrize(("score", "decision", "state"), [(85, "accepted", "DONE"), (12, "refused", "REFUSED")])
def test_what_is_unclear_is_decided_by_a_human(shop: Shop, score: int, decision: str, state: str) -> None:
    shop.scores(20, 50, 80)
    asked = shop.ask().wait_for("WAITING")
    assert (asked.step("verdict")["state"], shop.decisions) == ("UNCLEAR", [])
    judge = shop.service.someone("judge")
    review = asked.child("review").by(judge)
    assert review.id in {task["id"] for task in judge.call("GET", "/task?type=resolvable")}
    review.resolve(score=score, reason="I have called them")
    asked.wait_for("DONE")
    assert asked.step("review")["state"] == state
    assert asked.task["result"] == {"decision": decision, "decided_by": "judge", "score": "50"}
    assert shop.decisions == [decision]


@pytest.mark.parametrize("given", [{"score": 101}, {"score": "85"}, {"reason": "no score"}])
def test_a_score_that_is_none_is_refused(shop: Shop, given: Mapping[str, object]) -> None:
    shop.scores(50, 50, 50)
    asked = shop.ask().wait_for("WAITING")
    judge = shop.service.someone("judge")
    body = {"task_id": asked.child("review").id, "resolver_inputs": given}
    assert "score" in judge.call("POST", "/resolution", body, status=400)["error"]


def test_the_requester_cannot_review_his_own_order(shop: Shop) -> None:
    shop.scores(50, 50, 50)
    asked = shop.ask().wait_for("WAITING")
    body = {"task_id": asked.child("review").id, "resolver_inputs": {"score": 100}}
    shop.service.someone("req").call("POST", "/resolution", body, status=403)


def test_a_review_that_nobody_wants_to_do_blocks_the_order(shop: Shop) -> None:
    shop.scores(50, 50, 50)
    asked = shop.ask().wait_for("WAITING")
    shop.service.admin.call("POST", f"/task/{asked.child('review').id}/wontfix")
    asked.wait_for("BLOCKED_BADREQUEST")
    assert (asked.step("review")["state"], shop.decisions) == ("CLIENT_ERROR", [])


def test_a_service_that_is_down_is_asked_again_and_alone(shop: Shop) -> None:
    shop.scores(90, "down for repair", 80)
    asked = shop.ask().wait_for("ERROR")
    children = {name: state for name, state in asked.states().items() if name.startswith("score-")}
    assert children == {"score-0": "DONE", "score-1": "SERVER_ERROR", "score-2": "DONE"}
    shop.scores("asked twice", 85, "asked twice")
    asked.by(shop.service.admin).mended().wait_for("DONE")
    assert shop.decisions == ["accepted"]


def test_an_answer_that_is_no_score_is_fatal_and_told(shop: Shop) -> None:
    shop.scores(90, 250, 80)
    asked = shop.ask().wait_for("BLOCKED_FATAL")
    assert asked.step("score-1")["state"] == "FATAL_ERROR"
    assert "score" in asked.step("score-1")["error"]
    assert shop.decisions == []
