"""Each story from its form in the admin to its end, as a person does it who never calls the API himself."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import requests

from tests.stories.asking import PASSWORD, Asked
from tests.stories.conftest import Service
from tests.stories.test_antifraud import Shop
from tests.stories.test_on_boarding import House, provision


class Console:
    """A browser of the administrator, without pictures."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._session = requests.Session()
        self.page("/admin/login/")
        self.send("/admin/login/", username="admin", password=PASSWORD, next="/admin/")

    def page(self, path: str) -> str:
        answer = self._session.get(self._service.url + path, timeout=30)
        assert answer.ok, answer.text
        return unescape(answer.text)

    def send(self, path: str, **fields: Any) -> str:
        """Send a form; the address that it leads to."""
        given = fields | {"csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        answer = self._session.post(self._service.url + path, data=given, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, unescape(answer.text)
        return str(answer.headers["Location"])

    def ask(self, template: str, inputs: dict[str, Any]) -> Asked:
        """Choose a template, fill in its form, send it."""
        assert f'/admin/new/{template}/"' in self.page("/admin/new/")
        form = self.page(f"/admin/new/{template}/")
        fields = {f"in-{name}": value for name, value in inputs.items()}
        assert all(f'name="{name}"' in form for name in fields), form
        place = self.send(f"/admin/new/{template}/", **fields)
        found = re.fullmatch(r"/admin/tasks/([0-9a-f-]{36})/", place)
        assert found is not None
        return Asked(self._service.admin, found.group(1))

    def resolve(self, task: Asked, inputs: dict[str, Any]) -> None:
        """Answer the form of the resolver."""
        path = f"/admin/tasks/{task.id}/resolve/"
        self.page(path)
        self.send(path, **{f"in-{name}": value for name, value in inputs.items()})


@pytest.fixture(scope="module")
def console(service: Service) -> Console:
    return Console(service)


@pytest.fixture
def shown(console: Console) -> Callable[[Asked, str], None]:
    """Says whether the task's page shows a text."""

    def shows(task: Asked, text: str) -> None:
        assert text in console.page(f"/admin/tasks/{task.id}/")

    return shows


def test_hello_world(console: Console, shown: Callable[[Asked, str], None]) -> None:
    task = console.ask("hello-world-now", {"language": '"french"'}).wait_for("DONE")
    shown(task, "Bonjour, tout le monde !")


@pytest.mark.parametrize(
    ("template", "inputs", "text"),
    [
        ("foreach-parallel", {"paths": ["/unsecured/time", ""]}, "200"),
        ("foreach-sequence", {"names": ["Zoë Müller", "Bob Stone"]}, "zmuller bstone"),
    ],
)
def test_loops(
    console: Console, shown: Callable[[Asked, str], None], template: str, inputs: dict[str, Any], text: str
) -> None:
    shown(console.ask(template, inputs).wait_for("DONE"), text)


def test_on_boarding_with_every_kind_of_field(
    console: Console, service: Service, shown: Callable[[Asked, str], None]
) -> None:
    house = House(service)
    more = {
        "systems": ['"chat"', '"wiki"'],
        "needs_machine": "true",
        "memory_gb": "16",
        "remark": "",
        "team": '"sales"',
    }
    task = console.ask("on-boarding", house.person | more)
    assert 'type="hidden" name="in-source"' in console.page("/admin/new/on-boarding/")
    console.resolve(task, {"decision": '"approve"', "cost_centre": ""})
    task.wait_for("DONE")
    shown(task, house.login)
    assert sorted(house.accounts) == ["chat", "wiki"]
    assert provision(house, task).child("machine").step("order")["output"] == {"ordered": 16}


def test_antifraud_with_a_human(console: Console, service: Service, shown: Callable[[Asked, str], None]) -> None:
    shop = Shop(service)
    shop.scores(40, 50, 60)
    order = {"order": shop.order, "email": "bob@example.org", "amount": "129.90", "country": "FR"}
    task = console.ask("antifraud", order).wait_for("WAITING")
    console.resolve(task.child("review"), {"score": "90", "reason": "known for years"})
    task.wait_for("DONE")
    shown(task, "accepted")
    assert shop.decisions == ["accepted"]


def test_a_certificate(console: Console, service: Service, shown: Callable[[Asked, str], None]) -> None:
    service.certificates.reset()
    task = console.ask("tls-certificate", {"domain": "localhost", "challenge": '"dns"'}).wait_for("DONE")
    shown(task, "2031-01-31")


def test_a_field_that_is_filled_in_wrongly_is_told_beside_it(console: Console, service: Service) -> None:
    with pytest.raises(AssertionError, match="email"):
        console.ask("antifraud", {"order": "O-1", "email": "nobody", "amount": "1", "country": "FR"})
