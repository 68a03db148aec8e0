"""Who comes to the admin through a proxy that has authenticated him: no log-in page, no session.

He is named anew by each request, so nothing outlives the proxy's word; CSRF tokens are asked for as of anybody.
Source: docs/operating.md, "Authentication".
"""

import logging
from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from tasks.admin import failures
from tasks.services import maintenance
from tasks.services.errors import Maintenance
from tasks.services.proxies import named_by_proxy

log = logging.getLogger("tasks.remote")

_LONGEST = 150


class RemoteUser:
    """Middleware, after Django's for sessions: the admin's user is whom the proxy names, whoever else is logged in.

    The API has its own list of ways in. A name without an account gets one without a password, in maintenance mode a
    page that says why not; one whose account is shut is nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to the one who is named."""
        if request.path_info.startswith(reverse("admin:index")):
            found = named_by_proxy(request.META)
            if found is not None:
                try:
                    request.user = _account(found[0])
                except Maintenance:
                    return failures.no_account_yet()
        return self._get_response(request)


def _account(name: str) -> User | AnonymousUser:
    """His account, made where there is none. Raises Maintenance where it may not be made."""
    if len(name) > _LONGEST:
        return AnonymousUser()
    user = User.objects.filter(username=name).first()
    if user is None:
        maintenance.require_writable()
        # Two requests of his first page may come at once.
        user, is_new = User.objects.get_or_create(username=name, defaults={"password": make_password(None)})
        if is_new:
            log.info("account made for whom the proxy names", extra={"user": name})
    return user if user.is_active else AnonymousUser()
