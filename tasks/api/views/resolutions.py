"""Resolutions and their steps. Source: docs/api.md, "Resolution"."""

import time
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.serializers.resolutions import (
    ResolutionAnswer,
    ResolutionBody,
    ResolutionEdit,
    StepAnswer,
    StepBody,
    StepStateBody,
    resolution_document,
)
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import described
from tasks.models import Resolution
from tasks.services import permissions, resolutions, steps
from tasks.services.actors import Actor
from tasks.services.permissions import Operation

#: How long a run that was asked for is waited for to begin; the answer is the same in any case.
_BEGIN_SECONDS, _FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 0.005, 0.1


class Resolutions(Endpoint):
    """Resolve a task: it starts by itself."""

    @extend_schema(
        operation_id="CreateTaskResolution", request=ResolutionBody, responses=described(ResolutionAnswer, status=201)
    )
    def post(self, request: Request) -> Response:
        body = self.read(ResolutionBody)
        made = resolutions.create_resolution(
            self.actor,
            queries.identifier(body["task_id"], "task_id"),
            body.get("resolver_inputs"),
            start_over=body.get("start_over", False),
        )
        return Response(resolution_document(made, details=True) | {"task_title": ""}, status=201)


class OneResolution(Endpoint):
    """One resolution with its steps."""

    administrators_only = frozenset({"PUT"})

    @extend_schema(operation_id="GetTaskResolution", responses=described(ResolutionAnswer))
    def get(self, request: Request, resolution_id: str) -> Response:
        resolution, details = _readable(self.actor, queries.identifier(resolution_id, "resolution"))
        return Response(resolution_document(resolution, details=details))

    @extend_schema(operation_id="EditTaskResolution", request=ResolutionEdit, responses=described(None, status=204))
    def put(self, request: Request, resolution_id: str) -> Response:
        body = self.read(ResolutionEdit)
        steps.edit_resolution(
            self.actor,
            queries.identifier(resolution_id, "resolution"),
            steps=body.get("steps"),
            resolver_inputs=body.get("resolver_inputs"),
        )
        return no_content()


class Run(Endpoint):
    """Run a resolution now; the answer comes when the run has begun, at the latest after five seconds."""

    @extend_schema(operation_id="ExecuteTask", request=None, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        asked = resolutions.run_resolution(self.actor, queries.identifier(resolution_id, "resolution"))
        _wait_for_begin(asked)
        return no_content()


class Pause(Endpoint):
    """Hold a resolution, so that it can be edited."""

    @extend_schema(operation_id="PauseTaskExecution", request=None, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        act = resolutions.force_pause if queries.flag(request, "force") else resolutions.pause_resolution
        act(self.actor, queries.identifier(resolution_id, "resolution"))
        return no_content()


class Extend(Endpoint):
    """Give a resolution that used up its runs as many again."""

    @extend_schema(operation_id="ExtendTaskResolution", request=None, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        resolutions.extend_resolution(self.actor, queries.identifier(resolution_id, "resolution"))
        return no_content()


class Cancel(Endpoint):
    """Give up a resolution and its task."""

    @extend_schema(operation_id="CancelTaskResolution", request=None, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        resolutions.cancel_resolution(self.actor, queries.identifier(resolution_id, "resolution"))
        return no_content()


class OneStep(Endpoint):
    """One step of a resolution."""

    administrators_only = frozenset({"PUT"})

    @extend_schema(operation_id="GetTaskResolutionStep", responses=described(StepAnswer))
    def get(self, request: Request, resolution_id: str, step_name: str) -> Response:
        key = queries.identifier(resolution_id, "resolution")
        found = resolutions.resolution_named(key)
        document = steps.one_step_document(found, step_name, details=True)
        _, details = _readable(self.actor, key)
        return Response(document if details else steps.one_step_document(found, step_name, details=False))

    @extend_schema(operation_id="EditTaskResolutionStep", request=StepBody, responses=described(None, status=204))
    def put(self, request: Request, resolution_id: str, step_name: str) -> Response:
        steps.edit_step(self.actor, queries.identifier(resolution_id, "resolution"), step_name, request.data)
        return no_content()


class StepState(Endpoint):
    """The state of one step of a paused resolution."""

    @extend_schema(
        operation_id="EditTaskResolutionStepState", request=StepStateBody, responses=described(None, status=204)
    )
    def put(self, request: Request, resolution_id: str, step_name: str) -> Response:
        body = self.read(StepStateBody)
        steps.edit_step_state(self.actor, queries.identifier(resolution_id, "resolution"), step_name, body["state"])
        return no_content()


def _readable(actor: Actor, public_id: uuid.UUID) -> tuple[Resolution, bool]:
    """The resolution, for one who may read it, and whether he sees outputs too."""
    resolution = resolutions.resolution_named(public_id)
    permissions.require(actor, Operation.READ_RESOLUTION, resolution.task, resolution)
    return resolution, permissions.may(actor, Operation.READ_DETAILS, resolution.task, resolution)


def _wait_for_begin(asked: Any) -> None:
    until, pause = time.monotonic() + _BEGIN_SECONDS, _FIRST_PAUSE
    waiting = Resolution.objects.filter(pk=asked.pk, run_count=asked.run_count, due_at__isnull=False)
    while waiting.exists() and time.monotonic() < until:
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
