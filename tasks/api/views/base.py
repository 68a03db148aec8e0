"""What every route has in common: who acts, maintenance, one shape of errors, the audit line.

A view is a few lines: read the shape, call the service, write the shape. Source: docs/api.md.
"""

from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.api.identity import actor_of_request
from tasks.services import maintenance
from tasks.services.actors import Actor
from tasks.services.permissions import require_admin


class Endpoint(APIView):
    """One path of the API. Writes are refused in maintenance mode unless ``maintained`` says they are made for it."""

    #: Methods that write, but work in maintenance mode.
    maintained: frozenset[str] = frozenset()
    #: Methods for administrators, refused before maintenance is looked at.
    administrators_only: frozenset[str] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if request.method in self.administrators_only:
            require_admin(self.actor)
        if request.method not in SAFE_METHODS and request.method not in self.maintained:
            maintenance.require_writable()

    @property
    def actor(self) -> Actor:
        """Who asks, with his rights."""
        return actor_of_request(self.request)

    def read(self, shape: type[Any]) -> dict[str, Any]:
        """The body in this shape. Raises ValidationError with each field that does not fit."""
        body = shape(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return unknown_route()

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, MethodNotAllowed):
            return unknown_route()  # type: ignore[return-value]
        return super().handle_exception(exc)


def unknown_route() -> HttpResponse:
    """The answer for a path, or a method, that does not exist."""
    return HttpResponse("404 page not found", status=404, content_type="text/plain; charset=utf-8")


def no_content() -> Response:
    """Success without a value."""
    return Response(status=204)
