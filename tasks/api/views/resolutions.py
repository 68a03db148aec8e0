"""Resolutions and their steps. Source: docs/api.md, "Resolution"."""

import time
import uuid
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.bodies import ReasonBody
from tasks.api.connections import release
from tasks.api.paging import page_answer, page_size
from tasks.api.serializers.answers import in_order
from tasks.api.serializers.resolutions import (
    ResolutionAnswer,
    ResolutionBody,
    ResolutionEdit,
    ResolutionInList,
    StepAnswer,
    StepBody,
    StepStateBody,
    resolution_document,
    step_as_sent,
)
from tasks.api.versions import asks_for_match, etag_of, require_match
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import FORCE, IF_MATCH, OUTDATED, RESOLUTION_PARAMETERS, described
from tasks.models import Resolution
from tasks.services import locking, permissions, resolution_lists, resolutions, steps
from tasks.services.actors import Actor
from tasks.services.permissions import Operation
from tasks.services.resolution_lists import ListType, ResolutionFilter

#: How long a run that was asked for is waited for to begin; the answer is the same in any case.
BEGIN_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1
_FILTERS = ("type", "state", "instance_id")


class Resolutions(Endpoint):
    """Resolve a task: it starts by itself. Or list what you have resolved."""

    operations = {"GET": "ListResolutions", "POST": "CreateTaskResolution"}
    tag = "02 - resolution"

    @extend_schema(parameters=RESOLUTION_PARAMETERS, responses=described(ResolutionInList(many=True)))
    def get(self, request: Request) -> Response:
        wanted, size, last = _filter(request), page_size(request), queries.single(request, "last")
        after = queries.identifier(last, "last") if last else None
        found = resolution_lists.page_of_resolutions(self.actor, wanted, size=size, after=after)
        elements = list(ResolutionInList(found, many=True).data)
        return page_answer(request, elements, size=size, last=elements[-1]["id"] if elements else "", kept=_FILTERS)

    @extend_schema(request=ResolutionBody, responses=described(ResolutionAnswer, status=201))
    def post(self, request: Request) -> Response:
        body = self.read(ResolutionBody)
        self.about(task_id=body["task_id"][:64])
        task_id = queries.identifier(body["task_id"], "task_id")
        # The answer is what was made, not what a runner has made of it since.
        with transaction.atomic():
            made = resolutions.create_resolution(
                self.actor, task_id, body.get("resolver_inputs"), start_over=body.get("start_over", False)
            )
            document = resolution_document(made, details=True)
        self.about(resolution=made)
        return Response(document | {"task_title": ""}, status=201)


class OneResolution(Endpoint):
    """One resolution with its steps."""

    operations = {"GET": "GetTaskResolution", "PUT": "EditTaskResolution"}
    tag = "02 - resolution"
    administrators_only = frozenset({"PUT"})

    @extend_schema(responses=described(ResolutionAnswer))
    def get(self, request: Request, resolution_id: str) -> Response:
        resolution, details = _readable(self.actor, queries.identifier(resolution_id, "resolution"))
        self.about(resolution=resolution)
        document = resolution_document(resolution, details=details)
        return Response(document, headers={"ETag": etag_of(document)})

    @extend_schema(request=ResolutionEdit, parameters=[IF_MATCH], responses=described(None, status=204) | OUTDATED)
    def put(self, request: Request, resolution_id: str) -> Response:
        body = self.read(ResolutionEdit)
        key = queries.identifier(resolution_id, "resolution")
        with transaction.atomic():
            if asks_for_match(request):
                require_match(request, resolution_document(locking.lock_resolution(key), details=True))
            edited = steps.edit_resolution(
                self.actor,
                key,
                steps=body.get("steps"),
                resolver_inputs=body.get("resolver_inputs"),
                reason=body.get("reason", ""),
            )
        self.about(resolution=edited)
        return no_content()


class Run(Endpoint):
    """Run a resolution now; the answer comes when the run has begun, at the latest after five seconds."""

    operations = {"POST": "ExecuteTask"}
    tag = "02 - resolution"

    @extend_schema(request=ReasonBody, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        reason = self.read(ReasonBody).get("reason", "")
        key = queries.identifier(resolution_id, "resolution")
        asked = resolutions.run_resolution(self.actor, key, reason=reason)
        self.about(resolution=asked)
        _wait_for_begin(asked)
        return no_content()


class Pause(Endpoint):
    """Hold a resolution, so that it can be edited."""

    operations = {"POST": "PauseTaskExecution"}
    tag = "02 - resolution"

    @extend_schema(request=ReasonBody, parameters=[FORCE], responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        reason = self.read(ReasonBody).get("reason", "")
        act = resolutions.force_pause if queries.flag(request, "force") else resolutions.pause_resolution
        self.about(resolution=act(self.actor, queries.identifier(resolution_id, "resolution"), reason=reason))
        return no_content()


class Extend(Endpoint):
    """Give a resolution that used up its runs as many again."""

    operations = {"POST": "ExtendTaskResolution"}
    tag = "02 - resolution"

    @extend_schema(request=ReasonBody, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        reason = self.read(ReasonBody).get("reason", "")
        key = queries.identifier(resolution_id, "resolution")
        self.about(resolution=resolutions.extend_resolution(self.actor, key, reason=reason))
        return no_content()


class Cancel(Endpoint):
    """Give up a resolution and its task."""

    operations = {"POST": "CancelTaskResolution"}
    tag = "02 - resolution"

    @extend_schema(request=ReasonBody, responses=described(None, status=204))
    def post(self, request: Request, resolution_id: str) -> Response:
        reason = self.read(ReasonBody).get("reason", "")
        key = queries.identifier(resolution_id, "resolution")
        self.about(resolution=resolutions.cancel_resolution(self.actor, key, reason=reason))
        return no_content()


class OneStep(Endpoint):
    """One step of a resolution."""

    operations = {"GET": "GetTaskResolutionStep", "PUT": "EditTaskResolutionStep"}
    tag = "02 - resolution"
    administrators_only = frozenset({"PUT"})

    @extend_schema(responses=described(StepAnswer))
    def get(self, request: Request, resolution_id: str, step_name: str) -> Response:
        key = queries.identifier(resolution_id, "resolution")
        # That there is no such step is told before who may read it.
        steps.require_step(resolutions.resolution_named(key), step_name)
        resolution, details = _readable(self.actor, key)
        self.about(resolution=resolution)
        document = steps.one_step_document(resolution, step_name, details=details)
        return Response(in_order(document, StepAnswer), headers={"ETag": etag_of(document)})

    @extend_schema(request=StepBody, parameters=[IF_MATCH], responses=described(None, status=204) | OUTDATED)
    def put(self, request: Request, resolution_id: str, step_name: str) -> Response:
        document = step_as_sent(self.body)
        key = queries.identifier(resolution_id, "resolution")
        with transaction.atomic():
            if asks_for_match(request):
                present = locking.lock_resolution(key)
                require_match(request, steps.one_step_document(present, step_name, details=True))
            edited = steps.edit_step(self.actor, key, step_name, document)
        self.about(resolution=edited)
        return no_content()


class StepState(Endpoint):
    """The state of one step of a paused resolution."""

    operations = {"PUT": "EditTaskResolutionStepState"}
    tag = "02 - resolution"

    @extend_schema(request=StepStateBody, responses=described(None, status=204))
    def put(self, request: Request, resolution_id: str, step_name: str) -> Response:
        body = self.read(StepStateBody)
        key = queries.identifier(resolution_id, "resolution")
        edited, before = steps.edit_step_state(self.actor, key, step_name, body["state"], reason=body.get("reason", ""))
        self.about(resolution=edited, old_state=before, new_state=body["state"])
        return no_content()


def _filter(request: Request) -> ResolutionFilter:
    wanted = queries.single(request, "type") or ListType.OWN
    if wanted not in frozenset(ListType):
        raise ParseError("query parameter 'type' must be own or all")
    return ResolutionFilter(
        type=ListType(wanted),
        state=queries.single(request, "state"),
        instance=queries.unsigned(request, "instance_id"),
    )


def _readable(actor: Actor, public_id: uuid.UUID) -> tuple[Resolution, bool]:
    """The resolution, for one who may read it, and whether he sees outputs too."""
    resolution = resolutions.resolution_named(public_id)
    permissions.require(actor, Operation.READ_RESOLUTION, resolution.task, resolution)
    return resolution, permissions.may(actor, Operation.READ_DETAILS, resolution.task, resolution)


def _wait_for_begin(asked: Any) -> None:
    until, pause = time.monotonic() + BEGIN_SECONDS, _FIRST_PAUSE
    waiting = Resolution.objects.filter(pk=asked.pk, run_count=asked.run_count, due_at__isnull=False)
    while waiting.exists() and time.monotonic() < until:
        release()
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
