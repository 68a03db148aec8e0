"""Who comes to the admin through a proxy that has authenticated him: no log-in page, no session.

He is named anew by each request, so nothing outlives the proxy's word; CSRF tokens are asked for as of anybody.
Source: docs/operating.md, "Authentication".
"""

from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from tasks.services.proxies import named_by_proxy

_LONGEST = 150


class RemoteUser:
    """Middleware, after Django's for sessions: the admin's user is whom the proxy names, whoever else is logged in.

    The API has its own list of ways in. A name without an account gets one without a password; one whose account is
    shut is nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to the one who is named."""
        if request.path_info.startswith(reverse("admin:index")):
            found = named_by_proxy(request.META)
            if found is not None:
                request.user = _account(found[0])
        return self._get_response(request)


def _account(name: str) -> User | AnonymousUser:
    if len(name) > _LONGEST:
        return AnonymousUser()
    user, _ = User.objects.get_or_create(username=name, defaults={"password": make_password(None)})
    return user if user.is_active else AnonymousUser()
