"""Proof of life: a lock that the kernel or the database server lets go the moment its process is dead.

On PostgreSQL a session advisory lock, on SQLite a lock on a file beside the database. Whoever finds the lock of a
runner free knows that its process is gone (or has lost its session, which ``claims`` gives it time to mend).
Source: docs/running.md, "Dead runners".
"""

import contextlib
import fcntl
import os
from collections.abc import Collection
from pathlib import Path

from django.db import connection

from tasks.runner import statements

#: First key of the advisory locks: "µTsk" as a number, so as not to meet anybody else's.
_LOCK_SPACE = 0x7554736B

_LIVING = """
    SELECT l.objid::bigint FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
#: After a restart of the server every runner has lost its lock, and needs a moment to come back.
_SERVER_SETTLED = "SELECT clock_timestamp() - pg_postmaster_start_time() > interval '5 seconds'"


class Presence:
    """The lock of this process's runner."""

    def __init__(self) -> None:
        self._file: int | None = None

    def show(self, runner_id: int) -> None:
        """Take the lock; again after a new connection. Harmless when it is held."""
        if connection.vendor == "postgresql":
            statements.query("SELECT pg_try_advisory_lock(%s, %s)", "", (_LOCK_SPACE, _key(runner_id)))
            return
        path = _lock_file(runner_id)
        if path is not None and self._file is None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def end(self, runner_id: int) -> None:
        """Let the lock go: the runner has ended cleanly."""
        if connection.vendor == "postgresql":
            statements.query("SELECT pg_advisory_unlock(%s, %s)", "", (_LOCK_SPACE, _key(runner_id)))
        if self._file is not None:
            os.close(self._file)
            self._file = None
        _remove(runner_id)


def without_lock(runner_ids: Collection[int]) -> set[int]:
    """Those of these runners whose lock is free. Nobody's, while that cannot be told."""
    if connection.vendor == "postgresql":
        if not statements.query(_SERVER_SETTLED, "")[0][0]:
            return set()
        living = {key for (key,) in statements.query(_LIVING, "", (_LOCK_SPACE,))}
        return {runner for runner in runner_ids if _key(runner) not in living}
    return {runner for runner in runner_ids if _is_free(runner)}


def forget(runner_id: int) -> None:
    """Remove what a dead runner left behind."""
    _remove(runner_id)


def _key(runner_id: int) -> int:
    return runner_id & 0x7FFFFFFF


def _lock_file(runner_id: int) -> Path | None:
    """Beside the database; None for a database in memory, which only this process has."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "postgresql" or ":memory:" in name or "mode=memory" in name:
        return None
    return Path(f"{name}.runner-{runner_id}")


def _remove(runner_id: int) -> None:
    path = _lock_file(runner_id)
    if path is not None:
        path.unlink(missing_ok=True)


def _is_free(runner_id: int) -> bool:
    path = _lock_file(runner_id)
    if path is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
