"""Slots of limited resources that are taken, across all processes."""

from django.db import models

from tasks.models.resolution import Resolution
from tasks.models.runner import Runner


class ResourceSlot(models.Model):
    """One slot of one named resource, held by a step while it runs, or by a whole resolution (``template:NAME``).

    Taken in the transaction that makes the step RUNNING, given back in that of its result. A dead runner's slots go
    with its row's end.
    """

    resource = models.TextField()
    #: The instance whose limit it counts against; "": one limit for all instances.
    scope = models.CharField(max_length=64, blank=True)
    runner = models.ForeignKey(Runner, on_delete=models.CASCADE, related_name="slots")
    resolution = models.ForeignKey(Resolution, on_delete=models.CASCADE, related_name="slots")
    step = models.TextField(blank=True)  # "": the resolution as a whole

    class Meta:
        indexes = [models.Index(fields=["resource", "scope"], name="resource_slot_taken")]

    def __str__(self) -> str:
        return f"{self.resource} by {self.resolution_id}/{self.step}"
