"""The people and templates of the API's tests in a database, and a browser of pages for each of them."""

import re
import textwrap
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tasks.models import Task
from tasks.runner import resident
from tasks.runner.coordinator import Coordinator
from tasks.services import identity, tasks
from tasks.services.actors import Actor
from tasks.services.catalog import registry
from tests.api.loading import load_once
from tests.api.world import PEOPLE, write_folders
from tests.runner.turns import settle

MORE = {
    "asks": """
        name: asks
        description: Asks for everything
        title_format: asks {{.input.text}}
        inputs:
          - {name: text, description: A text, regex: '^[a-z]+$'}
          - {name: pass, description: A password, type: password}
          - {name: number, description: A number, type: number, default: 1}
          - {name: flag, description: Yes or no, type: bool, optional: true}
          - {name: choice, description: One of them, legal_values: [red, green], optional: true}
          - {name: many, description: Several, collection: true, type: number, optional: true}
          - {name: kept, description: Out of sight, hidden: true, default: kept}
        auto_runnable: true
        steps:
          tell:
            description: Tell the password
            action: {type: echo, configuration: {output: {said: "it is {{.input.pass}}"}}}
    """,
    "loops": """
        name: loops
        description: Loops over a list
        title_format: loops
        inputs: [{name: list, description: A list, collection: true}]
        auto_runnable: true
        steps:
          each:
            description: Each of them
            foreach: '{{toJson .input.list}}'
            action: {type: echo, configuration: {output: {it: "{{.iterator}}"}}}
            conditions:
              - {type: skip, if: [{value: "{{.iterator}}", operator: EQ, expected: bad}], then: {this: CLIENT_ERROR}}
    """,
}


class Visitor:
    """Somebody who is logged in to the admin."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = Client()
        if name:
            self.client.force_login(User.objects.get(username=name))

    def get(self, path: str, status: int = 200) -> str:
        """The page's text."""
        answer = self.client.get(f"/admin/{path}")
        assert answer.status_code == status, answer.content.decode()[:2000]
        return unescape(answer.content.decode())

    def post(self, path: str, status: int = 302, **fields: Any) -> Any:
        """What is answered when a form is sent."""
        answer = self.client.post(f"/admin/{path}", fields)
        assert answer.status_code == status, answer.content.decode()[:2000]
        return answer

    def told(self, path: str, **fields: Any) -> str:
        """The message on the page that a form leads to."""
        answer = self.client.post(f"/admin/{path}", fields, follow=True)
        return "; ".join(str(message) for message in answer.context["messages"])


def buttons(page: str) -> dict[str, str]:
    """The deeds that a task's page offers: label -> why not ("" where it can be done)."""
    head = page[page.index('id="head"') :].partition("</section>")[0]
    actions = head[head.index('class="actions"') :]
    found = {}
    for tag, label in re.findall(r"<(?:button|a)\b([^>]*)>([^<]*)<", actions):
        if "data-document" not in tag and "data-again" not in tag:
            why = re.search(r'title="([^"]*)"', tag)
            found[label] = why.group(1) if why and "aria-disabled" in tag else ""
    return found


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> None:
    """Templates are loaded, people have accounts; nobody but ``adm`` is staff or superuser."""
    templates, functions, scripts = write_folders(tmp_path)
    for name, text in MORE.items():
        (templates / f"{name}.yaml").write_text(textwrap.dedent(text))
    settings.UTASK_BASE_URL = "http://utask.example"
    settings.UTASK_SCRIPTS_PATH = [scripts]
    registry.cache_clear()
    load_once(templates, functions)
    for name, groups in PEOPLE.items():
        user = User.objects.create(username=name, is_superuser=name == "adm", is_staff=name == "adm")
        user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])


@pytest.fixture
def visit(world: None) -> Callable[[str], Visitor]:
    """A visitor of this name; "" is nobody."""
    return Visitor


@pytest.fixture
def acting(world: None) -> Callable[[str], Actor]:
    """The acting user of this name."""
    return lambda name: identity.actor_of_user(User.objects.get(username=name))


@pytest.fixture
def make(acting: Callable[[str], Actor]) -> Callable[..., Task]:
    """A new task: ``make("dummy", by="req", id="x")``."""

    def made(template: str, *, by: str = "req", new: Any = None, **inputs: Any) -> Task:
        return tasks.create_task(acting(by), template, inputs or {"id": "x"}, new)

    return made


@pytest.fixture
def run(transactional_db: None, world: None) -> Iterator[Callable[[], None]]:
    """Let a runner work until nothing moves by itself any more."""
    coordinator: Coordinator = resident.make()
    yield lambda: settle(coordinator)
    coordinator.work.stop_all()
    coordinator.work.hands.close()
    coordinator.presence.end(coordinator.fence.runner_id)
