"""Comments of a task. Source: docs/api.md, "Comment"."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.serializers.tasks import CommentAnswer, CommentBody
from tasks.api.views.base import Endpoint, no_content
from tasks.api.views.documentation import described
from tasks.services import comments, permissions, tasks
from tasks.services.permissions import Operation


class Comments(Endpoint):
    """All comments of a task, oldest first; add one."""

    @extend_schema(operation_id="ListTaskComments", responses=described(CommentAnswer(many=True)))
    def get(self, request: Request, task_id: str) -> Response:
        task = tasks.task_named(queries.identifier(task_id, "task"))
        permissions.require(self.actor, Operation.COMMENT, task, tasks.resolution_of(task))
        return Response(CommentAnswer(task.comments.all(), many=True).data)

    @extend_schema(operation_id="AddTaskComment", request=CommentBody, responses=described(CommentAnswer, status=201))
    def post(self, request: Request, task_id: str) -> Response:
        body = self.read(CommentBody)
        task = tasks.task_named(queries.identifier(task_id, "task"))
        return Response(CommentAnswer(comments.add_comment(self.actor, task, body["content"])).data, status=201)


class OneComment(Endpoint):
    """One comment; its author, or an administrator, may change it."""

    @extend_schema(operation_id="GetTaskComment", responses=described(CommentAnswer))
    def get(self, request: Request, task_id: str, comment_id: str) -> Response:
        task = tasks.task_named(queries.identifier(task_id, "task"))
        permissions.require(self.actor, Operation.COMMENT, task, tasks.resolution_of(task))
        return Response(CommentAnswer(comments.comment_of(task, queries.identifier(comment_id, "comment"))).data)

    @extend_schema(operation_id="EditTaskComment", request=CommentBody, responses=described(CommentAnswer))
    def put(self, request: Request, task_id: str, comment_id: str) -> Response:
        body = self.read(CommentBody)
        task = tasks.task_named(queries.identifier(task_id, "task"))
        key = queries.identifier(comment_id, "comment")
        return Response(CommentAnswer(comments.edit_comment(self.actor, task, key, body["content"])).data)

    @extend_schema(operation_id="DeleteTaskComment", responses=described(None, status=204))
    def delete(self, request: Request, task_id: str, comment_id: str) -> Response:
        task = tasks.task_named(queries.identifier(task_id, "task"))
        comments.delete_comment(self.actor, task, queries.identifier(comment_id, "comment"))
        return no_content()
