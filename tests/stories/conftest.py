"""One running service with the templates that ship, and the peers that they speak to."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.cluster.processes import ROOT, Command
from tests.conftest import MigratedDatabase
from tests.peers.ports import free_port
from tests.peers.smtp import Mailbox, running_smtp
from tests.peers.web import WebPeer
from tests.peers.webhooks import webhook
from tests.stories.asking import PASSWORD, Client
from tests.stories.certificates import Certificates, running_certificates

#: Names of the services that give scores, in alphabetical order.
SERVICES = ("address", "card", "history")


@dataclass(frozen=True)
class Service:
    """The service as it runs for people, and those whom it speaks to."""

    url: str
    command: Command
    house: WebPeer
    mailbox: Mailbox
    certificates: Certificates

    def someone(self, name: str) -> Client:
        return Client(self.url, name)

    @property
    def admin(self) -> Client:
        return self.someone("admin")

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/unsecured/mon/ping", timeout=5).text == "pong"
        except requests.RequestException:
            return False


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Service]:
    """One service for all stories; the fixture's name makes them run on both databases."""
    folder = tmp_path_factory.mktemp("stories")
    web = WebPeer()
    with (
        web.serving() as house,
        running_smtp() as mailbox,
        running_certificates(folder / "certificates") as certificates,
        migrated_database(folder) as database,
    ):
        started = _started(folder, database, house, mailbox, certificates)
        try:
            started.command.wait_for(started.answers, "an answer")
            yield started
        finally:
            started.command.end()


def _started(folder: Path, database: str, house: WebPeer, mailbox: Mailbox, certificates: Certificates) -> Service:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    items = folder / "items.json"
    values = _people(house) | _items(house) | certificates.items()
    items.write_text(json.dumps([{"key": key, "value": json.dumps(value)} for key, value in values.items()]))
    command = Command(
        "up",
        folder=folder,
        database=database,
        settings="tests.stories.settings",
        PORT=str(port),
        UTASK_ADMIN_PASSWORD=PASSWORD,
        UTASK_BASE_URL=url,
        UTASK_WORKERS="1",
        CONFIGURATION_FROM=f"file:{items}",
        STORIES_FUNCTIONS=str(_functions(folder, mailbox.port)),
    ).start()
    return Service(url, command, house, mailbox, certificates)


def _functions(folder: Path, smtp_port: int) -> Path:
    """The functions that ship, but the mail server has the stand-in's port."""
    copied = folder / "functions"
    shutil.copytree(ROOT / "templates_yaml" / "functions", copied)
    mail = copied / "mail.yaml"
    mail.write_text(re.sub(r"smtp_port: '587'", f"smtp_port: '{smtp_port}'", mail.read_text()))
    return copied


def _people(house: WebPeer) -> dict[str, object]:
    names = ("req", "boss", "judge", "webby", "certificate-monitor")
    return {
        "utask-cfg": {
            "admin_usernames": ["admin"],
            "notify_config": {"hook": {"type": "webhook", "config": {"webhook_url": webhook(house)}}},
        },
        "basic-auth": dict.fromkeys(names, PASSWORD),
        "groups-auth": {"on-boarding": ["boss"], "antifraud": ["judge"], "web-masters": ["webby"]},
    }


def _items(house: WebPeer) -> dict[str, object]:
    return {
        "smtp": {"hostname": "127.0.0.1", "from": "staff@example.org", "from_name": "The staff office"},
        "onboarding": {
            "accounts_url": f"{house.url}/systems",
            "badges_url": house.url,
            "machines_url": house.url,
            "token": "staff-token",
        },
        "antifraud": {
            "services": {name: {"url": f"{house.url}/scores/{name}", "token": f"{name}-token"} for name in SERVICES},
            "shop_url": f"{house.url}/shop",
            "shop_token": "shop-token",
            "trusted_from": 70,
            "refused_below": 30,
        },
    }
