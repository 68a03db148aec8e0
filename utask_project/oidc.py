"""Logging in through an OpenID Connect provider: whose account it is, and which groups he has.

The protocol is mozilla-django-oidc's; what it leaves out is checked here: issuer, audience, and that the provider
speaks of one and the same person. Source: docs/operating.md, "OpenID Connect".
"""

import logging
from collections.abc import Mapping
from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from tasks.services import maintenance
from tasks.services.errors import Maintenance

log = logging.getLogger("tasks.oidc")


class OpenIDConnect(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """Makes an account at the first log-in, and brings its groups up to date at each; neither in maintenance mode."""

    def authenticate(self, request: HttpRequest | None, **given: Any) -> User | None:
        """The account of who comes back from the provider; None where that did not work, which is logged."""
        if "password" in given or "username" in given:
            return None
        try:
            found: User | None = super().authenticate(request, **given)
        except (SuspiciousOperation, jwt.InvalidTokenError, requests.RequestException, KeyError, ValueError) as error:
            # The texts of these may hold tokens.
            log.warning("log-in through the provider failed", extra={"error": type(error).__name__})
            _tell(request, "Single sign-on did not let you in; why is in the log of this service.")
            return None
        except Maintenance:
            _tell(request, "You have no account here yet, and none is made in maintenance mode: come again after it.")
            return None
        return found

    def verify_token(self, token: str, **given: Any) -> dict[str, Any]:
        """The claims of a token that is signed by this provider, for us, and not over. Raises SuspiciousOperation."""
        claims: dict[str, Any] = super().verify_token(token, **given)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != settings.UTASK_OIDC_ISSUER:
            raise SuspiciousOperation("the token is of another issuer")
        if self.OIDC_RP_CLIENT_ID not in audiences:
            raise SuspiciousOperation("the token is for another client")
        if len(audiences) > 1 and claims.get("azp") != self.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the token was given to another client")
        if "exp" not in claims:
            raise SuspiciousOperation("the token has no end")
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider tells of the person, the token's own claims below. Raises SuspiciousOperation."""
        told = super().get_userinfo(access_token, id_token, payload)
        if told.get("sub") != payload.get("sub"):
            raise SuspiciousOperation("token and userinfo speak of different people")
        return {**payload, **told}

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        """Whether he can be named."""
        return bool(self.get_username(claims))

    def get_username(self, claims: Mapping[str, Any]) -> str:
        """His name here; "" where the provider does not tell it."""
        return str(claims.get(settings.UTASK_OIDC_USERNAME_CLAIM) or "").strip()[:150]

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Any:
        """The account of his name. Raises SuspiciousOperation where that has a password of its own: it is not his."""
        found = User.objects.filter(username=self.get_username(claims))
        if any(user.has_usable_password() for user in found):
            raise SuspiciousOperation("an account with a password is not entered through the provider")
        return found

    def create_user(self, claims: Mapping[str, Any]) -> User:
        """A new account, without a password. Raises Maintenance."""
        maintenance.require_writable()
        user = User(username=self.get_username(claims))
        user.set_unusable_password()
        return self._update(user, claims)

    def update_user(self, user: User, claims: Mapping[str, Any]) -> User:
        """The account as the provider knows him now; in maintenance mode as it is."""
        return user if maintenance.is_on() else self._update(user, claims)

    @transaction.atomic
    def _update(self, user: User, claims: Mapping[str, Any]) -> User:
        user.email = str(claims.get("email") or "")[:254]
        user.first_name, user.last_name = (str(claims.get(n) or "")[:150] for n in ("given_name", "family_name"))
        user.save()
        told = claims.get(settings.UTASK_OIDC_GROUPS_CLAIM)
        if isinstance(told, list):
            names = {str(name).strip("/")[:150] for name in told} - {""}
            user.groups.set([Group.objects.get_or_create(name=name)[0] for name in sorted(names)])
        return user


def _tell(request: HttpRequest | None, words: str) -> None:
    """Have the log-in page say so."""
    if request is not None:
        messages.error(request, words)
