"""Who we are for the OVHcloud API: credentials of a configuration item, and how a request is signed with them."""

from __future__ import annotations

import configparser
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from actions._web import Answer, Basic, Client

DEFAULT_ENDPOINT = "ovh-eu"

ENDPOINTS = {
    "ovh-eu": "https://eu.api.ovh.com/1.0",
    "ovh-ca": "https://ca.api.ovh.com/1.0",
    "ovh-us": "https://api.us.ovhcloud.com/1.0",
    "kimsufi-eu": "https://eu.api.kimsufi.com/1.0",
    "kimsufi-ca": "https://ca.api.kimsufi.com/1.0",
    "soyoustart-eu": "https://eu.api.soyoustart.com/1.0",
    "soyoustart-ca": "https://ca.api.soyoustart.com/1.0",
}

#: Where a client's id and secret are exchanged for a token; only these regions have it.
TOKEN_URLS = {
    "ovh-eu": "https://www.ovh.com/auth/oauth2/token",
    "ovh-ca": "https://ca.ovh.com/auth/oauth2/token",
    "ovh-us": "https://us.ovhcloud.com/auth/oauth2/token",
}

#: Key of the item, and what the same is called in the environment and in ovh.conf.
_NAMES = {
    "appKey": "application_key",
    "appSecret": "application_secret",
    "consumerKey": "consumer_key",
    "clientId": "client_id",
    "clientSecret": "client_secret",
}


@dataclass(frozen=True)
class Credentials:
    """One account: either application key, secret and consumer key, or client id and secret."""

    endpoint: str
    base_url: str
    app_key: str = ""
    app_secret: str = field(default="", repr=False)
    consumer_key: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @classmethod
    def read(cls, item: Any) -> Credentials:
        """The credentials in a decoded configuration item; what is missing comes from ``OVH_*`` and ``ovh.conf``.

        Raises ValueError that says what is wrong, without a secret.
        """
        if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
            raise ValueError("must be a JSON object of texts.")
        files = _files()
        endpoint = (
            item.get("endpoint") or os.environ.get("OVH_ENDPOINT") or files.get("default", "endpoint", fallback="")
        )
        endpoint = endpoint or DEFAULT_ENDPOINT
        base_url = ENDPOINTS.get(endpoint, endpoint if "://" in endpoint else "")
        if not base_url:
            raise ValueError(f'unknown endpoint "{endpoint}".')
        found = {key: item.get(key) or _elsewhere(name, endpoint, files) for key, name in _NAMES.items()}
        credentials = cls(endpoint, base_url.rstrip("/"), *found.values())
        credentials._check()
        return credentials

    def _check(self) -> None:
        by_client = bool(self.client_id or self.client_secret)
        if by_client and (self.consumer_key or self.app_key or self.app_secret):
            raise ValueError("has both an application's keys and a client's id: keep one of them.")
        if by_client:
            if not (self.client_id and self.client_secret):
                raise ValueError("needs both clientId and clientSecret.")
            if self.endpoint not in TOKEN_URLS:
                raise ValueError(f"clientId works with the endpoints {', '.join(TOKEN_URLS)} only.")
        elif not (self.app_key and self.app_secret and self.consumer_key):
            raise ValueError("needs appKey, appSecret and consumerKey, or clientId and clientSecret.")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    def url(self, path: str) -> str:
        """The URL of a path; ``/v1/…`` and ``/v2/…`` take the place of the endpoint's ``/1.0``."""
        if path.startswith(("/v1/", "/v2/")):
            return self.base_url.removesuffix("/1.0") + path
        return self.base_url + (path if path.startswith("/") else f"/{path}")

    def headers(self, method: str, url: str, body: str, web: Client) -> dict[str, str]:
        """What authenticates one request. Asks the API for its time, or for a token."""
        if self.client_id:
            return {"Authorization": f"Bearer {self._token(web)}"}
        timestamp = str(_good(web.get(f"{self.base_url}/auth/time"), "the time").json())
        return {
            "X-Ovh-Application": self.app_key,
            "X-Ovh-Consumer": self.consumer_key,
            "X-Ovh-Timestamp": timestamp,
            "X-Ovh-Signature": self.signature(method, url, body, timestamp),
        }

    def signature(self, method: str, url: str, body: str, timestamp: str) -> str:
        """The API's own way of signing a request."""
        signed = "+".join((self.app_secret, self.consumer_key, method, url, body, timestamp))
        return "$1$" + hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()  # prescribed by the API

    def _token(self, web: Client) -> str:
        answer = web.post(
            TOKEN_URLS[self.endpoint],
            body=urlencode({"grant_type": "client_credentials", "scope": "all"}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=Basic(self.client_id, self.client_secret),
        )
        token = _good(answer, "a token").json()
        if not isinstance(token, dict) or not isinstance(token.get("access_token"), str):
            raise ValueError("the answer holds no access_token.")
        return str(token["access_token"])


def _good(answer: Answer, what: str) -> Answer:
    if not answer.ok:
        raise ValueError(f"asked for {what}, the API answers with status {answer.status}.")
    return answer


def _files() -> configparser.ConfigParser:
    files = configparser.ConfigParser(interpolation=None)
    files.read(["/etc/ovh.conf", Path("~/.ovh.conf").expanduser(), "ovh.conf"])
    return files


def _elsewhere(name: str, endpoint: str, files: configparser.ConfigParser) -> str:
    return os.environ.get(f"OVH_{name.upper()}", "") or files.get(endpoint, name, fallback="")
