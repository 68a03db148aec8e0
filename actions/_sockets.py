"""Sockets that keep one time limit for a whole exchange, hear a request to stop, and never reach a denied network.

A library's time-out bounds each read, so that an answer that drips never ends. Here every operation is given what is
left of the exchange that its thread is in. The network is checked on the very address that is connected to: a name is
looked up once, and neither a redirect nor a second look-up can get around it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import urllib3
import urllib3.connection

from actions._errors import ClientError

#: Addresses that a cloud answers with credentials on; nothing connects to them unless the operator says so.
DENIED_NETWORKS = ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")

#: What the system takes as time-out of one operation has a bound, in seconds: some 24 days.
_LONGEST_WAIT = 20 * 86_400.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NetworkDenied(ClientError):
    """The address lies in a network that the operator has closed to actions."""


@lru_cache(maxsize=64)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def is_denied(address: str, denied: tuple[str, ...]) -> bool:
    """Does an IP address lie in one of the networks, also when it is an IPv4 address in an IPv6 dress?"""
    found = ipaddress.ip_address(address.partition("%")[0])
    faces: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [found]
    if isinstance(found, ipaddress.IPv6Address):
        faces += [face for face in (found.ipv4_mapped, found.sixtofour) if face]
        if found in _NAT64:
            faces.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return any(face in network for face in faces for network in _networks(denied))


class Exchange:
    """One request and its answer, as far as sockets are concerned. Belongs to the thread that is in it."""

    _here = threading.local()

    def __init__(self, seconds: float | None, denied: tuple[str, ...]) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.denied = denied
        #: True when a connection from an earlier exchange was used: the other side may have closed it meanwhile.
        self.reused = False
        self._socket: socket.socket | None = None
        self._aborted = False

    @classmethod
    def current(cls) -> Exchange | None:
        """The exchange that this thread is in."""
        return getattr(cls._here, "exchange", None)

    @contextlib.contextmanager
    def entered(self) -> Iterator[Exchange]:
        """While inside, the sockets of this thread belong to this exchange."""
        Exchange._here.exchange = self
        try:
            yield self
        finally:
            Exchange._here.exchange = None

    def seconds_left(self) -> float | None:
        """For the next operation of a socket. Raises TimeoutError when nothing is left."""
        if self._aborted:
            raise ConnectionAbortedError("stopped")
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, _LONGEST_WAIT)

    def use(self, sock: socket.socket) -> float | None:
        """Note the socket in use, so that ``abort`` finds it; what is left for its next operation."""
        self._socket = sock
        return self.seconds_left()

    def abort(self) -> None:
        """End the exchange from another thread: a read that waits comes back at once."""
        self._aborted = True
        if (sock := self._socket) is not None:
            with contextlib.suppress(OSError):
                # Past SSLSocket's own method, which would take the TLS state away under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Timed(socket.socket):
    """Gives each operation what is left of the exchange."""

    born_in: Exchange | None = None

    def _prepare(self) -> None:
        exchange = Exchange.current()
        if exchange is not None:
            exchange.reused |= self.born_in is not exchange
            self.settimeout(exchange.use(self))

    def recv(self, *arguments: Any) -> bytes:
        self._prepare()
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        self._prepare()
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        self._prepare()
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self._prepare()
        super().sendall(*arguments)


class TimedSocket(_Timed):
    """A TCP socket."""


class TimedTLSSocket(_Timed, ssl.SSLSocket):
    """A TLS socket: set as ``sslsocket_class`` of a context."""

    def do_handshake(self, block: bool = False) -> None:
        exchange = Exchange.current()
        self.born_in = exchange
        if exchange is not None:
            self.settimeout(exchange.use(self))
        super().do_handshake(block)


def connect(host: str, port: int, options: Sequence[tuple[int, int, int | bytes]] = ()) -> socket.socket:
    """A connection to the first address of ``host`` that is allowed and answers, within the thread's exchange.

    Raises NetworkDenied when every address is denied, OSError (``gaierror`` for an unknown name) else.
    """
    exchange = Exchange.current()
    if exchange is None:
        raise RuntimeError("a connection is made inside an exchange only")
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if is_denied(str(address[0]), exchange.denied):
            continue
        sock = TimedSocket(family, kind, protocol)
        sock.born_in = exchange
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(exchange.use(sock))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or NetworkDenied(f"{host} lies in a network that actions may not connect to.")


class HTTPConnection(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connect(self.host, self.port or 80, list(self.socket_options or ()))


class HTTPSConnection(urllib3.connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return connect(self.host, self.port or 443, list(self.socket_options or ()))


class HTTPConnectionPool(urllib3.HTTPConnectionPool):
    ConnectionCls = HTTPConnection


class HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = HTTPSConnection


POOL_CLASSES = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
