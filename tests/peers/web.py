"""A real HTTP(S) server on loopback that answers as a test tells it."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    connection: int  # which connection it came on: equal numbers, one connection

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Reply:
    """An answer to be given."""

    status: int = 200
    body: bytes | str = b""
    headers: Sequence[tuple[str, str]] = field(default_factory=list)


def json_reply(text: str, status: int = 200, *more: tuple[str, str]) -> Reply:
    return Reply(status, text, [("Content-Type", "application/json"), *more])


#: Answers a request; or speaks on the connection itself and gives back nothing.
Answering = Callable[[Received, BaseHTTPRequestHandler], Reply | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, or that does not trust us, is part of the tests."""


class WebPeer:
    """Answers by path: ``peer.on("/thing", Reply(…))``; ``"/things/*"`` stands for all that begins so; else 404.

    Keeps what it received.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        handler: type[BaseHTTPRequestHandler] | None = None,
        *,
        port: int = 0,  # 0: any that is free
    ) -> None:
        self.received: list[Received] = []
        self._routes: dict[str, Reply | Answering] = {}
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Received(self.command, self.path, headers, self.rfile.read(size), self.client_address[1])
                peer.received.append(got)
                route = peer._route(got.path)
                reply = route(got, self) if callable(route) else route
                if reply is not None:
                    self._send(reply)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # names that the library looks for

            def _send(self, reply: Reply) -> None:
                body = reply.body.encode() if isinstance(reply.body, str) else reply.body
                self.send_response_only(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), handler or Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def on(self, path: str, reply: Reply | Answering) -> str:
        """Answer a path so from now on; its URL."""
        self._routes[path] = reply
        return self.url + path

    def _route(self, path: str) -> "Reply | Answering":
        begins = (route for name, route in self._routes.items() if name.endswith("*") and path.startswith(name[:-1]))
        return self._routes.get(path) or next(begins, Reply(404, "no such path"))

    @property
    def last(self) -> Received:
        return self.received[-1]

    @contextlib.contextmanager
    def serving(self) -> Iterator["WebPeer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
