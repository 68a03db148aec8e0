"""Where a request came from: the peer, or what a trusted proxy says of the one before it."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings

_LONGEST = 64


def address_of(meta: dict[str, Any]) -> str:
    """The address of who asked, of a WSGI environment; headers are believed from trusted proxies only."""
    peer = str(meta.get("REMOTE_ADDR", ""))
    if not is_trusted_proxy(peer):
        return peer
    hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    for hop in reversed(hops or []):
        if hop and not is_trusted_proxy(hop):
            return hop[:_LONGEST]
    return str(meta.get("HTTP_X_REAL_IP", "")).strip()[:_LONGEST] or peer


def is_trusted_proxy(address: str) -> bool:
    """Whether ``UTASK_TRUSTED_PROXIES`` names this address, or a network that holds it."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _networks(tuple(settings.UTASK_TRUSTED_PROXIES)))


@lru_cache(maxsize=8)
def _networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(name, strict=False) for name in names)
