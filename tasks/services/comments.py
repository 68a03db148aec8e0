"""Comments: what people say about a task, and what operations note in their name."""

import uuid

from django.db import transaction

from tasks.models import Comment, Task, clock
from tasks.services import journal, permissions
from tasks.services.actors import Actor
from tasks.services.errors import BadRequest, NotFound, PermissionDenied
from tasks.services.permissions import Operation

SHORTEST_BYTES, LONGEST_BYTES = 3, 100_000


def check_content(content: str) -> None:
    """Raise BadRequest unless the length, in bytes, is allowed."""
    if not SHORTEST_BYTES <= len(content.encode(errors="replace")) <= LONGEST_BYTES:
        raise BadRequest(
            f"a comment has {SHORTEST_BYTES} to {LONGEST_BYTES} bytes",
            fields={"content": [f"{SHORTEST_BYTES} to {LONGEST_BYTES} bytes are expected"]},
        )


def note(task: Task, content: str, *, by: str) -> Comment:
    """A comment written by an operation in somebody's name; nobody can change it."""
    now = clock.now()
    return Comment.objects.create(task=task, username=by, content=content, automatic=True, created=now, updated=now)


@transaction.atomic
def add_comment(actor: Actor, task: Task, content: str) -> Comment:
    """What the actor says. Raises PermissionDenied, BadRequest."""
    permissions.require(actor, Operation.COMMENT, task, getattr(task, "resolution", None))
    check_content(content)
    now = clock.now()
    comment = Comment.objects.create(task=task, username=actor.username, content=content, created=now, updated=now)
    journal.record(task, "comment", by=actor, detail={"comment": str(comment.public_id)})
    return comment


def comment_of(task: Task, comment_id: uuid.UUID) -> Comment:
    """One comment of this task. Raises NotFound, also where it belongs to another task."""
    found = task.comments.filter(public_id=comment_id).first()
    if found is None:
        raise NotFound(f"no such comment: {comment_id}")
    return found


@transaction.atomic
def edit_comment(actor: Actor, task: Task, comment_id: uuid.UUID, content: str) -> Comment:
    """Replace what was said. Raises NotFound, PermissionDenied, BadRequest (a comment of another task)."""
    comment = _changeable(actor, task, comment_id)
    check_content(content)
    comment.content = content
    comment.updated = clock.now()
    comment.save(update_fields=["content", "updated"])
    journal.record(task, "edit comment", by=actor, detail={"comment": str(comment_id)})
    return comment


@transaction.atomic
def delete_comment(actor: Actor, task: Task, comment_id: uuid.UUID) -> None:
    """Take back what was said. Raises as ``edit_comment`` does."""
    _changeable(actor, task, comment_id).delete()
    journal.record(task, "delete comment", by=actor, detail={"comment": str(comment_id)})


def _changeable(actor: Actor, task: Task, comment_id: uuid.UUID) -> Comment:
    comment = Comment.objects.select_for_update().filter(public_id=comment_id).first()
    if comment is None:
        raise NotFound(f"no such comment: {comment_id}")
    if comment.automatic:
        raise PermissionDenied("this comment was written by the system: nobody can change it")
    if comment.username != actor.username:
        if not actor.is_admin:
            raise PermissionDenied(f"{actor.username} may not {Operation.EDIT_COMMENT} of somebody else")
        actor.privileges.add(Operation.EDIT_COMMENT)
    if comment.task_id != task.pk:
        raise BadRequest("the comment belongs to another task")
    return comment
