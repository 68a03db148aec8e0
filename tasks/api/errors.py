"""Refusals of the services, and everything else that goes wrong, as answers: ``{"error": "…"}`` and a status.

Source: docs/api.md, "Errors".
"""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from tasks.crypto.errors import Unreadable
from tasks.services import errors

log = logging.getLogger(__name__)

#: The first class that fits decides.
STATUS_BY_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (errors.AdministratorsOnly, 401),
    (errors.PermissionDenied, 403),
    (errors.NotFound, 404),
    (errors.BadRequest, 400),
    (errors.WrongState, 400),
    (errors.Conflict, 409),
    (errors.Maintenance, 405),
    (errors.Outdated, 412),
    (errors.TooMany, 429),
)

_AWAY = "the database cannot be reached at the moment; nothing was changed, try again"
UNEXPECTED = "something went wrong in the server; it was logged under this request's id"


def status_of(error: errors.ServiceError) -> int:
    """The status that a service's refusal is answered with."""
    return next(status for kind, status in STATUS_BY_ERROR if isinstance(error, kind))


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """The answer for whatever a view raised; nothing gets past as a page of the framework."""
    if isinstance(error, errors.ServiceError):
        return _answer(status_of(error), str(error))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return _unauthenticated(error)
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, first_complaints(error.detail))
    if isinstance(error, exceptions.APIException):
        return _answer(error.status_code, str(error.detail))
    if isinstance(error, Http404):
        return _answer(404, "not found")
    if isinstance(error, Unreadable):
        log.error("stored value cannot be read", exc_info=error)
        return _answer(500, f"a stored value cannot be read: {error}")
    if isinstance(error, SuspiciousOperation | MultiPartParserError | DataError):
        return _answer(400, "the request cannot be read, or holds what cannot be stored")
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database away", exc_info=error)
        return _answer(503, _AWAY, {"Retry-After": "2"})
    log.exception("request failed", exc_info=error)
    return _answer(500, UNEXPECTED)


def first_complaints(detail: Any, path: str = "") -> str:
    """A validation error of any depth as one sentence a field: ``tags.env: a text is expected``."""
    if isinstance(detail, dict):
        parts = [first_complaints(inner, f"{path}.{key}" if path else str(key)) for key, inner in detail.items()]
        return "; ".join(part for part in parts if part)
    if isinstance(detail, list):
        if all(not isinstance(inner, dict | list) for inner in detail):
            text = " ".join(str(inner) for inner in detail)
            return f"{path}: {text}" if path else text
        parts = [
            first_complaints(inner, f"{path}.{index}" if path else str(index)) for index, inner in enumerate(detail)
        ]
        return "; ".join(part for part in parts if part)
    return f"{path}: {detail}" if path else str(detail)


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response({"error": text}, status=status, headers=headers)


def _unauthenticated(error: exceptions.APIException) -> Response:
    """401 with an empty body, and the challenge that makes browsers and clients send credentials."""
    challenge = getattr(error, "auth_header", None)
    return Response(status=401, headers={"WWW-Authenticate": challenge} if challenge else None)
