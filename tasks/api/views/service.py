"""What is asked of the service itself: who am I, is it alive, what time is it, how much is there.

Source: docs/api.md, "Service".
"""

from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.http import HttpResponse, HttpResponsePermanentRedirect
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import metrics, openapi, queries
from tasks.api.serializers.answers import Answer
from tasks.api.serializers.examples import with_example
from tasks.api.views.base import Endpoint, OpenEndpoint
from tasks.api.views.documentation import STATISTICS_PARAMETERS, ErrorAnswer, described
from tasks.config.current import configuration
from tasks.models import clock
from tasks.services import keys, service_numbers, statistics


@with_example()
class MetaAnswer(Answer):
    application_name = serializers.CharField()
    user_is_admin = serializers.BooleanField()
    username = serializers.CharField()
    user_groups = serializers.ListField(child=serializers.CharField())
    version = serializers.CharField()
    commit = serializers.CharField()


class TimeAnswer(Answer):
    currentDateTime = serializers.CharField(help_text="Like `2024-05-01T12:00Z`.")


@with_example()
class StatisticsAnswer(Answer):
    task_states = serializers.DictField(child=serializers.IntegerField(), help_text="Number of tasks by state.")


class Root(Endpoint):
    """Leads to what a client asks first."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Any:
        return HttpResponsePermanentRedirect("/meta")


class Meta(Endpoint):
    """Who the server takes you for, and what it is."""

    operations = {"GET": "GetMetadata"}

    @extend_schema(responses=described(MetaAnswer))
    def get(self, request: Request) -> Response:
        actor = self.actor
        return Response(
            {
                "application_name": configuration().cfg.application_name,
                "user_is_admin": actor.is_admin,
                "username": actor.username,
                "user_groups": sorted(actor.groups),
                "version": settings.UTASK_VERSION,
                "commit": settings.UTASK_COMMIT,
            }
        )


class KeyRotation(Endpoint):
    """Write everything that is stored encrypted again under the newest key."""

    operations = {"POST": "ReencryptData"}
    maintained = frozenset({"POST"})
    administrators_only = frozenset({"POST"})

    @extend_schema(request=None, responses=described(OpenApiResponse(description="Done; no content.")))
    def post(self, request: Request) -> Response:
        keys.rotate_keys(self.actor)
        return Response(status=200)


class Ping(OpenEndpoint):
    """``pong`` while the database answers."""

    operations = {"GET": "Ping"}

    @extend_schema(responses={(200, "text/plain"): str, 500: OpenApiResponse(description="The database is away.")})
    def get(self, request: Request) -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            return HttpResponse(status=500, content_type="text/plain; charset=utf-8")
        return HttpResponse("pong", content_type="text/plain; charset=utf-8")


class Live(OpenEndpoint):
    """``live`` as long as the process answers at all."""

    operations = {"GET": "Live"}

    @extend_schema(responses={(200, "text/plain"): str})
    def get(self, request: Request) -> Any:
        return HttpResponse("live", content_type="text/plain; charset=utf-8")


class Ready(OpenEndpoint):
    """Whether everything is there that is needed to work; 503 where something is not.

    ``for=web``: without the runners, for a web server whose workers are elsewhere.
    """

    operations = {"GET": "Ready"}

    @extend_schema(
        parameters=[OpenApiParameter("for", str, enum=["", "web"], description="`web`: the runners do not count.")],
        responses={
            200: dict[str, bool],
            400: ErrorAnswer,
            503: OpenApiResponse(dict[str, bool], "Something is not there."),
        },
    )
    def get(self, request: Request) -> Response:
        whom = queries.single(request, "for")
        if whom not in ("", "web"):
            raise ParseError("query parameter 'for' must be web, or absent")
        found = service_numbers.readiness()
        needed = found.keys() - ({"runners"} if whom == "web" else set())
        return Response(found, status=200 if all(found[name] for name in needed) else 503)


class Now(OpenEndpoint):
    """The service's time: something for a first template to ask."""

    operations = {"GET": "GetTime"}

    @extend_schema(responses={200: TimeAnswer})
    def get(self, request: Request) -> Response:
        return Response({"currentDateTime": clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")})


class Description(OpenEndpoint):
    """This description, as OpenAPI 3."""

    operations = {"GET": "GetDescription"}

    @extend_schema(responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        return Response(openapi.document())


class OpenIfConfigured(Endpoint):
    """For everybody where the operator says so, else for whoever is authenticated."""

    def get_authenticators(self) -> list[Any]:
        return [] if settings.UTASK_OPEN_METRICS else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return [] if settings.UTASK_OPEN_METRICS else list(super().get_permissions())


class Statistics(OpenIfConfigured):
    """How many tasks there are, by state."""

    operations = {"GET": "GetStatistics"}

    @extend_schema(parameters=STATISTICS_PARAMETERS, responses=described(StatisticsAnswer))
    def get(self, request: Request) -> Response:
        return Response({"task_states": statistics.tasks_by_state(queries.tags(request))})


class Metrics(OpenIfConfigured):
    """Numbers for Prometheus."""

    operations = {"GET": "GetMetrics"}

    @extend_schema(responses=described(str, media_type="text/plain"))
    def get(self, request: Request) -> Any:
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
