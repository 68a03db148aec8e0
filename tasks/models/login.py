"""Failed log-ins, counted over all processes."""

from django.db import models


class FailedLogin(models.Model):
    """How often it failed lately under one key: an address, a name, or a name from an address (``logins.py``)."""

    #: A keyed digest: what people type as their name may be a password.
    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["since"], name="failed_login_age")]

    def __str__(self) -> str:
        return self.key
