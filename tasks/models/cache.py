"""The key/value store of the ``cache`` action."""

from django.db import models

from tasks.models.fields import EncryptedTextField


class CacheEntry(models.Model):
    """One value (JSON text), with its end where it has one."""

    key = models.TextField(primary_key=True)
    value = EncryptedTextField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "cache entries"
        indexes = [
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="cache_expiring"),
        ]

    def __str__(self) -> str:
        return self.key

    def encryption_row(self) -> str:
        return self.key
