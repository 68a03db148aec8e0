"""The journal: every change of state and every act of a person, appended, never changed."""

from django.db import models

from tasks.models.fields import EncryptedTextField
from tasks.models.task import Task


class JournalKind(models.TextChoices):
    TASK = "task"
    RESOLUTION = "resolution"
    STEP = "step"
    ACT = "act"


class JournalEntry(models.Model):
    """Who, when, what, from which state to which. It is the audit trail, the time line and the Gantt chart."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="journal", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=JournalKind.choices)
    #: The act (``pause``, ``edit``…) or the engine's event; names only.
    event = models.CharField(max_length=64)
    step = models.TextField(blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(null=True)
    duration = models.DurationField(null=True)
    actor = models.CharField(max_length=255, blank=True)  # "": the engine
    address = models.CharField(max_length=64, blank=True)
    #: The reason given, or what exactly was changed; encrypted, since people write values into it.
    detail = EncryptedTextField(null=True)
    #: Names the row for its ciphertext.
    key = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["task", "id"], name="journal_of_task"),
            # What people did is little beside what runs did.
            models.Index(fields=["id"], condition=models.Q(kind=JournalKind.ACT), name="journal_of_acts"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event}"

    def encryption_row(self) -> str:
        return str(self.key)
