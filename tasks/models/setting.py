"""Switches that an operator turns while the service runs (maintenance), and the state of long operations."""

from django.db import models


class Setting(models.Model):
    """One switch by name."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    updated = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return self.name
