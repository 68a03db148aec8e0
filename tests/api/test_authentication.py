"""Who is asking: names and passwords, tokens, sessions, trusted proxies; and what is refused."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token

from tasks.api import authentication
from tasks.config import current


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="a good password")


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[pytest.MonkeyPatch]:
    """Configuration items, given as variables."""
    settings.CONFIGURATION_FROM = "env:ITEM"
    monkeypatch.setenv("ITEM_UTASK_CFG", '{"admin_usernames": ["root"], "admin_groups": ["wheel"]}')
    monkeypatch.setattr(current, "_current", None)
    yield monkeypatch
    monkeypatch.undo()
    current._current = None


def who(headers: dict[str, str], client: Client | None = None, **more: str) -> str:
    """The name that the service knows us by; the status where it does not."""
    answer = (client or Client()).get("/meta", headers=headers, **more)
    return answer.json()["username"] if answer.status_code == 200 else str(answer.status_code)


def test_a_name_and_a_password(ann: User) -> None:
    assert who(basic("ann", "a good password")) == "ann"
    assert who(basic("ann", "a bad password")) == "401"
    assert who(basic("bob", "a good password")) == "401"


@pytest.mark.parametrize(
    "header", ["Basic", "Basic x", "Basic ====", "Basic " + b64encode(b"ann").decode(), "Nonsense"]
)
def test_a_header_that_cannot_be_read_is_401(ann: User, header: str) -> None:
    assert who({"Authorization": header}) == "401"


def test_a_right_header_is_remembered_until_the_password_changes(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    right = basic("ann", "a good password")
    assert who(right) == "ann"
    checked = []
    original = authentication.authentication.BasicAuthentication.authenticate_credentials
    monkeypatch.setattr(
        authentication.authentication.BasicAuthentication,
        "authenticate_credentials",
        lambda *given, **more: checked.append(1) or original(*given, **more),
    )
    assert who(right) == "ann"
    assert not checked
    ann.set_password("another password")
    ann.save()
    assert who(right) == "401"
    assert checked


def test_a_right_header_does_not_outlive_its_account(ann: User) -> None:
    assert who(basic("ann", "a good password")) == "ann"
    User.objects.update(is_active=False)
    assert who(basic("ann", "a good password")) == "401"


def test_whoever_guesses_has_to_wait(ann: User) -> None:
    assert who(basic("ann", "a good password")) == "ann"
    statuses = [who(basic("ann", f"guess {number}")) for number in range(7)]
    assert statuses == ["401"] * 5 + ["429"] * 2
    assert who(basic("ann", "a good password")) == "ann"  # was right before, so it costs nothing to look at
    assert who(basic("ann", "guess"), REMOTE_ADDR="192.0.2.9") == "401"
    assert who(basic("bob", "guess")) == "401"


@pytest.mark.parametrize("word", ["Token", "Bearer", "bearer"])
def test_a_token(ann: User, word: str) -> None:
    token = Token.objects.create(user=ann)
    assert who({"Authorization": f"{word} {token.key}"}) == "ann"
    assert who({"Authorization": f"{word} {token.key[:-1]}"}) == "401"
    token.delete()
    assert who({"Authorization": f"{word} {token.key}"}) == "401"


def test_a_session_reads_and_needs_a_proof_to_write(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert who({}, client) == "ann"
    assert client.post("/task", "{}", content_type="application/json").status_code == 403
    same = client.post("/task", "{}", content_type="application/json", headers={"Sec-Fetch-Site": "same-origin"})
    assert same.status_code == 400  # the body is looked at


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_page_of_another_site_cannot_write_with_remembered_credentials(ann: User, kind: str) -> None:
    headers = basic("ann", "a good password") | {"Sec-Fetch-Site": "cross-site"}
    assert Client().post("/task", "{}", content_type=kind, headers=headers).status_code == 403
    asked = Client().post("/task", "{}", content_type="application/json", headers=headers)
    assert asked.status_code == 400  # a browser asks us first whether it may send this


def test_the_challenge_is_not_for_scripts_of_pages(ann: User) -> None:
    assert Client().get("/meta").headers["WWW-Authenticate"].startswith("Basic realm=")
    assert "WWW-Authenticate" not in Client().get("/meta", headers={"X-Requested-With": "XMLHttpRequest"}).headers


def test_a_header_names_nobody_unless_it_is_configured_and_comes_from_a_trusted_proxy(db: None, settings: Any) -> None:
    given = {"X-Remote-User": "eve"}
    assert who(given) == "401"
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    assert who(given) == "eve"
    assert who(given, REMOTE_ADDR="10.1.2.3") == "401"
    settings.UTASK_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert who(given, REMOTE_ADDR="10.1.2.3") == "eve"
    assert who(given, REMOTE_ADDR="127.0.0.1") == "401"


@pytest.mark.parametrize("name", ["", "  "])
def test_the_empty_name_is_nobody(db: None, settings: Any, name: str) -> None:
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    assert who({"X-Remote-User": name}) == "401"


def test_a_name_in_a_header_is_utf_8(db: None, settings: Any) -> None:
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    assert who({}, HTTP_X_REMOTE_USER="zoë".encode().decode("latin-1")) == "zoë"


def test_an_account_that_is_shut_stays_shut_behind_a_proxy(ann: User, settings: Any) -> None:
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    User.objects.update(is_active=False)
    assert who({"X-Remote-User": "ann"}) == "401"


@pytest.mark.parametrize("stored", ["secret words", "pbkdf2"])
def test_users_of_the_configuration(db: None, items: pytest.MonkeyPatch, stored: str) -> None:
    from django.contrib.auth.hashers import make_password

    password = make_password("secret words") if stored == "pbkdf2" else stored
    items.setenv("ITEM_BASIC_AUTH", f'{{"root": "{password}", "joe": "{password}"}}')
    items.setenv("ITEM_GROUPS_AUTH", '{"wheel": ["joe"], "empty": []}')
    for _ in range(2):
        assert who(basic("root", "secret words")) == "root"
    assert who(basic("root", "wrong words")) == "401"
    mine = Client().get("/meta", headers=basic("joe", "secret words")).json()
    assert (mine["user_groups"], mine["user_is_admin"]) == (["wheel"], True)


def test_a_changed_configuration_ends_what_was_remembered(db: None, items: pytest.MonkeyPatch) -> None:
    items.setenv("ITEM_BASIC_AUTH", '{"root": "secret words"}')
    assert who(basic("root", "secret words")) == "root"
    items.setenv("ITEM_BASIC_AUTH", '{"root": "other words"}')
    current.reload()
    assert who(basic("root", "secret words")) == "401"


def test_the_address_is_that_of_who_asked_a_trusted_proxy(settings: Any) -> None:
    from tasks.services.addresses import address_of

    settings.UTASK_TRUSTED_PROXIES = ["127.0.0.1", "10.0.0.0/8"]
    forged = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 2.2.2.2, 10.0.0.7"}
    assert address_of({"REMOTE_ADDR": "127.0.0.1"} | forged) == "2.2.2.2"
    assert address_of({"REMOTE_ADDR": "9.9.9.9"} | forged) == "9.9.9.9"
    assert address_of({"REMOTE_ADDR": "127.0.0.1"}) == "127.0.0.1"
    assert address_of({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "3.3.3.3"}) == "3.3.3.3"
    assert address_of({}) == ""
