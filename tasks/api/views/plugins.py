"""Views of the paths that init plugins serve: authentication, maintenance and audit as for ours.

Source: docs/operating.md, "Init plugins".
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.api.views.base import Endpoint, OpenEndpoint
from tasks.services import maintenance


class Route(Protocol):
    """One method of a path."""

    @property
    def method(self) -> str: ...
    @property
    def view(self) -> Callable[..., Any]: ...
    @property
    def secured(self) -> bool: ...
    @property
    def changes(self) -> bool: ...
    @property
    def summary(self) -> str: ...


def view_of(routes: Sequence[Route]) -> type[APIView]:
    """The view of one path. A route's view answers with a response, or with a JSON value."""
    members: dict[str, Any] = {route.method.lower(): _answering(route) for route in routes}
    members |= {
        "operations": {route.method: getattr(route.view, "__name__", "plugin") for route in routes},
        # Whether it is refused in maintenance mode is said by each route alone.
        "maintained": frozenset(route.method for route in routes),
        "__doc__": routes[0].summary,
    }
    return type("PluginView", (Endpoint if routes[0].secured else OpenEndpoint,), members)


def _answering(route: Route) -> Callable[..., Any]:
    def answer(self: Endpoint, request: Request, **parts: Any) -> Any:
        if route.changes:
            maintenance.require_writable()
        given: Any = request._request
        if route.secured:
            given.actor = self.actor
        found = route.view(given, **parts)
        return found if isinstance(found, HttpResponseBase) else Response(found)

    described = extend_schema(summary=route.summary or None, responses={200: dict[str, Any]}, request=None)
    answering: Callable[..., Any] = described(answer)
    return answering
