"""Failed log-ins are limited, whatever the way, and over all processes."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token

from tasks.config import current
from tasks.models import FailedLogin, clock
from tasks.services import logins

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="a good password")


def basic(name: str, password: str, address: str = HERE) -> int:
    header = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return Client().get("/meta", headers={"Authorization": header}, REMOTE_ADDR=address).status_code


def form(name: str, password: str, address: str = HERE) -> int:
    """302: let in; 200: the form again."""
    given = {"username": name, "password": password}
    return Client().post("/admin/login/", given, REMOTE_ADDR=address).status_code


@pytest.mark.parametrize(("way", "right", "wrong", "limited"), [(basic, 200, 401, 429), (form, 302, 200, 200)])
def test_a_right_password_does_not_help_after_too_many_wrong_ones(
    ann: User, way: Callable[..., int], right: int, wrong: int, limited: int
) -> None:
    assert [way("ann", "guess") for _ in range(logins.MOST_OF_PAIR)] == [wrong] * logins.MOST_OF_PAIR
    assert way("ann", "a good password") == limited
    assert way("ann", "a good password", ELSEWHERE) == right
    FailedLogin.objects.update(since=clock.now() - logins.SPAN - timedelta(seconds=1))
    assert way("ann", "a good password") == right


@pytest.mark.parametrize("name", ["ann", "nobody has this name"])
def test_the_form_says_that_there_were_too_many_and_not_whether_the_name_exists(ann: User, name: str) -> None:
    def page() -> str:
        return (
            Client().post("/admin/login/", {"username": name, "password": "guess"}, REMOTE_ADDR=HERE).content.decode()
        )

    said = "Too many failed log-ins; wait five minutes, then try again."
    assert not any(said in page() for _ in range(logins.MOST_OF_PAIR))
    assert said in page()


def test_both_ways_count_together(ann: User) -> None:
    for _ in range(3):
        basic("ann", "guess")
    for _ in range(2):
        form("ann", "guess")
    assert basic("ann", "a good password") == 429


def test_an_address_that_tries_many_names_is_shut_out(ann: User) -> None:
    for number in range(logins.MOST_OF_ADDRESS):
        basic(f"name{number}", "guess")
    assert basic("ann", "a good password") == 429
    assert basic("ann", "a good password", ELSEWHERE) == 200


def test_a_name_that_is_tried_from_everywhere_is_shut_for_a_while(ann: User) -> None:
    for number in range(logins.MOST_OF_NAME):
        logins.failed("ann", f"198.51.100.{number}")
    assert basic("ann", "a good password") == 429


def test_a_limit_is_not_prolonged_by_tries_that_are_refused_unseen(ann: User) -> None:
    for _ in range(logins.MOST_OF_PAIR):
        form("ann", "guess")
    before = set(FailedLogin.objects.values_list("key", "failures"))
    for _ in range(3):
        form("ann", "guess")
    assert set(FailedLogin.objects.values_list("key", "failures")) == before


def test_passwords_of_the_configuration_are_limited_too(db: None, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("ITEM_UTASK_CFG", '{"admin_usernames": ["root"]}')
    monkeypatch.setenv("ITEM_BASIC_AUTH", f'{{"dev": "{make_password("right")}"}}')
    settings.CONFIGURATION_FROM = "env:ITEM"
    monkeypatch.setattr(current, "_current", None)
    for _ in range(logins.MOST_OF_PAIR):
        assert basic("dev", "guess") == 401
    assert basic("dev", "right") == 429
    assert basic("dev", "right", ELSEWHERE) == 200


def test_wrong_tokens_are_limited_apart_from_passwords(ann: User) -> None:
    token = Token.objects.create(user=ann)

    def by(key: str) -> int:
        return Client().get("/meta", headers={"Authorization": f"Token {key}"}, REMOTE_ADDR=HERE).status_code

    for _ in range(logins.MOST_OF_TOKENS):
        assert by("x" * 40) == 401
    assert by(token.key) == 429
    assert basic("ann", "a good password") == 200


def test_what_was_typed_as_a_name_is_not_stored(ann: User) -> None:
    form("my secret password", "x")
    assert FailedLogin.objects.count() == 3
    assert not FailedLogin.objects.filter(key__contains="secret").exists()


def test_a_forwarded_address_is_believed_from_a_proxy_only(ann: User) -> None:
    def by(forwarded: str, peer: str) -> int:
        header = "Basic " + b64encode(b"ann:guess").decode()
        headers = {"Authorization": header, "X-Forwarded-For": forwarded}
        return Client().get("/meta", headers=headers, REMOTE_ADDR=peer).status_code

    # A client that names another address each time is still one address.
    assert [by(f"198.51.100.{n}", HERE) for n in range(6)] == [401] * 5 + [429]
    assert by("198.51.100.9", "127.0.0.1") == 401
