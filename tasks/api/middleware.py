"""Around the API's answers: cross-origin headers, the audit's line, paths with a slash too many, unknown paths.

Pages (the admin, static files) are left alone. Source: docs/api.md, "Paths".
"""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve

from tasks.api.errors import UNEXPECTED
from tasks.api.views.base import audit_of, unknown_route
from tasks.services.addresses import address_of
from tasks.telemetry import audit, traces

log = logging.getLogger(__name__)

_PAGES = ("/admin/", "/static/", "/ui/")
_METRICS = "/metrics"
_METHODS = "GET,POST,PUT,DELETE"
_CROSS_ORIGIN = {
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Content-Type, Authorization, Idempotency-Key, If-Match",
    "Access-Control-Expose-Headers": "Content-Type, ETag, Link, X-Paging-PageSize, X-Request-Id",
}


class ApiMiddleware:
    """For every path that is no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with what browsers of other origins need to read it."""
        if request.path_info.startswith(_PAGES):
            return self._get_response(request)
        if request.path_info != "/" and request.path_info.endswith("/"):
            return _without_slash(request)
        if request.method == "OPTIONS":
            return _with_cross_origin(request, _preflight(request))
        begun = time.monotonic()
        request_id = audit.request_id_of(request.META.get("HTTP_X_REQUEST_ID", ""), uuid.uuid4().hex)
        with traces.request_span(str(request.method), request.headers) as span:
            answer = self._get_response(request)
            told = audit_of(request)
            traces.request_ended(span, operation=told.action, status=answer.status_code, metadata=told.metadata)
        if request.resolver_match is None:
            # The admin's path without its slash is mended by Django; everything else that is unknown says so plainly.
            if answer.status_code == 404:
                return unknown_route()
            is_for_people = "text/html" in request.META.get("HTTP_ACCEPT", "")
            return answer if is_for_people or answer.status_code != 400 else _not_understood(request)
        if told.action and request.path_info != _METRICS:
            audit.write(_asked(request, request_id), told, status=answer.status_code, seconds=time.monotonic() - begun)
        answer.headers["X-Request-Id"] = request_id
        return answer if request.path_info == _METRICS else _with_cross_origin(request, answer)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a view did not answer itself, or could not write as an answer: said in the API's shape."""
        if request.path_info.startswith(_PAGES):
            return None
        log.error("answer could not be written", exc_info=exception)
        return JsonResponse({"error": UNEXPECTED}, status=500)


def _not_understood(request: HttpRequest) -> HttpResponseBase:
    """400: no view was asked, because the request names a host that is none of ours, or cannot be read."""
    what = "the request cannot be read, or comes by a name that this service does not answer to"
    return _with_cross_origin(request, JsonResponse({"error": what}, status=400))


def _preflight(request: HttpRequest) -> HttpResponse:
    """What a browser asks before a page of another origin may write; nobody needs to say who he is."""
    try:
        view: Any = resolve(request.path_info).func
    except Resolver404:
        return unknown_route()
    methods = [method for method in ("get", "post", "put", "delete") if hasattr(getattr(view, "cls", None), method)]
    return HttpResponse(status=204, headers={"Allow": ", ".join(methods).upper()})


def _asked(request: HttpRequest, request_id: str) -> audit.Asked:
    return audit.Asked(
        method=str(request.method),
        path=request.path_info,
        query=request.META.get("QUERY_STRING", ""),
        host=request.META.get("HTTP_HOST", ""),
        address=address_of(request.META),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        request_id=request_id,
    )


def _with_cross_origin(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    allowed = settings.UTASK_CORS_ORIGINS
    origin = "*" if "*" in allowed else request.META.get("HTTP_ORIGIN", "")
    if origin == "*" or origin in allowed:
        answer.headers["Access-Control-Allow-Origin"] = origin
    if origin != "*":
        answer.headers["Vary"] = ", ".join(filter(None, [answer.headers.get("Vary", ""), "Origin"]))
    for name, value in _CROSS_ORIGIN.items():
        answer.headers[name] = value
    return answer


def _without_slash(request: HttpRequest) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    # Collapsed at both ends, so that the target cannot be taken for another host.
    target = "/" + quote(request.path_info.strip("/")) + (f"?{query}" if query else "")
    answer = HttpResponsePermanentRedirect(target)
    if request.method not in ("GET", "HEAD"):
        answer.status_code = 307
    return answer
