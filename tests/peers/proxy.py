"""A proxy on loopback that opens tunnels, as browsers ask of it (CONNECT)."""

import contextlib
import select
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

from tests.peers.web import WebPeer


class TunnelHandler(BaseHTTPRequestHandler):
    """Joins the caller to whatever it names; every name is loopback here."""

    tunnels: list[str]

    def do_CONNECT(self) -> None:  # the name that the library looks for
        self.tunnels.append(self.path)
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as there:
            self.send_response_only(200, "Connection established")
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            with contextlib.suppress(OSError):
                while ready := select.select(list(ends), [], [])[0]:
                    for end in ready:
                        chunk = end.recv(65_536)
                        if not chunk:
                            self.close_connection = True
                            return
                        ends[end].sendall(chunk)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def tunnelling_proxy() -> Iterator[tuple[str, list[str]]]:
    """Run a proxy: its URL, and the places that were asked for."""
    tunnels: list[str] = []
    handler = type("Handler", (TunnelHandler,), {"tunnels": tunnels})
    with WebPeer(handler=handler).serving() as peer:
        yield peer.url, tunnels
