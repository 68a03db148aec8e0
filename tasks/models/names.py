"""Words that several tables share."""

from django.db import models


class MemberKind(models.TextChoices):
    USER = "user"
    GROUP = "group"


class MemberRole(models.TextChoices):
    WATCHER = "watcher"
    RESOLVER = "resolver"
