"""The process's HTTP connection pools: TLS, proxies, and what a fork does to them. Used through ``_web`` only."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certifi
import requests.utils
import urllib3

from actions._errors import ServerError
from actions._sockets import POOL_CLASSES, NetworkDenied, TimedTLSSocket, is_denied

_POOLS_KEPT = 64
#: Connections that one pool keeps to one host; more are opened when needed and closed after use.
_CONNECTIONS_KEPT = 128


@dataclass(frozen=True)
class Tls:
    """How the other side's certificate is checked, and our own one; all PEM texts."""

    root_ca: str = ""  # in addition to the system's authorities
    client_cert: str = ""
    client_key: str = field(default="", repr=False)
    verify: bool = True


#: The system's authorities, no certificate of our own.
DEFAULT_TLS = Tls()


class Pools:
    """The process's connection pools: one for each way of checking certificates, each proxy, each deny-list."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._managers: OrderedDict[tuple[object, ...], urllib3.PoolManager] = OrderedDict()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A forked child must not speak on its parent's connections, nor wait for a lock that a thread there held."""
        self._lock = threading.Lock()
        self._managers = OrderedDict()

    def manager(self, tls: Tls, proxy: str | None, denied: tuple[str, ...]) -> urllib3.PoolManager:
        # The deny-list is part of the key: a connection that one allowed is not there for another that does not.
        key = (tls, proxy, denied)
        with self._lock:
            if key in self._managers:
                self._managers.move_to_end(key)
                return self._managers[key]
        made = self._made(tls, proxy)
        with self._lock:
            manager = self._managers.setdefault(key, made)
            while len(self._managers) > _POOLS_KEPT:
                self._managers.popitem(last=False)
            return manager

    @staticmethod
    def _made(tls: Tls, proxy: str | None) -> urllib3.PoolManager:
        kept: dict[str, Any] = {"num_pools": 64, "maxsize": _CONNECTIONS_KEPT, "ssl_context": tls_context(tls)}
        if proxy:
            credentials = requests.utils.get_auth_from_url(proxy)
            headers = urllib3.make_headers(proxy_basic_auth=":".join(credentials)) if any(credentials) else {}
            manager: urllib3.PoolManager = urllib3.ProxyManager(proxy, proxy_headers=headers, **kept)
        else:
            manager = urllib3.PoolManager(**kept)
        manager.pool_classes_by_scheme = POOL_CLASSES
        return manager


# A step that turns the check off says so in its template; a warning at each request would drown the log.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

#: The one set of pools of this process.
POOLS = Pools()


def tls_context(tls: Tls) -> ssl.SSLContext:
    """A context for one way of checking certificates. Raises ServerError for an unreadable certificate, key or CA."""
    context = ssl.create_default_context()
    context.sslsocket_class = TimedTLSSocket
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not (paths.capath and any(Path(paths.capath).iterdir())):
        context.load_verify_locations(certifi.where())
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.root_ca:
        try:
            context.load_verify_locations(cadata=tls.root_ca)
        except (ssl.SSLError, ValueError) as error:
            raise ServerError("root_ca is no PEM text of certificates.") from error
    if tls.client_cert:
        _load_client_certificate(context, tls)
    return context


def _load_client_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    """The library reads certificates from files only: a private one, for as long as that takes."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{tls.client_cert}\n{tls.client_key}\n")
        file.flush()
        try:
            # Without a password function the library would ask on the terminal.
            context.load_cert_chain(file.name, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ServerError("client_cert and client_key are no matching pair of PEM texts.") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(url: str, host: str, denied: tuple[str, ...]) -> str | None:
    """The proxy that the environment names for this URL. A loopback address never goes through one."""
    if _is_loopback(host):
        return None
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    if proxy is None:
        return None
    # The proxy connects for us, so the list is held against what the name means here; unknown here, it is the proxy's
    # affair.
    try:
        found = {str(address[4][0]) for address in socket.getaddrinfo(host, None)}
    except OSError:
        found = set()
    if any(is_denied(address, denied) for address in found):
        raise NetworkDenied(f"{host} lies in a network that actions may not connect to.")
    return proxy if "://" in proxy else f"http://{proxy}"
