"""Who is asking: a name and password, a token, a session, a proxy that is trusted. One refusal for all: 401.

Checking a password costs half a second on purpose, so a header that was right is remembered for a minute: under a
key made at start, never in clear, and forgotten when the password changes. Source: docs/api.md, "Authentication".
"""

import binascii
import hashlib
import hmac
import secrets
import time
from base64 import b64decode
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.contrib.auth.hashers import check_password, identify_hasher
from django.contrib.auth.models import User
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tasks.config.current import configuration
from tasks.services import logins, providers
from tasks.services.addresses import address_of
from tasks.services.proxies import named_by_proxy

CHALLENGE = 'Basic realm="Authorization Required"'
_REMEMBERED_SECONDS, _MOST_REMEMBERED = 60, 10_000
#: Beside the headers of a request, none of which can have this name: a password would not help.
_NO_CHALLENGE = "utask.no_challenge"
_REFUSED = "name or password is wrong"


@dataclass(frozen=True, slots=True)
class NamedUser:
    """Somebody whom configuration, a proxy or a plugin names: without an account here, or with more groups than it."""

    username: str
    groups: tuple[str, ...] = ()
    is_superuser: bool = False
    is_authenticated: bool = True
    is_active: bool = True

    def __str__(self) -> str:
        return self.username


class BasicAuthentication(authentication.BasicAuthentication):
    """Name and password of a Django user, or of the item ``basic-auth``."""

    www_authenticate_realm = "Authorization Required"

    def authenticate(self, request: Request) -> Any:
        header = authentication.get_authorization_header(request)
        known = _remembered.user(header)
        if known is not None:
            return known, None
        _require_allowed(header, request)
        found = _configured_user(header)
        if found is not None:
            _remembered.keep(header, found, configuration().basic_auth[found.username])
            return _account_of(found.username) or found, None
        checked = super().authenticate(request)
        if checked is not None:
            _remembered.keep(header, checked[0], checked[0].password)
        return checked

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes browsers ask; not for scripts of pages, where nobody could answer it."""
        return _challenge(request)


class PluginAuthentication(authentication.BaseAuthentication):
    """What an init plugin finds out of the request; asked before all others."""

    def authenticate(self, request: Request) -> tuple[User | NamedUser, None] | None:
        try:
            found = providers.identify(request._request)
        except providers.Unauthenticated as error:
            raise AuthenticationFailed(str(error) or _REFUSED) from error
        except providers.Forbidden as error:
            # Browsers do not ask for a password where none would help.
            request.META[_NO_CHALLENGE] = "yes"
            raise AuthenticationFailed(str(error) or _REFUSED) from error
        return (_named(found.name, found.groups), None) if found is not None and found.name else None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a name and password."""
        return _challenge(request)


class TokenAuthentication(authentication.TokenAuthentication):
    """``Authorization: Token …`` or ``Bearer …``, made in the admin; the way for programs."""

    def authenticate(self, request: Request) -> Any:
        scheme = authentication.get_authorization_header(request).partition(b" ")[0].lower()
        if scheme not in (b"bearer", b"token"):
            return None
        self.keyword = "Bearer" if scheme == b"bearer" else "Token"
        address = address_of(request.META)
        logins.require_tokens_allowed(address)
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            logins.token_failed(address)
            raise


class SessionAuthentication(authentication.SessionAuthentication):
    """A browser that is logged in to the admin.

    Its writes need the CSRF token, or the browser's word that one of our own pages asks.
    """

    def enforce_csrf(self, request: Request) -> None:
        if request.META.get("HTTP_SEC_FETCH_SITE") != "same-origin":
            super().enforce_csrf(request)


class HeaderAuthentication(authentication.BaseAuthentication):
    """The name in the header ``UTASK_REMOTE_USER_HEADER``, from trusted proxies only; off unless that is set.

    ``UTASK_REMOTE_GROUPS_HEADER`` names one with his groups, separated by commas.
    """

    def authenticate(self, request: Request) -> tuple[User | NamedUser, None] | None:
        found = named_by_proxy(request.META)
        return (_named(*found), None) if found is not None else None


def _challenge(request: Request) -> str:
    is_script = request.META.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest"
    return "" if is_script or _NO_CHALLENGE in request.META else CHALLENGE


def _named(name: str, groups: tuple[str, ...]) -> User | NamedUser:
    """His account where he has one, with these groups too. Raises AuthenticationFailed where it is shut."""
    account = _account_of(name)
    if account is None:
        return NamedUser(name, groups)
    if not groups:
        return account
    own = account.groups.values_list("name", flat=True)
    return NamedUser(name, (*own, *groups), is_superuser=account.is_superuser)


def _account_of(name: str) -> User | None:
    """The account of this name, with its groups and rights. Raises AuthenticationFailed where it is shut."""
    found = User.objects.filter(username=name).first()
    if found is not None and not found.is_active:
        raise AuthenticationFailed(_REFUSED)
    return found


def _configured_user(header: bytes) -> NamedUser | None:
    """Whom the item ``basic-auth`` knows by this header."""
    passwords = configuration().basic_auth
    name, password = _name_and_password(header)
    expected = passwords.get(name)
    return NamedUser(name) if name and expected and _fits(password, expected) else None


def _name_and_password(header: bytes) -> tuple[str, str]:
    """What the header says; two empty texts where it is no basic one."""
    scheme, _, encoded = header.partition(b" ")
    try:
        name, separator, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (name, password) if separator and scheme.lower() == b"basic" else ("", "")


def _require_allowed(header: bytes, request: Request) -> None:
    """Raises TooMany before a password is looked at."""
    name, _ = _name_and_password(header)
    if name:
        logins.require_allowed(name, address_of(request.META))


def _fits(password: str, expected: str) -> bool:
    try:
        identify_hasher(expected)
    except ValueError:
        return hmac.compare_digest(password.encode(), expected.encode())
    return check_password(password, expected)


class _Remembered:
    """Headers that were right lately, by a digest under a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        #: Digest -> until when, the user's id (None: of the configuration), his name, the password stored for him.
        self._entries: OrderedDict[bytes, tuple[float, int | None, str, str]] = OrderedDict()
        self._lock = Lock()

    def user(self, header: bytes) -> User | NamedUser | None:
        """Whose header it is; None where it is not known or the password changed."""
        with self._lock:
            until, user_id, name, password = self._entries.get(self._digest(header), (0.0, None, "", ""))
        if until < time.monotonic():
            return None
        if user_id is None:
            if configuration().basic_auth.get(name) != password:
                return None
            return _account_of(name) or NamedUser(name)
        user = User.objects.filter(pk=user_id, is_active=True).first()
        return user if user is not None and hmac.compare_digest(user.password, password) else None

    def keep(self, header: bytes, user: User | NamedUser, password: str) -> None:
        """Remember that the header is this user's, as long as ``password`` is what is stored for him."""
        user_id = user.pk if isinstance(user, User) else None
        entry = (time.monotonic() + _REMEMBERED_SECONDS, user_id, user.username, password)
        digest = self._digest(header)
        with self._lock:
            self._entries.pop(digest, None)
            self._entries[digest] = entry
            while len(self._entries) > _MOST_REMEMBERED:
                self._entries.popitem(last=False)

    def _digest(self, header: bytes) -> bytes:
        return hmac.new(self._key, header, hashlib.sha256).digest()


_remembered = _Remembered()
