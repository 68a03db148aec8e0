"""Whether the database can be worked with: it is there, and its tables are those of this version."""

import logging
import time

from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5


class DatabaseNotReady(Exception):
    """The database is away, or not migrated; the message says how to mend it."""


def wait_for_database(seconds: float) -> None:
    """Return once the database answers. Raises DatabaseNotReady after so many seconds, with the last reason."""
    until = time.monotonic() + seconds
    said = False
    while True:
        try:
            connections["default"].ensure_connection()
            return
        except OperationalError as error:
            if time.monotonic() >= until:
                raise DatabaseNotReady(f"the database does not answer: {error}") from error
            if not said:
                log.warning("waiting for the database", extra={"seconds": seconds})
                said = True
            time.sleep(_RETRY_SECONDS)


def require_migrated() -> None:
    """Raises DatabaseNotReady where migrations have not been applied."""
    executor = MigrationExecutor(connections["default"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DatabaseNotReady(f"migrations are not applied ({names}{more}): run `manage.py migrate`")
