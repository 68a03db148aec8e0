"""``manage.py qcluster``: the workers of this machine. Takes the place of django-q2's command of the same name."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from tasks.cluster.cluster import Cluster
from tasks.cluster.database import DatabaseNotReady, require_migrated, wait_for_database
from tasks.cluster.schedules import ensure_schedules
from tasks.services.key_usage import note_newest


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Run the workers of this machine: resident runners, and one worker for ordinary jobs."

    def handle(self, *_: Any, **__: Any) -> None:
        """Wait for the database, then work. Raises CommandError where it is away or not migrated."""
        try:
            wait_for_database(settings.UTASK_DATABASE_WAIT)
            require_migrated()
            self.check(tags=[checks.Tags.database], databases=["default"])
            note_newest()
            ensure_schedules()
        except DatabaseNotReady as error:
            raise CommandError(str(error)) from error
        finally:
            # What is forked below must not share a connection.
            connections.close_all()
        Cluster().run()
