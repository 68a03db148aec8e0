"""Failed log-ins are limited: by name and address, by address, and by name, over all processes and all ways.

A limit is over with its span; nobody has to be let in again by hand. Source: docs/operating.md, "Failed log-ins".
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from tasks.models import FailedLogin, clock
from tasks.services.addresses import address_of
from tasks.services.errors import TooMany

log = logging.getLogger(__name__)

SPAN = timedelta(minutes=5)
TOO_MANY = "too many failed log-ins; wait five minutes"
#: Failures within a span: of one name from one address, of one address, of one name from anywhere, and of tokens.
MOST_OF_PAIR, MOST_OF_ADDRESS, MOST_OF_NAME, MOST_OF_TOKENS = 5, 30, 100, 60


def require_allowed(name: str, address: str) -> None:
    """Raises TooMany where this name, or this address, failed too often lately. One query."""
    now = clock.now()
    over = Q()
    for key, most in _keys(name, address):
        over |= Q(key=key, failures__gte=most)
    if FailedLogin.objects.filter(over, since__gt=now - SPAN).exists():
        raise TooMany(TOO_MANY)


def failed(name: str, address: str) -> None:
    """Count a failure."""
    for key, most in _keys(name, address):
        if _count(key) == most:
            log.warning("log-ins are limited", extra={"address": address})


def require_tokens_allowed(address: str) -> None:
    """Raises TooMany where too many wrong tokens came from this address lately."""
    if FailedLogin.objects.filter(
        key=_digest("token", address), failures__gte=MOST_OF_TOKENS, since__gt=clock.now() - SPAN
    ).exists():
        raise TooMany("too many wrong tokens; wait five minutes")


def token_failed(address: str) -> None:
    """Count a wrong token. Apart from passwords: a program with an old token must not lock people out."""
    _count(_digest("token", address))


class LimitedBackend(ModelBackend):
    """Accounts and their passwords, as Django's own backend; none is looked at where a limit is reached."""

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None, **more: Any) -> Any:
        """Raises PermissionDenied, which Django takes for a wrong password without asking any further."""
        if request is not None and username is not None:
            try:
                require_allowed(username, address_of(request.META))
            except TooMany as error:
                request.META[LIMITED] = str(error)
                raise PermissionDenied(str(error)) from error
        return super().authenticate(request, username, password, **more)


#: Beside the headers of a request that was refused unseen, and is not counted: why.
LIMITED = "utask.limited"


def connect() -> None:
    """Count what Django says of failed log-ins."""
    user_login_failed.connect(_on_failure, dispatch_uid="utask failed log-ins")


def _on_failure(sender: Any, credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    if request is not None and LIMITED not in request.META and credentials.get("username") is not None:
        failed(str(credentials["username"]), address_of(request.META))


def _keys(name: str, address: str) -> Iterator[tuple[str, int]]:
    yield _digest("pair", name, address), MOST_OF_PAIR
    yield _digest("address", address), MOST_OF_ADDRESS
    yield _digest("name", name), MOST_OF_NAME


def _digest(*parts: str) -> str:
    return salted_hmac("utask failed log-ins", "\0".join(parts), algorithm="sha256").hexdigest()


@transaction.atomic
def _count(key: str) -> int:
    """One more within the span; how many there are."""
    now = clock.now()
    rows = FailedLogin.objects.filter(key=key)
    if not rows.filter(since__gt=now - SPAN).update(failures=F("failures") + 1):
        FailedLogin.objects.update_or_create(key=key, defaults={"failures": 1, "since": now})
        return 1
    return rows.values_list("failures", flat=True).get()
