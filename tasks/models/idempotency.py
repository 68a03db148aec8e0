"""First answers, so that a repeated request gets the same again."""

from django.db import models
from django.utils import timezone

from tasks.models.fields import EncryptedTextField


class IdempotentAnswer(models.Model):
    """What one user's request with one ``Idempotency-Key`` was answered."""

    username = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    operation = models.CharField(max_length=64)
    #: SHA-256 of the request's body: the same key with another body is refused.
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)  # NULL: still at work
    body = EncryptedTextField(null=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["username", "operation", "key"], name="idempotent_answer_once"),
        ]
        indexes = [models.Index(fields=["created"], name="idempotent_answer_age")]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"

    def encryption_row(self) -> str:
        return f"{self.username}/{self.operation}/{self.key}"
