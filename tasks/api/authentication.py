"""Who is asking: a session, a token, a name and password. One refusal for all: 401.

Checking a password costs half a second on purpose, so a header that was right is remembered for a minute: under a
key made at start, never in clear, and forgotten when the password changes. Source: docs/operating.md,
"Authentication".
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from django.contrib.auth.models import User
from rest_framework import authentication
from rest_framework.request import Request

CHALLENGE = 'Basic realm="Authorization Required"'
_REMEMBERED_SECONDS, _MOST_REMEMBERED = 60, 10_000


class SessionAuthentication(authentication.SessionAuthentication):
    """A browser that is logged in to the admin; writes need its CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class TokenAuthentication(authentication.TokenAuthentication):
    """``Authorization: Token …``, made in the admin; the way for programs."""


class BasicAuthentication(authentication.BasicAuthentication):
    """Name and password of a Django user."""

    www_authenticate_realm = "Authorization Required"

    def authenticate(self, request: Request) -> Any:
        header = authentication.get_authorization_header(request)
        known = _remembered.user(header)
        if known is not None:
            return known, None
        found = super().authenticate(request)
        if found is not None:
            _remembered.keep(header, found[0])
        return found


class _Remembered:
    """Headers that were right lately, by a digest under a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._entries: OrderedDict[bytes, tuple[float, int, str]] = OrderedDict()
        self._lock = Lock()

    def user(self, header: bytes) -> User | None:
        digest = self._digest(header)
        with self._lock:
            until, user_id, password = self._entries.get(digest, (0.0, 0, ""))
        if until < time.monotonic():
            return None
        user = User.objects.filter(pk=user_id, is_active=True).first()
        return user if user is not None and hmac.compare_digest(user.password, password) else None

    def keep(self, header: bytes, user: User) -> None:
        with self._lock:
            self._entries[self._digest(header)] = (time.monotonic() + _REMEMBERED_SECONDS, user.pk, user.password)
            while len(self._entries) > _MOST_REMEMBERED:
                self._entries.popitem(last=False)

    def _digest(self, header: bytes) -> bytes:
        return hmac.new(self._key, header, hashlib.sha256).digest()


_remembered = _Remembered()
