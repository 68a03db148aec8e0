"""A database address -> Django's settings for it."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

#: Connection parameters that Django has settings of its own for.
_POSTGRESQL_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
#: A process that was killed inside a long statement keeps its advisory lock no longer than this.
_POSTGRESQL_OPTIONS = "-c client_connection_check_interval=500ms"


def settings_of(address: str, *, default_sqlite: Path, lifetime_seconds: int, pool_size: int) -> dict[str, Any]:
    """Django's settings for the database at ``address``.

    ``address`` is a PostgreSQL URL, libpq's ``key=value`` form, ``sqlite:///absolute/path`` (three slashes and an
    absolute path, or a relative one), or empty for ``default_sqlite``. ``pool_size`` 0 means no pool. Raises
    ImproperlyConfigured without quoting the address, which may hold a password.
    """
    if not address:
        return _sqlite(default_sqlite)
    scheme = address.partition(":")[0]
    if scheme == "sqlite":
        path = unquote(urlsplit(address).path)[1:]
        if not path:
            raise ImproperlyConfigured("DATABASE_URL: sqlite needs a file, like sqlite:////var/lib/utask/utask.sqlite3")
        return _sqlite(Path(path))
    if scheme in ("postgres", "postgresql") or "=" in address:
        return _postgresql(address, lifetime_seconds, pool_size)
    raise ImproperlyConfigured(
        "DATABASE_URL: must begin with postgresql:// or sqlite:///, or be libpq's key=value form"
    )


def _sqlite(path: Path) -> dict[str, Any]:
    path = path.absolute()
    return {
        "ENGINE": "utask_project.sqlite",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(address: str, lifetime_seconds: int, pool_size: int) -> dict[str, Any]:
    try:
        parameters = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise ImproperlyConfigured("DATABASE_URL: is no PostgreSQL address that libpq understands") from None
    settings: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql"}
    settings.update({ours: str(parameters.pop(name, None) or "") for name, ours in _POSTGRESQL_NAMES.items()})
    if not settings["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL: names no database")
    options: dict[str, Any] = {name: str(value) for name, value in parameters.items()}
    options["options"] = f"{_POSTGRESQL_OPTIONS} {options.get('options', '')}".strip()
    options.setdefault("application_name", "utask")
    settings["OPTIONS"] = options
    if pool_size:
        # A pool hands connections from thread to thread; Django then wants none kept by a thread.
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "max_lifetime": lifetime_seconds or 3600.0,
            "timeout": 20,
        }
    else:
        settings["CONN_MAX_AGE"] = lifetime_seconds or None
        settings["CONN_HEALTH_CHECKS"] = True
    return settings
