"""Callbacks: addresses given out, at which somebody outside may answer once."""

import uuid

from django.db import models
from django.utils import timezone

from tasks.models.fields import EncryptedTextField
from tasks.models.resolution import Resolution


class Callback(models.Model):
    """One address. ``schema`` and ``body`` are JSON texts; the token in clear is only ever in the step's output."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    resolution = models.ForeignKey(Resolution, on_delete=models.CASCADE, related_name="callbacks")
    step = models.TextField()
    username = models.CharField(max_length=255)  # the requester's
    token = EncryptedTextField()
    schema = EncryptedTextField(null=True)
    body = EncryptedTextField(null=True)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)
    called = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.public_id)

    def encryption_row(self) -> str:
        return str(self.public_id)
