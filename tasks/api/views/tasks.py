"""Tasks and batches. Source: docs/api.md, "Task"."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.bodies import ReasonBody
from tasks.api.paging import page_answer, page_size
from tasks.api.serializers.tasks import (
    BatchAnswer,
    BatchBody,
    TaskAnswer,
    TaskBody,
    TaskEdit,
    TaskInList,
)
from tasks.api.versions import asks_for_match, etag_of, require_match
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LIST_PARAMETERS,
    OUTDATED,
    described,
)
from tasks.models import Task
from tasks.services import durations, idempotency, locking, task_lists, tasks
from tasks.services.creation import NewTask
from tasks.services.errors import BadRequest
from tasks.services.task_lists import ListType, TaskFilter
from tasks.services.values import encode

_FILTERS = ("type", "state", "batch", "template", "tag", "after", "before")


class Tasks(Endpoint):
    """Ask for a task, or list those that concern you, newest activity first."""

    operations = {"GET": "ListTasks", "POST": "CreateTask"}
    tag = "01 - task"

    @extend_schema(parameters=LIST_PARAMETERS, responses=described(TaskInList(many=True)))
    def get(self, request: Request) -> Response:
        wanted, size = _filter(request), page_size(request)
        if wanted.template:
            self.about(template_name=wanted.template)
        last = queries.single(request, "last")
        after = task_lists.place_of(queries.identifier(last, "last")) if last else None
        found = task_lists.page_of_tasks(self.actor, wanted, size=size, after=after)
        elements = list(TaskInList(found, many=True).data)
        return page_answer(request, elements, size=size, last=elements[-1]["id"] if elements else "", kept=_FILTERS)

    @extend_schema(request=TaskBody, parameters=[IDEMPOTENCY_KEY], responses=described(TaskAnswer, status=201))
    def post(self, request: Request) -> Response:
        body = self.read(TaskBody)
        self.about(template_name=body["template_name"])

        def create() -> Any:
            task = tasks.create_task(self.actor, body["template_name"], body.get("input") or {}, _new_task(body))
            self.about(task)
            return _document(tasks.task_named(task.public_id))

        return _once(self, request, create)


class OneTask(Endpoint):
    """One task: read, edit, delete."""

    operations = {"GET": "GetTask", "PUT": "EditTask", "DELETE": "DeleteTask"}
    tag = "01 - task"
    administrators_only = frozenset({"DELETE"})

    @extend_schema(responses=described(TaskAnswer))
    def get(self, request: Request, task_id: str) -> Response:
        task = tasks.read_task(self.actor, queries.identifier(task_id, "task"))
        self.about(task)
        document = _document(task)
        return Response(document, headers={"ETag": etag_of(document)})

    @extend_schema(request=TaskEdit, parameters=[IF_MATCH], responses=described(TaskAnswer) | OUTDATED)
    def put(self, request: Request, task_id: str) -> Response:
        body = self.read(TaskEdit)
        key = queries.identifier(task_id, "task")
        change = tasks.TaskChange(
            input=body["input"],
            watcher_usernames=body.get("watcher_usernames", ()),
            watcher_groups=body.get("watcher_groups", ()),
            tags=body.get("tags", {}),
        )
        with transaction.atomic():
            if asks_for_match(request):
                locking.lock_task(key)
                require_match(request, _document(tasks.read_task(self.actor, key)))
            task = tasks.edit_task(self.actor, key, change, reason=body.get("reason", ""))
        self.about(task)
        document = _document(task)
        return Response(document, headers={"ETag": etag_of(document)})

    @extend_schema(responses=described(None, status=204))
    def delete(self, request: Request, task_id: str) -> Response:
        self.about(tasks.delete_task(self.actor, queries.identifier(task_id, "task")))
        return no_content()


class Wontfix(Endpoint):
    """Reject a task that nobody has begun."""

    operations = {"POST": "CancelTask"}
    tag = "01 - task"

    @extend_schema(request=ReasonBody, responses=described(None, status=204))
    def post(self, request: Request, task_id: str) -> Response:
        reason = self.read(ReasonBody).get("reason", "")
        self.about(tasks.reject_task(self.actor, queries.identifier(task_id, "task"), reason=reason))
        return no_content()


class Batches(Endpoint):
    """Ask for many tasks of one template at once: all of them, or none."""

    operations = {"POST": "BatchCreateTask"}
    tag = "01 - task"

    @extend_schema(request=BatchBody, parameters=[IDEMPOTENCY_KEY], responses=described(BatchAnswer, status=201))
    def post(self, request: Request) -> Response:
        body = self.read(BatchBody)
        self.about(template_name=body["template_name"])

        def create() -> Any:
            batch = tasks.create_batch(
                self.actor,
                body["template_name"],
                body["inputs"],
                common=body.get("common_input", {}),
                new=_new_task(body),
            )
            self.about(batch_id=batch.public_id)
            return dict(BatchAnswer(batch).data)

        return _once(self, request, create)


def _document(task: Task) -> dict[str, Any]:
    return dict(TaskAnswer(task).data)


def _once(endpoint: Endpoint, request: Request, create: Callable[[], Any]) -> Response:
    """What ``create`` answers; with ``Idempotency-Key`` only the first time, and then again the same."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if not key:
        # The answer is what was made, not what a runner has made of it since.
        with transaction.atomic():
            document = create()
        return Response(document, status=201)
    operation = endpoint.operations[str(request.method)]
    document, is_repeated = idempotency.once(endpoint.actor, operation, key, encode(endpoint.body).encode(), create)
    return Response(document, status=201, headers={"Idempotency-Replayed": "true"} if is_repeated else None)


def _new_task(body: dict[str, Any]) -> NewTask:
    people = ("watcher_usernames", "watcher_groups", "resolver_usernames", "resolver_groups")
    delay = body.get("delay")
    try:
        wait = None if delay is None else durations.read_span(delay)
    except ValueError:
        raise BadRequest(
            f"delay: {delay!r} is no duration; write it like 300ms, 1h30m or 2h45m",
            fields={"delay": ["a duration is expected"]},
        ) from None
    return NewTask(
        comment=body.get("comment", ""),
        tags=body.get("tags", {}),
        delay=wait,
        **{name: body.get(name, ()) for name in people},
    )


def _filter(request: Request) -> TaskFilter:
    wanted = queries.single(request, "type") or ListType.OWN
    if wanted not in frozenset(ListType):
        raise ParseError("query parameter 'type' must be own, resolvable or all")
    state, batch = queries.single(request, "state"), queries.single(request, "batch")
    return TaskFilter(
        type=ListType(wanted),
        states=(state,) if state else (),
        batch=queries.identifier(batch, "batch") if batch else None,
        template=queries.single(request, "template"),
        tags=queries.tags(request),
        after=queries.moment(request, "after"),
        before=queries.moment(request, "before"),
    )
