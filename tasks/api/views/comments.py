"""Comments of a task. Source: docs/api.md, "Comment"."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.serializers.tasks import CommentAnswer, CommentBody
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import described
from tasks.models import Task
from tasks.services import comments, permissions, tasks
from tasks.services.permissions import Operation


class Comments(Endpoint):
    """All comments of a task, oldest first; add one."""

    operations = {"GET": "ListTaskComments", "POST": "AddTaskComment"}
    tag = "03 - comment"

    @extend_schema(responses=described(CommentAnswer(many=True)))
    def get(self, request: Request, task_id: str) -> Response:
        task = _task(self, task_id)
        permissions.require(self.actor, Operation.COMMENT, task, tasks.resolution_of(task))
        return Response(CommentAnswer(task.comments.all(), many=True).data)

    @extend_schema(request=CommentBody, responses=described(CommentAnswer, status=201))
    def post(self, request: Request, task_id: str) -> Response:
        body = self.read(CommentBody)
        made = comments.add_comment(self.actor, _task(self, task_id), body["content"])
        return Response(CommentAnswer(made).data, status=201)


class OneComment(Endpoint):
    """One comment; its author, or an administrator, may change it."""

    operations = {"GET": "GetTaskComment", "PUT": "EditTaskComment", "DELETE": "DeleteTaskComment"}
    tag = "03 - comment"

    @extend_schema(responses=described(CommentAnswer))
    def get(self, request: Request, task_id: str, comment_id: str) -> Response:
        task = _task(self, task_id)
        permissions.require(self.actor, Operation.COMMENT, task, tasks.resolution_of(task))
        return Response(CommentAnswer(comments.comment_of(task, queries.identifier(comment_id, "comment"))).data)

    @extend_schema(request=CommentBody, responses=described(CommentAnswer))
    def put(self, request: Request, task_id: str, comment_id: str) -> Response:
        body = self.read(CommentBody)
        task, key = _task(self, task_id), queries.identifier(comment_id, "comment")
        return Response(CommentAnswer(comments.edit_comment(self.actor, task, key, body["content"])).data)

    @extend_schema(responses=described(None, status=204))
    def delete(self, request: Request, task_id: str, comment_id: str) -> Response:
        comments.delete_comment(self.actor, _task(self, task_id), queries.identifier(comment_id, "comment"))
        return no_content()


def _task(endpoint: Endpoint, task_id: str) -> Task:
    """The task of the path, told to the audit."""
    task = tasks.task_named(queries.identifier(task_id, "task"))
    endpoint.about(task)
    resolution = tasks.resolution_of(task)
    if resolution is not None:
        endpoint.about(resolution_id=resolution.public_id)
    return task
