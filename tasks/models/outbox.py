"""The outbox: notifications written with the change they tell of, sent afterwards, at least once."""

import uuid

from django.db import models
from django.utils import timezone

from tasks.models.fields import EncryptedTextField
from tasks.models.task import Task


class OutboxMessage(models.Model):
    """One message to one backend. ``payload`` is a JSON text."""

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=32)
    backend = models.CharField(max_length=255)
    payload = EncryptedTextField()
    created = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    #: When the next try may be made; NULL: sent, or given up.
    due_at = models.DateTimeField(null=True, default=timezone.now)
    sent = models.DateTimeField(null=True)
    given_up = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="outbox_due"),
            # What stands before a message of the same task to the same backend.
            models.Index(
                fields=["task", "backend", "id"], condition=models.Q(due_at__isnull=False), name="outbox_in_order"
            ),
            models.Index(fields=["sent"], condition=models.Q(sent__isnull=False), name="outbox_sent"),
            models.Index(fields=["given_up"], condition=models.Q(given_up__isnull=False), name="outbox_given_up"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.backend}"

    def encryption_row(self) -> str:
        return str(self.key)
