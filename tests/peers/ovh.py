"""A stand-in for the OVHcloud API that checks how requests are signed."""

import base64
import hashlib
from http.server import BaseHTTPRequestHandler

from tests.peers.web import Answering, Received, Reply, WebPeer, json_reply

APP_KEY, APP_SECRET, CONSUMER_KEY = "app-key", "app-secret", "consumer-key"
CLIENT_ID, CLIENT_SECRET, TOKEN = "client-id", "client-secret", "t0k3n"
TIME = "1700000000"


def speaking_ovh(web: WebPeer) -> WebPeer:
    """Teach a server the API's time, token and signature; further paths by ``on(path, signed(…))``."""
    web.on("/1.0/auth/time", json_reply(TIME))
    web.on("/token", _token)
    return web


def _token(got: Received, _: BaseHTTPRequestHandler) -> Reply:
    expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    asked = sorted(got.text.split("&")) == ["grant_type=client_credentials", "scope=all"]
    if got.headers.get("authorization") != expected or not asked:
        return json_reply('{"error": "invalid_client"}', 401)
    return json_reply(f'{{"access_token": "{TOKEN}", "token_type": "bearer"}}')


def signed(web: WebPeer, reply: Reply) -> Answering:
    """Give ``reply`` to requests that are signed as the API wants it, 403 to others."""

    def answer(got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.headers.get("authorization") == f"Bearer {TOKEN}":
            return reply
        text = "+".join((APP_SECRET, CONSUMER_KEY, got.method, web.url + got.target, got.text, TIME))
        expected = {
            "x-ovh-application": APP_KEY,
            "x-ovh-consumer": CONSUMER_KEY,
            "x-ovh-timestamp": TIME,
            "x-ovh-signature": "$1$" + hashlib.sha1(text.encode()).hexdigest(),
        }
        wrong = [name for name, value in expected.items() if got.headers.get(name) != value]
        return json_reply(f'{{"message": "wrong {wrong[0]}"}}', 403) if wrong else reply

    return answer
