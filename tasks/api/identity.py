"""From a request to the acting user: its way of authentication, its address."""

from typing import Any

from rest_framework.request import Request

from tasks.api.authentication import NamedUser
from tasks.services.actors import Actor
from tasks.services.addresses import address_of
from tasks.services.identity import actor_named, actor_of_user

_REMEMBERED = "_utask_actor"


def actor_of_request(request: Request) -> Actor:
    """The acting user, found once a request."""
    found = known_actor(request)
    if found is None:
        user: Any = request.user
        address = address_of(request.META)
        if isinstance(user, NamedUser):
            found = actor_named(user.username, user.groups, superuser=user.is_superuser, address=address)
        else:
            found = actor_of_user(user, address=address)
        setattr(request, _REMEMBERED, found)
    return found


def known_actor(request: Request) -> Actor | None:
    """The acting user, if he was asked for already."""
    found: Actor | None = getattr(request, _REMEMBERED, None)
    return found
