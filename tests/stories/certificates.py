"""Stand-ins of the TLS story: an authority that looks at proofs and signs, a DNS service, and the web server itself."""

import contextlib
import json
import os
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from tests.peers.authority import Authority
from tests.peers.sshd import KeyPair, Sshd, key_pair, running_sshd
from tests.peers.web import Received, Reply, WebPeer, json_reply


@dataclass
class Certificates:
    """The world of the TLS story, and how it behaves."""

    api: WebPeer
    sshd: Sshd
    key: KeyPair
    folder: Path
    http_port: int
    https_port: int
    authority: Authority = field(default_factory=Authority)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    #: How many times the authority says "pending", and the DNS service "queued", before the answer.
    pending: int = 0
    queued: int = 0
    #: What the authority says instead of signing.
    refusal: str = ""
    #: How many calls of the authority fail with 503 before one succeeds.
    failures: int = 0

    def items(self) -> dict[str, object]:
        """The configuration item of the templates."""
        server = {
            "target": self.sshd.target,
            "user": self.sshd.user,
            "ssh_key": self.key.private,
            "known_hosts": self.sshd.known_hosts,
            "folder": str(self.folder),
            "reload": 'touch "$domain.reloaded"',
            "port": self.https_port,
        }
        return {
            "tls": {
                "authority": {"url": self.api.url, "token": "authority-token", "root_ca": self.authority.pem},
                "dns": {"url": f"{self.api.url}/dns", "token": "dns-token"},
                "web_server": server,
                "renew_days_before": 30,
            }
        }

    def __post_init__(self) -> None:
        self.api.on("/orders/*", self._order)
        self.api.on("/dns/records/*", self._record)

    def reset(self) -> None:
        """As new: nothing is ordered, installed or set."""
        for path in self.folder.glob("localhost*"):
            path.unlink()
        self.orders.clear()
        self.records.clear()
        self.api.received.clear()
        self.pending = self.queued = self.failures = 0
        self.refusal = ""

    def _order(self, got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.headers.get("authorization") != "Bearer authority-token":
            return json_reply('{"error": "who are you?"}', 401)
        if self.failures > 0:
            self.failures -= 1
            return json_reply('{"error": "overloaded"}', 503)
        order_id, *proof = got.path.removeprefix("/orders/").split("/")
        if proof == ["proof"]:
            self._look_at_proof(self.orders[order_id])
            return Reply(202)
        if got.method == "PUT":
            made = {"status": "pending", "token": f"t-{order_id[:8]}", "proof": f"p.{order_id}"}
            order = self.orders.setdefault(order_id, json.loads(got.text) | made)
            return json_reply(json.dumps({"token": order["token"], "proof": order["proof"]}), 201)
        return self._state_of(self.orders[order_id])

    def _state_of(self, order: dict[str, Any]) -> Reply:
        if self.pending > 0:
            self.pending -= 1
            return json_reply('{"status": "pending"}')
        if self.refusal or order["status"] != "proven":
            return json_reply(json.dumps({"status": "invalid", "reason": self.refusal or "no proof was found"}))
        certificate = self.authority.sign(order["request"])
        return json_reply(json.dumps({"status": "valid", "certificate": certificate, "not_after": "2031-01-31"}))

    def _look_at_proof(self, order: dict[str, Any]) -> None:
        if order["challenge"] == "dns":
            shown = self.records.get(order["domain"], {}).get("value", "")
        else:
            address = f"http://127.0.0.1:{self.http_port}/.well-known/acme-challenge/{order['token']}"
            shown = requests.get(address, timeout=5).text
        if shown == order["proof"]:
            order["status"] = "proven"

    def _record(self, got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.headers.get("authorization") != "Bearer dns-token":
            return json_reply('{"error": "who are you?"}', 401)
        domain = got.path.rpartition("/_acme-challenge.")[2]
        if got.method == "PUT":
            self.records[domain] = json.loads(got.text)
        elif got.method == "DELETE":
            self.records.pop(domain, None)
        elif self.queued > 0:
            self.queued -= 1
            return json_reply('{"status": "queued"}')
        return json_reply('{"status": "published"}')


class _SecureServer(ThreadingHTTPServer):
    """Shows whatever certificate lies in the folder when somebody connects."""

    daemon_threads = True
    folder: Path

    def finish_request(self, request: Any, client_address: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "localhost.crt", self.folder / "localhost.key")
        with context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Without a certificate there is nothing to show, and the client sees a closed connection."""


class _Pages(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def running_certificates(folder: Path) -> Iterator[Certificates]:
    """All of it, on free ports."""
    public, sshd_folder, web_folder = folder / "web" / "public", folder / "sshd", folder / "web"
    public.mkdir(parents=True)
    sshd_folder.mkdir()
    os.chmod(web_folder, 0o755)
    pages = partial(_Pages, directory=str(public))
    with (
        running_sshd(sshd_folder) as sshd,
        WebPeer().serving() as api,
        _serving(ThreadingHTTPServer(("127.0.0.1", 0), pages)) as http_port,
        _serving(_secure(web_folder, pages)) as https_port,
    ):
        key = key_pair()
        sshd.authorize(key)
        yield Certificates(api, sshd, key, web_folder, http_port, https_port)


def _secure(folder: Path, pages: Any) -> _SecureServer:
    server = _SecureServer(("127.0.0.1", 0), pages)
    server.folder = folder
    return server


@contextlib.contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
