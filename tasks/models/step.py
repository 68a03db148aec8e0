"""Steps: one row each, written only when something happened to it."""

from django.db import models

from tasks.models.fields import EncryptedTextField
from tasks.models.resolution import Resolution
from tasks.states import StepState


class Step(models.Model):
    """What changed at run time of one step (or child of a loop); a step without a row is TODO and untouched.

    The definition stays in the template's version; ``definition`` holds one only where an operator edited it.
    ``output``, ``metadata``, ``children``, ``item`` and ``configuration`` are JSON texts.
    """

    resolution = models.ForeignKey(Resolution, on_delete=models.CASCADE, related_name="steps", db_index=False)
    name = models.TextField()
    #: The resolution's public id again: it names the row for its ciphertexts without a join.
    resolution_key = models.UUIDField()
    #: Place in the order of writing; children of a loop stand at their index.
    position = models.IntegerField(default=0)
    #: The loop that this child belongs to; NULL: no child.
    parent = models.TextField(null=True)  # noqa: DJ001 - a loop may have an empty name
    state = models.TextField(default=StepState.TODO)
    item = EncryptedTextField(null=True)
    output = EncryptedTextField(null=True)
    metadata = EncryptedTextField(null=True)
    children = EncryptedTextField(null=True)
    error = EncryptedTextField(null=True)
    #: The configuration as it was rendered for the last try, for those who may see it.
    configuration = EncryptedTextField(null=True)
    definition = EncryptedTextField(null=True)
    tags = EncryptedTextField(null=True)
    #: Public id of the task, batch or callback that this step made and follows.
    link = models.UUIDField(null=True)
    try_count = models.PositiveIntegerField(default=0)
    #: Rounds waited without a try (loops, skip conditions), which count for the retry delay.
    rounds = models.PositiveIntegerField(default=0)
    max_retries = models.IntegerField(default=0)
    last_run = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    #: The state to which a failed re-evaluation of check conditions goes back.
    prior_state = models.TextField(blank=True)
    #: A state that was given while the step ran; it counts when the result comes.
    given_state = models.TextField(blank=True)
    waiting_for = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resolution", "name"], name="step_once")]

    def __str__(self) -> str:
        return self.name

    def encryption_row(self) -> str:
        return f"{self.resolution_key}/{self.name}"
