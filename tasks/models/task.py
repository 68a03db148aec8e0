"""Tasks: what somebody asked for, from one version of one template."""

import uuid
from collections.abc import Mapping

from django.db import models
from django.utils import timezone

from tasks.models.fields import EncryptedTextField
from tasks.models.names import MemberKind, MemberRole
from tasks.states import TaskState


class Batch(models.Model):
    """Tasks made together, by a person at once or by a step a part at a time."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(default=timezone.now)
    #: The step that makes the tasks; NULL: made through the API.
    parent = models.ForeignKey("Resolution", null=True, on_delete=models.SET_NULL, related_name="batches")
    parent_step = models.TextField(blank=True)
    #: How many of its tasks were created so far; deleting one does not lower it.
    started = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return str(self.public_id)


class Task(models.Model):
    """One request. ``input`` and ``result`` are JSON texts, encrypted; numbers in them keep their notation."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    template = models.ForeignKey("Template", on_delete=models.PROTECT, related_name="tasks", db_index=False)
    version = models.ForeignKey("TemplateVersion", on_delete=models.PROTECT, related_name="tasks")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="tasks", db_index=False)
    title = models.TextField()
    state = models.CharField(max_length=16, default=TaskState.TODO)
    requester_username = models.CharField(max_length=255)
    requester_groups = models.JSONField(default=list)
    region = models.CharField(max_length=255, blank=True)  # "": any runner
    created = models.DateTimeField(default=timezone.now)
    last_activity = models.DateTimeField(default=timezone.now)
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    #: A start delay asked for at creation, in nanoseconds; it begins when the task is resolved.
    delay_ns = models.BigIntegerField(null=True)
    input = EncryptedTextField()
    result = EncryptedTextField(null=True)
    result_error = EncryptedTextField(null=True)
    #: The step that made this task and waits for it (subtask, batch).
    parent = models.ForeignKey(
        "Resolution", null=True, on_delete=models.SET_NULL, related_name="children", db_index=False
    )
    parent_step = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-last_activity", "-id"], name="task_newest"),
            models.Index(fields=["state", "-last_activity", "-id"], name="task_newest_by_state"),
            models.Index(fields=["requester_username", "-last_activity", "-id"], name="task_newest_by_requester"),
            models.Index(fields=["template", "-last_activity", "-id"], name="task_newest_by_template"),
            models.Index(fields=["parent", "parent_step"], name="task_by_parent"),
            models.Index(fields=["batch", "state"], name="task_of_batch_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def encryption_row(self) -> str:
        return str(self.public_id)

    def names(self, role: MemberRole, kind: MemberKind) -> list[str]:
        """Watchers or resolvers, users or groups, in the order given. One query unless prefetched."""
        return [member.name for member in self.members.all() if member.role == role and member.kind == kind]

    def tag_map(self) -> Mapping[str, str]:
        """All tags. One query unless prefetched."""
        return {tag.key: tag.value for tag in self.tags.all()}


class TaskMember(models.Model):
    """A user or group that watches or may resolve one task. Written once, never changed; found by ``ListEntry``."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="members", db_index=False)
    role = models.CharField(max_length=8, choices=MemberRole.choices)
    kind = models.CharField(max_length=5, choices=MemberKind.choices)
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "role", "kind", "name"], name="task_member_once"),
        ]
        indexes = [models.Index(fields=["task", "id"], name="task_member_in_order")]

    def __str__(self) -> str:
        return f"{self.role} {self.kind} {self.name}"


class TaskTag(models.Model):
    """One tag of a task. Tasks with a tag are found by ``ListEntry``."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=255)
    value = models.TextField()

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["task", "key"], name="task_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class Comment(models.Model):
    """What somebody said about a task, or what the system noted in somebody's name."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="comments", db_index=False)
    username = models.CharField(max_length=255)
    content = EncryptedTextField()
    #: Written by an operation, not by a person: read-only.
    automatic = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created", "id"]
        indexes = [models.Index(fields=["task", "created"], name="comment_of_task")]

    def __str__(self) -> str:
        return str(self.public_id)

    def encryption_row(self) -> str:
        return str(self.public_id)
