"""Each way to say who one is: let in, not let in (401), let in but not allowed (403), and forged headers."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as settings_of_project
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from rest_framework.authtoken.models import Token

from tasks.config import current
from tasks.models import clock
from tasks.services import maintenance, providers, tasks
from tasks.services.actors import Actor
from tasks.services.identity import actor_named

PROXY, STRANGER = "127.0.0.1", "203.0.113.5"
FORGED = {"X-Remote-User": "root", "X-Remote-Groups": "wheel", "X-Forwarded-For": PROXY, "X-Forwarded-User": "root"}
Ask = Callable[..., Any]


@pytest.fixture
def installed(world: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Accounts, items, a header from a proxy, a plugin: all at once."""
    ann = User.objects.create_user("ann", password="a good password")
    ann.groups.add(Group.objects.create(name="sre"))
    Token.objects.create(user=ann, key="a" * 40)
    log_in(ann, "s" * 32)
    User.objects.create_superuser("root", password="another password")
    settings.UTASK_REMOTE_USER_HEADER, settings.UTASK_REMOTE_GROUPS_HEADER = "X-Remote-User", "X-Remote-Groups"
    settings.UTASK_TRUSTED_PROXIES = [PROXY]
    settings.CONFIGURATION_FROM = "env:ITEM"
    monkeypatch.setenv("ITEM_UTASK_CFG", '{"admin_groups": ["wheel"]}')
    monkeypatch.setenv("ITEM_BASIC_AUTH", '{"ann-of-items": "pass"}')
    monkeypatch.setenv("ITEM_GROUPS_AUTH", '{"network": ["ann", "ann-of-items"]}')
    monkeypatch.setattr(current, "_current", None)

    def identify(request: Any) -> providers.Identity | None:
        name = request.headers.get("X-Plugin", "")
        if name == "bad":
            raise providers.Unauthenticated
        return providers.Identity(name, ("plugged",)) if name else None

    providers.use("test", identify)
    yield
    providers.use("", None)


def log_in(user: User, key: str) -> None:
    """A session under this key, as the admin's log-in page makes it."""
    held = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings_of_project.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    until = clock.now() + timedelta(hours=1)
    Session.objects.create(session_key=key, session_data=SessionStore().encode(held), expire_date=until)


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def session(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


#: Way -> (headers that are right, headers that are wrong, from where, who it is, his groups).
WAYS: dict[str, tuple[dict[str, str], dict[str, str], str, str, list[str]]] = {
    "account": (basic("ann", "a good password"), basic("ann", "wrong"), STRANGER, "ann", ["network", "sre"]),
    "item": (basic("ann-of-items", "pass"), basic("ann-of-items", "wrong"), STRANGER, "ann-of-items", ["network"]),
    "token": (
        {"Authorization": "Bearer " + "a" * 40},
        {"Authorization": "Bearer " + "b" * 40},
        STRANGER,
        "ann",
        ["network", "sre"],
    ),
    "proxy": (
        {"X-Remote-User": "ann", "X-Remote-Groups": "ops, dba"},
        {"X-Remote-User": " "},
        PROXY,
        "ann",
        ["dba", "network", "ops", "sre"],
    ),
    # So does whoever came through an OpenID Connect provider.
    "session": (
        {"Cookie": "sessionid=" + "s" * 32},
        {"Cookie": "sessionid=" + "t" * 32},
        STRANGER,
        "ann",
        ["network", "sre"],
    ),
    "plugin": ({"X-Plugin": "zoe"}, {"X-Plugin": "bad"}, STRANGER, "zoe", ["plugged"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_right_word_lets_in_and_the_wrong_one_does_not(installed: None, way: str) -> None:
    right, wrong, address, name, groups = WAYS[way]
    answer = Client().get("/meta", headers=right, REMOTE_ADDR=address)
    assert answer.status_code == 200
    assert (answer.json()["username"], answer.json()["user_groups"]) == (name, groups)
    assert answer.json()["user_is_admin"] is False
    refused = Client().get("/meta", headers=wrong, REMOTE_ADDR=address)
    assert (refused.status_code, refused.content) == (401, b"")


@pytest.mark.parametrize("way", WAYS)
def test_who_is_let_in_does_not_see_what_is_not_his(installed: None, way: str) -> None:
    right, _, address, name, _ = WAYS[way]
    task = tasks.create_task(actor_named("somebody else"), "dummy", {"id": "x"})
    mine = tasks.create_task(actor_named(name), "dummy", {"id": "x"})
    client = Client()
    assert client.get(f"/task/{task.public_id}", headers=right, REMOTE_ADDR=address).status_code == 403
    assert client.get(f"/task/{mine.public_id}", headers=right, REMOTE_ADDR=address).status_code == 200
    # Administrators only: as the original answers.
    assert client.post("/key-rotate", headers=right, REMOTE_ADDR=address).status_code == 401


@pytest.mark.parametrize("way", [way for way in WAYS if way != "proxy"])
def test_forged_headers_change_nothing(installed: None, way: str) -> None:
    right, wrong, address, name, groups = WAYS[way]
    answer = Client().get("/meta", headers=FORGED | right, REMOTE_ADDR=address)
    assert (answer.json()["username"], answer.json()["user_groups"]) == (name, groups)
    assert answer.json()["user_is_admin"] is False
    assert Client().get("/meta", headers=FORGED | wrong, REMOTE_ADDR=address).status_code == 401


@pytest.mark.parametrize("address", [STRANGER, "127.0.0.2", "::ffff:203.0.113.5", "", "not an address"])
def test_a_header_from_any_other_address_is_nobody(installed: None, address: str) -> None:
    assert Client().get("/meta", headers=FORGED, REMOTE_ADDR=address).status_code == 401


@pytest.mark.parametrize("name", ["X_Remote_User", "x-remote_user"])
def test_a_header_spelled_with_underscores_is_nobody_from_a_stranger(installed: None, name: str) -> None:
    assert Client().get("/meta", headers={name: "root"}, REMOTE_ADDR=STRANGER).status_code == 401


def test_the_groups_alone_name_nobody(installed: None) -> None:
    assert Client().get("/meta", headers={"X-Remote-Groups": "wheel"}, REMOTE_ADDR=PROXY).status_code == 401


def test_a_group_that_the_proxy_names_may_be_that_of_administrators(installed: None) -> None:
    given = {"X-Remote-User": "zoe", "X-Remote-Groups": "wheel"}
    assert Client().get("/meta", headers=given, REMOTE_ADDR=PROXY).json()["user_is_admin"] is True


def test_without_its_name_no_header_is_believed(installed: None, settings: Any) -> None:
    settings.UTASK_REMOTE_USER_HEADER = ""
    assert Client().get("/meta", headers=FORGED, REMOTE_ADDR=PROXY).status_code == 401


def test_an_account_that_is_shut_is_shut_for_every_way(installed: None) -> None:
    client = session("ann")
    assert client.get("/meta").status_code == 200
    User.objects.filter(username="ann").update(is_active=False)
    assert client.get("/meta").status_code == 401
    for way in ("account", "token", "session", "proxy"):
        right, _, address, _, _ = WAYS[way]
        assert Client().get("/meta", headers=right, REMOTE_ADDR=address).status_code == 401, way


def test_the_item_with_passwords_is_warned_of(installed: None) -> None:
    from tasks.apps import check_configuration

    assert "utask.W002" in [message.id for message in check_configuration()]


@pytest.mark.parametrize("name", ["ann", "zoe"])
def test_whom_the_proxy_names_is_in_the_admin_without_logging_in(installed: None, name: str) -> None:
    client = Client(headers={"X-Remote-User": name}, REMOTE_ADDR=PROXY)
    answer = client.get("/admin/")
    assert (answer.status_code, answer.wsgi_request.user.username) == (200, name)
    assert "sessionid" not in client.cookies
    assert client.get("/admin/auth/user/").status_code in (302, 403)
    assert User.objects.get(username=name).has_usable_password() is (name == "ann")


@pytest.mark.parametrize("address", [STRANGER, "127.0.0.2", "", "not an address"])
def test_a_forged_header_does_not_open_the_admin(installed: None, address: str) -> None:
    assert Client().get("/admin/", headers=FORGED, REMOTE_ADDR=address).status_code == 302
    forged = FORGED | {"X-Remote-User": "new"}
    Client().get("/admin/", headers=forged, REMOTE_ADDR=address)
    assert not User.objects.filter(username="new").exists()


def test_a_forged_header_does_not_change_who_is_logged_in(installed: None) -> None:
    answer = session("ann").get("/admin/", headers=FORGED, REMOTE_ADDR=STRANGER)
    assert answer.wsgi_request.user.username == "ann"


def test_the_proxys_word_counts_more_than_a_session_and_ends_with_it(installed: None) -> None:
    client = session("ann")
    named = client.get("/admin/", headers={"X-Remote-User": "root"}, REMOTE_ADDR=PROXY)
    assert named.wsgi_request.user.username == "root"
    assert client.get("/admin/", REMOTE_ADDR=PROXY).wsgi_request.user.username == "ann"


def test_a_shut_account_is_shut_in_the_admin_for_the_proxy_too(installed: None) -> None:
    User.objects.filter(username="ann").update(is_active=False)
    answer = Client().get("/admin/", headers={"X-Remote-User": "ann"}, REMOTE_ADDR=PROXY)
    assert answer.status_code == 302


@pytest.mark.parametrize("how", ["by setting", "by an administrator"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_in_maintenance_mode_no_account_is_made_for_a_new_name(
    installed: None, settings: Any, method: str, how: str
) -> None:
    if how == "by setting":
        settings.UTASK_MAINTENANCE = True
    else:
        maintenance.switch(Actor("adm", is_admin=True), on=True)
    before = User.objects.count()
    client = Client(headers={"X-Remote-User": "new"}, REMOTE_ADDR=PROXY)
    for path in ("/admin/", "/admin/tasks/", "/admin/login/", "/admin/auth/user/"):
        answer = getattr(client, method)(path)
        assert answer.status_code == 503
        assert "maintenance mode, in which nothing is written" in answer.content.decode()
        assert answer.headers["Retry-After"] == "60"
    assert User.objects.count() == before
    # The API makes no accounts: there he reads as ever.
    assert client.get("/meta").json()["username"] == "new"
    assert User.objects.count() == before
    known = Client().get("/admin/", headers={"X-Remote-User": "ann"}, REMOTE_ADDR=PROXY)
    assert known.status_code == 200


def test_a_new_name_has_its_account_when_the_maintenance_is_over(installed: None) -> None:
    admin = Actor("adm", is_admin=True)
    maintenance.switch(admin, on=True)
    client = Client(headers={"X-Remote-User": "new"}, REMOTE_ADDR=PROXY)
    assert client.get("/admin/").status_code == 503
    maintenance.switch(admin, on=False)
    assert client.get("/admin/").status_code == 200
    assert User.objects.filter(username="new").count() == 1


def test_a_write_to_the_admin_through_the_proxy_needs_the_csrf_token(installed: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"X-Remote-User": "root"}, REMOTE_ADDR=PROXY)
    assert client.post("/admin/auth/user/add/", {}).status_code == 403


def test_groups_of_the_proxy_count_in_the_admin(installed: None) -> None:
    task = tasks.create_task(actor_named("somebody else"), "dummy", {"id": "x"})
    path = f"/admin/tasks/{task.public_id}/"
    given = {"X-Remote-User": "zoe", "X-Remote-Groups": "wheel"}
    assert Client().get(path, headers=given, REMOTE_ADDR=PROXY).status_code == 200
    assert Client().get(path, headers={"X-Remote-User": "zoe"}, REMOTE_ADDR=PROXY).status_code != 200
