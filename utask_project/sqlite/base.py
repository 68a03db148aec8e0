"""Django's SQLite backend, with a fair lock for those who write.

SQLite lets one writer in at a time and makes the others sleep and try again, so that the unlucky wait for seconds.
Here each writer first waits for a lock file, which the kernel hands on at once. All processes of one database must use
this backend for it to be fair; SQLite's own lock stays behind it, so none that does not can do harm.
"""

import fcntl
import os
from collections.abc import Callable
from typing import Any

from django.db.backends.sqlite3 import base

#: Statements that write although no transaction was begun.
_WRITES = frozenset(
    {"ALTER", "ANALYZE", "CREATE", "DELETE", "DROP", "INSERT", "REINDEX", "REPLACE", "UPDATE", "VACUUM"}
)


class WriterLock:
    """A lock on a file beside the database, held by one connection at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._pid = 0

    def take(self) -> None:
        """Wait for the turn to write."""
        if self._pid != os.getpid():
            # A lock belongs to the opened file, which a fork shares: each process opens its own.
            self._descriptor, self._pid = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid()
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let the next one write. Nothing happens where the lock is not held."""
        if self._pid == os.getpid():
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release, and give the file back."""
        if self._pid == os.getpid():
            os.close(self._descriptor)
            self._descriptor, self._pid = -1, 0


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits its turn before it writes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writer_lock: WriterLock | None = None
        self.execute_wrappers.append(self._write_in_turn)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the database, and know its lock file; a database in memory has one user and needs none."""
        self._writer_lock = None if self.is_in_memory_db() else WriterLock(f"{conn_params['database']}.lock")
        return super().get_new_connection(conn_params)

    def _write_in_turn(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        lock = self._writer_lock
        verb = sql.lstrip()[:9].partition(" ")[0].upper()
        if lock is None or self.in_atomic_block or verb not in _WRITES:
            return execute(sql, params, many, context)
        lock.take()
        try:
            return execute(sql, params, many, context)
        finally:
            lock.release()

    def _start_transaction_under_autocommit(self) -> None:
        if self._writer_lock is None:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # unknown to django-stubs
            return
        self._writer_lock.take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # unknown to django-stubs
        except BaseException:
            self._writer_lock.release()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # unknown to django-stubs
        if self._writer_lock is not None:
            self._writer_lock.release()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # unknown to django-stubs
        finally:
            if self._writer_lock is not None:
                self._writer_lock.release()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # unknown to django-stubs
        finally:
            if self._writer_lock is not None:
                self._writer_lock.close()
