"""Logging in through an OpenID Connect provider, which here is one on loopback that signs its tokens."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.test import Client
from django.urls import clear_url_caches, include, path

from tasks.services import maintenance
from tasks.services.actors import Actor
from tests.peers.web import Received, Reply, WebPeer, json_reply
from utask_project import urls

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What it says can be changed by a test."""

    def __init__(self, web: WebPeer) -> None:
        self.web, self.key = web, KEY
        self.claims: dict[str, Any] = {}
        self.person = {"sub": "u-1", "preferred_username": "ann", "email": "ann@example.org", "groups": ["/sre", "net"]}
        self.nonce = ""
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "alg": "RS256"}
        web.on("/jwks", json_reply(json.dumps({"keys": [jwk]})))
        web.on("/userinfo", lambda got, _: json_reply(json.dumps(self.person)))
        web.on("/token", self.token)

    def token(self, got: Received, _: Any) -> Reply:
        asked = parse_qs(got.text)
        if asked.get("client_secret") != ["s3cret"] or "code_verifier" not in asked:
            return json_reply('{"error": "invalid_client"}', 401)
        now = int(time.time())
        claims = {"iss": self.web.url, "aud": "utask", "sub": "u-1", "iat": now, "exp": now + 60, "nonce": self.nonce}
        token = jwt.encode(claims | self.claims, self.key, "RS256", headers={"kid": "k1"})
        return json_reply(json.dumps({"access_token": "a", "id_token": token, "token_type": "Bearer"}))


@pytest.fixture
def provider(db: None, settings: Any) -> Iterator[Provider]:
    with WebPeer().serving() as web:
        settings.UTASK_OIDC_ISSUER = web.url
        settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = "utask", "s3cret"
        for name, at in (("AUTHORIZATION", "authorize"), ("TOKEN", "token"), ("USER", "userinfo"), ("JWKS", "jwks")):
            setattr(settings, f"OIDC_OP_{name}_ENDPOINT", f"{web.url}/{at}")
        settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "utask_project.oidc.OpenIDConnect"]
        urls.urlpatterns.insert(0, path("admin/oidc/", include("mozilla_django_oidc.urls")))
        clear_url_caches()
        yield Provider(web)
        del urls.urlpatterns[0]
        clear_url_caches()


@pytest.fixture
def come_back(provider: Provider) -> Callable[..., Client]:
    """Go to the provider and come back with a code."""

    def go(**changes: str) -> Client:
        client = Client()
        asked = client.get("/admin/oidc/authenticate/")
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.headers["Location"]).query).items()}
        assert query["code_challenge_method"] == "S256"
        provider.nonce = query["nonce"]
        client.get("/admin/oidc/callback/", {"code": "c", "state": query["state"], **changes})
        return client

    return go


def who(client: Client) -> str:
    answer = client.get("/meta")
    return answer.json()["username"] if answer.status_code == 200 else str(answer.status_code)


def test_the_first_log_in_makes_an_account_with_the_providers_groups(come_back: Callable[..., Client]) -> None:
    client = come_back()
    assert who(client) == "ann"
    assert client.get("/meta").json()["user_groups"] == ["net", "sre"]
    ann = User.objects.get()
    assert (ann.email, ann.is_superuser, ann.has_usable_password()) == ("ann@example.org", False, False)


def test_groups_follow_the_provider_at_each_log_in(come_back: Callable[..., Client], provider: Provider) -> None:
    come_back()
    provider.person["groups"] = ["net"]
    assert come_back().get("/meta").json()["user_groups"] == ["net"]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another client"},
        {"aud": ["utask", "another"], "azp": "another"},
        {"exp": 1},
        {"nonce": "replayed"},
        {"sub": "u-2"},
    ],
    ids=lambda claims: ",".join(claims),
)
def test_a_token_that_is_not_for_us_lets_nobody_in(
    come_back: Callable[..., Client], provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert who(come_back()) == "401"
    assert not User.objects.exists()


def test_a_token_that_somebody_else_signed_lets_nobody_in(come_back: Callable[..., Client], provider: Provider) -> None:
    provider.key = OTHER_KEY
    assert who(come_back()) == "401"


def test_an_answer_to_another_question_lets_nobody_in(come_back: Callable[..., Client]) -> None:
    assert who(come_back(state="made up")) == "401"


def test_who_has_no_name_does_not_come_in(come_back: Callable[..., Client], provider: Provider) -> None:
    del provider.person["preferred_username"]
    assert who(come_back()) == "401"


def test_an_account_with_a_password_is_not_entered_through_the_provider(
    come_back: Callable[..., Client], provider: Provider
) -> None:
    User.objects.create_superuser("ann", password="its own password")
    assert who(come_back()) == "401"


def test_an_account_that_is_shut_stays_shut(come_back: Callable[..., Client]) -> None:
    come_back()
    User.objects.update(is_active=False)
    assert who(come_back()) == "401"


def test_a_provider_that_is_down_is_no_error_page(come_back: Callable[..., Client], provider: Provider) -> None:
    provider.web.on("/token", Reply(500, "down"))
    assert who(come_back()) == "401"


def test_the_log_in_page_says_that_it_did_not_work_and_no_more(
    come_back: Callable[..., Client], provider: Provider
) -> None:
    provider.web.on("/token", Reply(500, "the provider's own words"))
    page = come_back().get("/admin/login/").content.decode()
    assert "Single sign-on did not let you in" in page
    assert "own words" not in page


def test_in_maintenance_mode_no_account_is_made_and_the_log_in_page_says_so(
    come_back: Callable[..., Client], provider: Provider
) -> None:
    maintenance.switch(Actor("adm", is_admin=True), on=True)
    client = come_back()
    assert who(client) == "401"
    assert not User.objects.exists()
    assert "none is made in maintenance mode" in client.get("/admin/login/").content.decode()
    maintenance.switch(Actor("adm", is_admin=True), on=False)
    assert who(come_back()) == "ann"


def test_in_maintenance_mode_an_account_comes_in_as_it_is(come_back: Callable[..., Client], provider: Provider) -> None:
    come_back()
    maintenance.switch(Actor("adm", is_admin=True), on=True)
    provider.person |= {"groups": ["other"], "email": "new@example.org"}
    assert come_back().get("/meta").json()["user_groups"] == ["net", "sre"]
    assert User.objects.get().email == "ann@example.org"


def test_the_log_in_page_offers_it(provider: Provider) -> None:
    assert b'href="/admin/oidc/authenticate/"' in Client().get("/admin/login/").content
