"""Tasks and batches. Source: docs/api.md, "Task"."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.paging import page_answer, page_size
from tasks.api.serializers.tasks import (
    BatchAnswer,
    BatchBody,
    TaskAnswer,
    TaskBody,
    TaskEdit,
    TaskInList,
)
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import LIST_PARAMETERS, described
from tasks.services import durations, task_lists, tasks
from tasks.services.creation import NewTask
from tasks.services.errors import BadRequest
from tasks.services.task_lists import ListType, TaskFilter

_FILTERS = ("type", "state", "batch", "template", "tag", "after", "before")


class Tasks(Endpoint):
    """Ask for a task, or list those that concern you, newest activity first."""

    @extend_schema(operation_id="ListTasks", parameters=LIST_PARAMETERS, responses=described(TaskInList(many=True)))
    def get(self, request: Request) -> Response:
        wanted, size = _filter(request), page_size(request)
        last = queries.single(request, "last")
        after = task_lists.place_of(queries.identifier(last, "last")) if last else None
        found = task_lists.page_of_tasks(self.actor, wanted, size=size, after=after)
        elements = list(TaskInList(found, many=True).data)
        return page_answer(request, elements, size=size, last=elements[-1]["id"] if elements else "", kept=_FILTERS)

    @extend_schema(operation_id="CreateTask", request=TaskBody, responses=described(TaskAnswer, status=201))
    def post(self, request: Request) -> Response:
        body = self.read(TaskBody)
        task = tasks.create_task(self.actor, body["template_name"], body.get("input") or {}, _new_task(body))
        return Response(TaskAnswer(tasks.task_named(task.public_id)).data, status=201)


class OneTask(Endpoint):
    """One task: read, edit, delete."""

    administrators_only = frozenset({"DELETE"})

    @extend_schema(operation_id="GetTask", responses=described(TaskAnswer))
    def get(self, request: Request, task_id: str) -> Response:
        task = tasks.read_task(self.actor, queries.identifier(task_id, "task"))
        return Response(TaskAnswer(task).data)

    @extend_schema(operation_id="EditTask", request=TaskEdit, responses=described(TaskAnswer))
    def put(self, request: Request, task_id: str) -> Response:
        body = self.read(TaskEdit)
        change = tasks.TaskChange(
            input=body["input"],
            watcher_usernames=body.get("watcher_usernames", ()),
            watcher_groups=body.get("watcher_groups", ()),
            tags=body.get("tags", {}),
        )
        task = tasks.edit_task(self.actor, queries.identifier(task_id, "task"), change)
        return Response(TaskAnswer(task).data)

    @extend_schema(operation_id="DeleteTask", responses=described(None, status=204))
    def delete(self, request: Request, task_id: str) -> Response:
        tasks.delete_task(self.actor, queries.identifier(task_id, "task"))
        return no_content()


class Wontfix(Endpoint):
    """Reject a task that nobody has begun."""

    @extend_schema(operation_id="CancelTask", request=None, responses=described(None, status=204))
    def post(self, request: Request, task_id: str) -> Response:
        tasks.reject_task(self.actor, queries.identifier(task_id, "task"))
        return no_content()


class Batches(Endpoint):
    """Ask for many tasks of one template at once: all of them, or none."""

    @extend_schema(operation_id="BatchCreateTask", request=BatchBody, responses=described(BatchAnswer, status=201))
    def post(self, request: Request) -> Response:
        body = self.read(BatchBody)
        batch = tasks.create_batch(
            self.actor,
            body["template_name"],
            body.get("inputs", []),
            common=body.get("common_input", {}),
            new=_new_task(body),
        )
        return Response(BatchAnswer(batch).data, status=201)


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
