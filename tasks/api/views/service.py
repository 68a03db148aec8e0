"""What is asked of the service itself: who am I, is it alive, what time is it. Source: docs/api.md, "Service"."""

from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, HttpResponsePermanentRedirect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api.serializers.answers import Answer
from tasks.api.views.base import Endpoint
from tasks.api.views.documentation import described
from tasks.config.current import configuration
from tasks.models import clock


class MetaAnswer(Answer):
    application_name = serializers.CharField()
    user_is_admin = serializers.BooleanField()
    username = serializers.CharField()
    user_groups = serializers.ListField(child=serializers.CharField())
    version = serializers.CharField()
    commit = serializers.CharField()


class TimeAnswer(Answer):
    currentDateTime = serializers.CharField()


class Root(Endpoint):
    """Leads to what a client asks first."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Any:
        return HttpResponsePermanentRedirect("/meta")


class Meta(Endpoint):
    """Who the server takes you for, and what it is."""

    @extend_schema(operation_id="GetMetadata", responses=described(MetaAnswer))
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


class Open(Endpoint):
    """Needs no identity."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Ping(Open):
    """``pong`` while the database answers."""

    @extend_schema(operation_id="Ping", responses={200: str})
    def get(self, request: Request) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("pong", content_type="text/plain; charset=utf-8")


class Now(Open):
    """The service's time: something for a first template to ask."""

    @extend_schema(operation_id="GetTime", responses={200: TimeAnswer})
    def get(self, request: Request) -> Response:
        return Response({"currentDateTime": clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")})
