"""Around the API's answers: cross-origin headers, paths with a slash too many, the plain answer for unknown paths.

The admin's pages are left alone. Source: docs/api.md, "Paths".
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect

from tasks.api.views.base import unknown_route

_PAGES = ("/admin/", "/static/")
_CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, Idempotency-Key",
    "Access-Control-Expose-Headers": "Content-Type, Link, X-Paging-PageSize",
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
            answer: HttpResponseBase = HttpResponse(status=204)
        else:
            answer = self._get_response(request)
            if answer.status_code == 404 and request.resolver_match is None:
                return unknown_route()
        for name, value in _CROSS_ORIGIN.items():
            answer.headers.setdefault(name, value)
        return answer


def _without_slash(request: HttpRequest) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    # Collapsed, so that the target cannot be taken for another host.
    target = "/" + request.path_info.strip("/") + (f"?{query}" if query else "")
    answer = HttpResponsePermanentRedirect(target)
    if request.method not in ("GET", "HEAD"):
        answer.status_code = 307
    return answer
