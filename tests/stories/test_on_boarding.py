"""docs/examples/on-boarding.md: a form, a human who approves by a form or by mail, and what is done then."""

import json
import re
import uuid
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.peers.web import Received, Reply, json_reply
from tests.stories.asking import Asked
from tests.stories.conftest import Service

#: As long as it may be: four digits were once found in an id.
PIN = "471147"


class House:
    """The systems of the house, for one new colleague; nobody gets in without the token."""

    def __init__(self, service: Service) -> None:
        self.service = service
        letters = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:8])
        self.last_name = letters.capitalize()
        self.login = f"z{letters}"
        self.accounts: dict[str, Any] = {}
        self.machine: list[str] = ["ready"]
        self.badge: Any = None
        self.refused_system = ""
        for system in ("chat", "code", "mail", "wiki"):
            self._on(f"/systems/{system}/accounts/{self.login}", self._account)
        self._on(f"/badges/{self.login}", self._badge)
        self._on(f"/machines/{self.login}", self._machine)

    @property
    def person(self) -> dict[str, Any]:
        return {
            "first_name": "Zoë",
            "last_name": self.last_name,
            "team": "support",
            "private_email": f"{self.login}@example.org",
            "start_date": "2031-02-01",
            "badge_pin": PIN,
        }

    def ask(self, template: str = "on-boarding", **more: Any) -> Asked:
        return self.service.someone("req").ask(template, self.person | more)

    def mails(self) -> list[str]:
        """Subjects of the mails that concern this colleague."""
        return [
            str(mail.message["Subject"])
            for mail in self.service.mailbox.mails
            if self.login in mail.recipients[0] or self.last_name in str(mail.message["Subject"])
        ]

    def body(self) -> str:
        """Text of the last mail."""
        return self.service.mailbox.mails[-1].message.get_content()

    def _on(self, path: str, answer: Any) -> None:
        def guarded(got: Received, _: BaseHTTPRequestHandler) -> Reply:
            known = got.headers.get("authorization") == "Bearer staff-token"
            return answer(got) if known else json_reply('{"error": "who are you?"}', 401)

        self.service.house.on(path, guarded)

    def _account(self, got: Received) -> Reply:
        system = got.path.split("/")[2]
        if system == self.refused_system:
            return json_reply('{"error": "no licence is left"}', 402)
        if system in self.accounts:
            return json_reply('{"error": "exists"}', 409)
        self.accounts[system] = json.loads(got.text)
        return json_reply('{"made": true}', 201)

    def _badge(self, got: Received) -> Reply:
        self.badge = json.loads(got.text)
        return Reply(204)

    def _machine(self, got: Received) -> Reply:
        if got.method == "PUT":
            return json_reply(json.dumps({"ordered": json.loads(got.text)["memory_gb"]}), 202)
        status = self.machine.pop(0) if len(self.machine) > 1 else self.machine[0]
        return json_reply(json.dumps({"status": status, "address": "10.1.2.3"}))


@pytest.fixture
def house(service: Service) -> Iterator[House]:
    yield House(service)
    service.mailbox.answers.clear()


def approved(house: House, **more: Any) -> Asked:
    asked = house.ask(**more)
    asked.by(house.service.someone("boss")).resolve(decision="approve", cost_centre="CC-1234")
    return asked


def provision(house: House, asked: Asked) -> Asked:
    """What the approval has started; its id is an output, which who resolved and administrators see."""
    return asked.by(house.service.admin).child("provision")


def test_nothing_is_made_before_somebody_has_approved(house: House) -> None:
    asked = house.ask()
    assert asked.task["state"] == "TODO"
    house.service.someone("req").call("POST", "/resolution", {"task_id": asked.id}, status=403)
    assert house.accounts == {}


def test_accounts_badge_machine_and_mail_after_an_approval(house: House) -> None:
    asked = approved(house, systems=["chat", "mail", "code"], needs_machine=True, memory_gb=16).wait_for("DONE")
    assert asked.task["result"] == {"decision": "approve", "login": house.login}
    assert sorted(house.accounts) == ["chat", "code", "mail"]
    expected = {
        "name": f"Zoë {house.last_name}",
        "team": "support",
        "from": "2031-02-01",
        "cost_centre": "CC-1234",
    }
    assert house.accounts["chat"] == expected
    assert house.badge == {"pin": PIN}
    made = provision(house, asked)
    assert made.task["result"]["machine"] == "10.1.2.3"
    assert made.child("machine").step("order")["output"] == {"ordered": 16}
    assert house.mails() == ["Welcome, Zoë!"]
    assert f"Your login is {house.login}, for chat, mail, code." in house.body()
    assert "10.1.2.3" in house.body()


def test_without_a_machine_the_rest_goes_on(house: House) -> None:
    asked = approved(house).wait_for("DONE")
    made = provision(house, asked)
    assert made.step("machine")["state"] == "PRUNE"
    assert made.task["result"] == {"login": house.login, "accounts": "DONE, DONE", "machine": "none"}
    assert "machine" not in house.body()


def test_a_refusal_ends_it_and_tells_those_who_watch(house: House) -> None:
    asked = house.ask()
    asked.by(house.service.someone("boss")).resolve(decision="refuse")
    asked.wait_for("DONE")
    assert asked.states() == {"decision": "REFUSED", "provision": "PRUNE", "tellRefusal": "DONE"}
    assert asked.step("decision")["error"] == "refused by boss"
    assert asked.task["result"] == {"decision": "refuse", "login": ""}
    assert (house.accounts, house.mails()) == ({}, [])


def test_an_account_that_is_there_already_is_as_good(house: House) -> None:
    house.accounts["chat"] = "made by hand"
    made = provision(house, approved(house).wait_for("DONE"))
    assert made.task["result"]["accounts"] == "ALREADY_THERE, DONE"
    assert house.accounts["chat"] == "made by hand"


def test_an_account_that_is_refused_blocks_and_is_mended_alone(house: House) -> None:
    house.refused_system = "mail"
    asked = approved(house)
    made = provision(house, asked).wait_for("BLOCKED_BADREQUEST")
    accounts = {name: state for name, state in made.states().items() if name.startswith("account-")}
    assert accounts == {"account-0": "DONE", "account-1": "CLIENT_ERROR"}
    asked.wait_for("BLOCKED_BADREQUEST")
    assert house.mails() == []
    house.refused_system = ""
    made.mended().wait_for("DONE")
    assert made.task["result"]["accounts"] == "DONE, DONE"
    asked.by(house.service.admin).mended().wait_for("DONE")
    assert house.mails() == ["Welcome, Zoë!"]


def test_a_machine_that_is_not_ready_is_asked_for_again(house: House) -> None:
    house.machine = ["installing", "ready"]
    asked = approved(house, needs_machine=True)
    machine = provision(house, asked).child("machine").wait_for("ERROR")
    assert machine.step("ready")["state"] == "TO_RETRY"
    assert machine.step("ready")["error"] == "the machine is installing"
    machine.mended().wait_for("DONE")
    asked.wait_for("DONE")


def test_a_machine_that_cannot_be_made_is_somebodys_affair(house: House) -> None:
    house.machine = ["failed"]
    machine = provision(house, approved(house, needs_machine=True)).child("machine").wait_for("BLOCKED_BADREQUEST")
    assert machine.step("ready")["error"] == "the machine could not be made"


def test_a_mail_that_is_refused_blocks_and_nothing_is_made_twice(house: House) -> None:
    house.service.mailbox.answers[house.person["private_email"]] = "552 mailbox full"
    asked = approved(house)
    made = provision(house, asked).wait_for("BLOCKED_BADREQUEST")
    assert "552" in made.step("welcome")["error"]
    house.service.mailbox.answers.clear()
    made.mended().wait_for("DONE")
    assert made.task["result"]["accounts"] == "DONE, DONE"


def test_a_pin_is_shown_to_nobody(house: House) -> None:
    asked = approved(house).wait_for("DONE")
    for shown in (asked, provision(house, asked)):
        assert PIN not in json.dumps(shown.task) + json.dumps(shown.resolution)


def test_what_is_behind_an_approval_cannot_be_started_without(house: House) -> None:
    requester = house.service.someone("req")
    alone = requester.ask("on-boarding-provision", house.person | {"cost_centre": "none"})
    assert alone.task["state"] == "TODO"
    requester.call("POST", "/resolution", {"task_id": alone.id}, status=403)
    assert house.accounts == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("team", "cooks"),
        ("systems", ["chat", "radio"]),
        ("badge_pin", "12"),
        ("needs_machine", "yes"),
        ("memory_gb", 5),
        ("private_email", "nobody"),
        ("start_date", "1.2.2031"),
        ("first_name", ""),
    ],
)
def test_a_form_that_is_filled_in_wrongly_is_refused_at_its_field(house: House, name: str, value: object) -> None:
    body = {"template_name": "on-boarding", "input": house.person | {name: value}}
    assert name in house.service.someone("req").call("POST", "/task", body, status=400)["error"]


def question(house: House) -> tuple[Asked, str]:
    """A task that waits for the manager, and the link in his mail."""
    asked = house.service.someone("boss").ask(
        "on-boarding-by-mail", house.person | {"manager_email": "chief@example.org"}
    )
    asked.wait_for("WAITING")
    assert house.mails() == [f"May Zoë {house.last_name} join support?"]
    link = re.search(r"http://\S+", house.body())
    assert link is not None
    return asked, link.group()


def test_the_manager_approves_by_the_form_behind_the_link(house: House) -> None:
    asked, link = question(house)
    page = unescape(requests.get(link, headers={"Accept": "text/html"}, timeout=10).text)
    assert f"May Zoë {house.last_name} join support?" in page
    assert 'name="cost_centre"' in page
    action = re.search(r'<form[^>]* action="([^"]+)"', page)
    assert action is not None
    answer = requests.post(
        urljoin(link, action.group(1)), data={"decision": '"approve"', "cost_centre": "CC-7777"}, timeout=10
    )
    assert answer.ok, answer.text
    asked.wait_for("DONE")
    assert asked.task["result"] == {"decision": "approve", "login": house.login}
    assert house.accounts["mail"]["cost_centre"] == "CC-7777"


def test_an_answer_counts_once_and_only_if_it_fits(house: House) -> None:
    asked, link = question(house)
    assert requests.post(link, json={"decision": "perhaps"}, timeout=10).status_code == 400
    assert requests.post(link.replace("t=", "t=x"), json={"decision": "approve"}, timeout=10).status_code >= 400
    assert requests.post(link, json={"decision": "refuse"}, timeout=10).ok
    asked.wait_for("DONE")
    assert requests.post(link, json={"decision": "approve"}, timeout=10).status_code >= 400
    assert asked.states() == {"question": "DONE", "ask": "DONE", "decision": "REFUSED", "provision": "PRUNE"}
    assert asked.task["result"] == {"decision": "refuse", "login": ""}
    assert house.accounts == {}
