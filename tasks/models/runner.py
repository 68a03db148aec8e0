"""Runners: who is at work, and since when nobody heard of him."""

from django.db import models
from django.utils import timezone


class Runner(models.Model):
    """One resident runner process. Its row is the fence: whoever is declared dead here may not write any more."""

    #: All runners started together on one machine; limits "per instance" count over them.
    instance = models.CharField(max_length=64)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    region = models.CharField(max_length=255)
    capacity = models.IntegerField(default=0)  # resolutions at once
    load = models.IntegerField(default=0)
    started = models.DateTimeField(default=timezone.now)
    heartbeat = models.DateTimeField(default=timezone.now)
    #: Transactions it has written, each with its number, so that one whose commit was not answered can be found out.
    flushes = models.BigIntegerField(default=0)
    #: Set by another runner that took its resolutions over, or by itself at a clean stop.
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Not by heartbeat: a row that is updated with each flush must change no index.
            models.Index(fields=["id"], condition=models.Q(ended__isnull=True), name="runner_alive"),
        ]

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}"
