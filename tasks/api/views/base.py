"""What every route has in common: who acts, maintenance, one shape of errors, what the audit is told.

A view is a few lines: read the shape, call the service, write the shape. Source: docs/api.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.api.authentication import PluginAuthentication
from tasks.api.identity import actor_of_request, known_actor
from tasks.models import Resolution, Task
from tasks.services import maintenance, providers
from tasks.services.actors import Actor
from tasks.services.permissions import require_admin
from tasks.telemetry.audit import Audit

#: What a page of another site can send without the browser asking us first.
_UNASKED = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")


class Endpoint(APIView):
    """One path of the API. Writes are refused in maintenance mode unless ``maintained`` says they are made for it."""

    http_method_names = ["get", "post", "put", "delete"]
    #: The name of the operation behind each method: in the API's description and in the audit.
    operations: ClassVar[Mapping[str, str]] = {}
    #: Where the API's description lists it.
    tag: ClassVar[str] = "x-misc"
    #: Methods that write, but work in maintenance mode.
    maintained: ClassVar[frozenset[str]] = frozenset()
    #: Methods for administrators, refused before maintenance is looked at.
    administrators_only: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        method = str(request.method)
        if method not in self.allowed_methods:
            raise MethodNotAllowed(method)
        self.audit.action = self.operations.get(method, "")
        self.audit.metadata |= {name: str(value) for name, value in kwargs.items()}
        super().initial(request, *args, **kwargs)
        if request.user is not None:
            self.audit.user = self.actor.username
            _refuse_other_sites(request)
        if method in self.administrators_only:
            require_admin(self.actor)
        if method not in SAFE_METHODS and method not in self.maintained:
            maintenance.require_writable()

    def get_authenticators(self) -> list[Any]:
        """The ways to say who one is; that of an init plugin first."""
        usual = super().get_authenticators()
        return [PluginAuthentication(), *usual] if usual and providers.is_used() else list(usual)

    @property
    def actor(self) -> Actor:
        """Who asks, with his rights."""
        return actor_of_request(self.request)

    @property
    def audit(self) -> Audit:
        """What will be told of this request."""
        return audit_of(self.request._request)

    def about(self, task: Task | None = None, resolution: Resolution | None = None, **more: Any) -> None:
        """Tell the audit what the request is about."""
        task = resolution.task if resolution is not None else task
        if task is not None:
            self.audit.metadata |= {"task_id": str(task.public_id), "template_name": task.template.name}
        if resolution is not None:
            self.audit.metadata["resolution_id"] = str(resolution.public_id)
        self.audit.metadata |= {name: str(value) for name, value in more.items()}

    @property
    def body(self) -> dict[str, Any]:
        """The body as it was sent. Raises ParseError."""
        found: dict[str, Any] = self.request.data  # type: ignore[assignment]  # every parser of ours gives a mapping
        return found

    def read(self, shape: type[Any]) -> dict[str, Any]:
        """The body in this shape. Raises ValidationError with each field that does not fit."""
        body = shape(data=self.body)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        actor = known_actor(request)
        self.audit.sudo = actor is not None and bool(actor.privileges)
        return super().finalize_response(request, response, *args, **kwargs)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return unknown_route()

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, MethodNotAllowed):
            return unknown_route()  # type: ignore[return-value]
        return super().handle_exception(exc)


def audit_of(request: HttpRequest) -> Audit:
    """What will be told of the request; made at first use."""
    found: Audit = request.__dict__.setdefault("utask_audit", Audit())
    return found


class OpenEndpoint(Endpoint):
    """A path for everybody: nobody is asked who he is."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _refuse_other_sites(request: Request) -> None:
    """A browser adds remembered credentials to what a page of another site sends; such a write is not its user's."""
    if request.method in SAFE_METHODS or request.META.get("HTTP_SEC_FETCH_SITE") != "cross-site":
        return
    if str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() in _UNASKED:
        raise PermissionDenied("this was sent by a page of another site; send it with content type application/json")


def unknown_route() -> HttpResponse:
    """The answer for a path, or a method, that does not exist."""
    return HttpResponse("404 page not found", status=404, content_type="text/plain; charset=utf-8")


def no_content() -> Response:
    """Success without a value."""
    return Response(status=204)
