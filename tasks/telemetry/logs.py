"""How log lines look: constant words with ids beside them, never a value from a task.

``text`` is for people, ``json`` and ``gelf`` for machines. Fields given with ``extra=`` become part of the line if they
are plain and short. Of an exception the line tells its type and the places it passed; its message only where it comes
from the database driver, the configuration or the system, because any other may quote a task's values.
Source: docs/operating.md, "Logs".
"""

import json
import logging
import socket
import traceback
from datetime import UTC, datetime
from numbers import Number
from pathlib import Path
from typing import Any
from uuid import UUID

FORMATS = ("text", "json", "gelf")
_LONGEST_FIELD = 200
#: What every record has of its own: all else was given with ``extra=``.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: Fields that libraries put on records and that are no plain ids.
_UNWANTED = frozenset({"request", "server_time", "status_code", "params", "sql", "args"})
#: Exceptions whose message speaks of our surroundings, not of a task's values. By name, so that nothing is imported.
_SPEAKING = frozenset(
    {
        "django.core.exceptions.ImproperlyConfigured",
        "django.db.utils.InterfaceError",
        "django.db.utils.OperationalError",
        "psycopg.OperationalError",
        "psycopg_pool.PoolTimeout",
        "tasks.config.items.ConfigurationError",
        "tasks.crypto.errors.KeyringError",
        "tasks.crypto.errors.NotAuthentic",
        "tasks.crypto.errors.UnknownKey",
        "builtins.BlockingIOError",
        "builtins.BrokenPipeError",
        "builtins.ConnectionRefusedError",
        "builtins.FileNotFoundError",
        "builtins.ImportError",
        "builtins.ModuleNotFoundError",
        "builtins.PermissionError",
    }
)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """The fields given with ``extra=`` that may be shown: plain values, cut to a bounded length."""
    shown: dict[str, Any] = {}
    for name, value in vars(record).items():
        if name in _OWN or name in _UNWANTED or name.startswith("_"):
            continue
        if value is None or isinstance(value, bool | Number):
            shown[name] = value
        elif isinstance(value, str | UUID | datetime):
            shown[name] = str(value)[:_LONGEST_FIELD]
    return shown


def exception_lines(error: BaseException | None) -> list[str]:
    """Type and places of an exception and of what caused it, outermost first; no source text and no values."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = type(error)
        name = f"{kind.__module__}.{kind.__qualname__}"
        lines.append(f"{name}: {error}" if name in _SPEAKING else name)
        lines.extend(
            f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])


def _exception_of(record: logging.LogRecord) -> list[str]:
    return exception_lines(record.exc_info[1]) if record.exc_info else []


class TextFormatter(logging.Formatter):
    """Time, level, logger, words, then ``name=value``; an exception in lines below."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, as people read it."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{moment} {record.levelname.lower():8} {record.name}: {record.getMessage()}"
        named = " ".join(f"{name}={_quoted(value)}" for name, value in fields(record).items())
        return "\n".join([f"{line} {named}".rstrip(), *_exception_of(record)])


def _quoted(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else json.dumps(text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as JSON; its own names win over fields of the same name."""
        document = fields(record) | {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        exception = _exception_of(record)
        if exception:
            document["exception"] = exception
        return json.dumps(document, ensure_ascii=False, default=str)


class GelfFormatter(logging.Formatter):
    """GELF 1.1, one object a line, as the original writes with ``gelf``."""

    #: Syslog's numbers.
    _LEVELS = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))

    def format(self, record: logging.LogRecord) -> str:
        """One record as GELF; fields carry an underscore, as the format wants."""
        document: dict[str, Any] = {f"_{name}": value for name, value in fields(record).items()}
        exception = _exception_of(record)
        if exception:
            document["full_message"] = "\n".join([record.getMessage(), *exception])
        document |= {
            "version": "1.1",
            "host": socket.gethostname(),
            "short_message": record.getMessage(),
            "timestamp": round(record.created, 3),
            "level": next(number for least, number in self._LEVELS if record.levelno >= least),
            "_logger": record.name,
        }
        return json.dumps(document, ensure_ascii=False, default=str)


class WithoutResults(logging.Filter):
    """Cuts a job's result off django-q2's lines: it may hold anything."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without what follows its first line or its result."""
        message = record.getMessage()
        if message.startswith("Failed '"):
            message = message.partition(") - ")[0] + ")"
        record.msg, record.args = message.partition("\n")[0], None
        return True


def configuration(style: str, *, debug: bool, file: str) -> dict[str, Any]:
    """The LOGGING setting: lines of this style on standard error, and as JSON in ``file`` where one is named."""
    level = "DEBUG" if debug else "INFO"
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": style}}
    if file:
        # It looks whether the file was moved away before each line, so any process may rotate it.
        handlers["file"] = {"class": "logging.handlers.WatchedFileHandler", "filename": file, "formatter": "json"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "tasks.telemetry.logs.TextFormatter"},
            "json": {"()": "tasks.telemetry.logs.JsonFormatter"},
            "gelf": {"()": "tasks.telemetry.logs.GelfFormatter"},
        },
        "filters": {"without_results": {"()": "tasks.telemetry.logs.WithoutResults"}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": "WARNING"},
        "loggers": {
            "tasks": {"level": level},
            "actions": {"level": level},
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.db.backends": {"level": "WARNING"},
            "django-q": {
                "level": "WARNING",
                "filters": ["without_results"],
                "handlers": list(handlers),
                "propagate": False,
            },
        },
    }
