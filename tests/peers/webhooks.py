"""Receivers of notifications: Slack's incoming webhook, Opsgenie's alerts, a plain webhook."""

from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.peers.web import Received, Reply, WebPeer, json_reply


def slack(web: WebPeer, path: str = "/services/T0/B0/secret") -> str:
    """Answers as Slack does: ``ok`` to JSON with blocks, an error text to anything else. Gives the webhook's URL."""

    def answer(got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.method != "POST" or "json" not in got.headers.get("content-type", ""):
            return Reply(400, "invalid_payload")
        return Reply(200, "ok") if '"blocks"' in got.text else Reply(400, "no_text")

    return web.on(path, answer)


def opsgenie(web: WebPeer, api_key: str, alias: str = "") -> str:
    """Answers as Opsgenie's alert API does: 202 to whoever has the key. Gives the API's base URL."""

    def answer(got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.headers.get("authorization") != f"GenieKey {api_key}":
            return json_reply('{"message": "Key format is not valid!"}', 422)
        if got.path.endswith("/close") and parse_qs(urlsplit(got.target).query).get("identifierType") != ["alias"]:
            return json_reply('{"message": "Alert not found"}', 404)
        return json_reply('{"result": "Request will be processed", "requestId": "1"}', 202)

    web.on("/v2/alerts", answer)
    if alias:
        web.on(f"/v2/alerts/{alias}/close", answer)
    return web.url


def webhook(web: WebPeer, path: str = "/hook", status: int = 200) -> str:
    """Answers every POST with a status. Gives the URL."""
    return web.on(path, Reply(status, "thanks" if status < 400 else "no thanks"))
