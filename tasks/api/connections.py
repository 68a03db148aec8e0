"""The database connection of a request that waits: others may have it meanwhile."""

from django.db import connection


def release() -> None:
    """Give the connection back until it is needed again; within a transaction it is kept."""
    if not connection.in_atomic_block:
        connection.close()
