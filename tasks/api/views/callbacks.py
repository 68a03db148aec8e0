"""Callbacks, for programs (``POST``) and for people who follow the link (``GET``, a form).

Source: docs/api.md, "Callbacks".
"""

import uuid
from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.bodies import AnyParser
from tasks.api.errors import status_of
from tasks.api.serializers.answers import Answer
from tasks.api.views.base import OpenEndpoint
from tasks.api.views.documentation import TOKEN, TOO_MANY, described, described_page
from tasks.services import callbacks
from tasks.services.addresses import address_of
from tasks.services.callback_forms import SENT_BY_FORM, Form, form_of
from tasks.services.errors import BadRequest, ServiceError
from tasks.services.maintenance import require_writable

RESOLVED = "The callback has been resolved"


class MessageAnswer(Answer):
    message = serializers.CharField()


class BodyOrNone(AnyParser):
    """Tells an empty body, which is null, from an empty mapping."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        value = self.value_of(stream)
        return {} if value is None else {"body": value}


class Callback(OpenEndpoint):
    """Answer once at an address that was given out; a person who opens it in a browser gets a form."""

    operations = {"GET": "ShowCallback", "POST": "HandleCallback"}
    tag = "callback"
    parser_classes = (BodyOrNone,)

    @extend_schema(
        parameters=[TOKEN],
        responses=described_page(),
    )
    def get(self, request: Request, callback_id: str) -> HttpResponse:
        public_id, token = _named(request, callback_id)
        try:
            require_writable()
            found = callbacks.open_callback(public_id, token, address=address_of(request.META))
            callbacks.require_callable(found)
        except ServiceError as error:
            return _page(request, status=status_of(error), message=str(error))
        return _page(request, form=form_of(callbacks.schema_of(found)))

    @extend_schema(parameters=[TOKEN], request=dict[str, Any], responses=described(MessageAnswer) | TOO_MANY)
    def post(self, request: Request, callback_id: str) -> Any:
        public_id, token = _named(request, callback_id)
        if SENT_BY_FORM in request.query_params:
            return self._post_form(request, public_id, token)
        callbacks.answer(public_id, token, self.body.get("body"), address=address_of(request.META))
        return Response({"message": RESOLVED})

    def _post_form(self, request: Request, public_id: uuid.UUID, token: str) -> HttpResponse:
        address = address_of(request.META)
        form: Form | None = None
        try:
            found = callbacks.open_callback(public_id, token, address=address)
            form = form_of(callbacks.schema_of(found)).filled(request._request.POST)
            callbacks.answer(public_id, token, form.value(), address=address)
        except BadRequest as error:
            return _page(request, status=400, form=form, message=str(error))
        except ServiceError as error:
            return _page(request, status=status_of(error), message=str(error))
        return _page(request, message=RESOLVED + ". You can close this page.")


def _named(request: Request, callback_id: str) -> tuple[uuid.UUID, str]:
    public_id = queries.identifier(callback_id, "callback")
    token = queries.single(request, "t")
    if not token:
        raise ParseError("missing query parameter: t")
    return public_id, token


def _page(request: Request, *, status: int = 200, form: Form | None = None, message: str = "") -> HttpResponse:
    context = {"form": form, "message": message, "failed": status >= 400, "marker": SENT_BY_FORM}
    answer = render(request._request, "tasks/callback.html", context, status=status)
    # The address holds the token.
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer
