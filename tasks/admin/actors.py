"""From a request to the acting user, found once a request."""

from django.http import HttpRequest

from tasks.services.actors import Actor
from tasks.services.addresses import address_of
from tasks.services.identity import actor_of_user
from tasks.services.proxies import named_by_proxy

_REMEMBERED = "_utask_actor"


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, with his rights. One query, once a request. Raises TypeError where nobody is logged in."""
    found: Actor | None = getattr(request, _REMEMBERED, None)
    if found is None:
        named = named_by_proxy(request.META)
        found = actor_of_user(
            request.user, address=address_of(request.META), more_groups=named[1] if named is not None else ()
        )
        setattr(request, _REMEMBERED, found)
    return found
