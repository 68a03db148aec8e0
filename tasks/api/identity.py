"""From a request to the acting user: its way of authentication, its address."""

from django.conf import settings
from rest_framework.request import Request

from tasks.services.actors import Actor
from tasks.services.identity import actor_of_user

_REMEMBERED = "_utask_actor"


def actor_of_request(request: Request) -> Actor:
    """The acting user, found once a request."""
    found: Actor | None = getattr(request, _REMEMBERED, None)
    if found is None:
        found = actor_of_user(request.user, address=address_of(request))
        setattr(request, _REMEMBERED, found)
    return found


def address_of(request: Request) -> str:
    """Where the request came from: the peer, or what a trusted proxy says of the one before it."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if peer not in settings.UTASK_TRUSTED_PROXIES:
        return peer
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    for hop in reversed([hop.strip() for hop in forwarded if hop.strip()]):
        if hop not in settings.UTASK_TRUSTED_PROXIES:
            return hop[:64]
    return peer
