"""What the database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import clock


@contextmanager
def asked() -> Iterator[CaptureQueriesContext]:
    """Each statement meanwhile. Its clock is asked every ten seconds; it has just been, so that it does not count."""
    clock.measure()
    with CaptureQueriesContext(connection) as statements:
        yield statements
