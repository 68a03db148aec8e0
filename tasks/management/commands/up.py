"""``manage.py up``: everything in the foreground, what ``make run`` runs."""

import logging.config
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from tasks.cluster import firststart, logfile
from tasks.cluster.database import DatabaseNotReady, wait_for_database
from tasks.cluster.signals import LAST_CALL_SECONDS
from tasks.cluster.supervisor import CannotRun, Child, Supervisor
from tasks.config.current import configuration, reload
from tasks.services.catalog import registry
from tasks.services.key_usage import note_newest
from tasks.telemetry import logs

#: Requests at once in a web process; streams of events take one each.
_WEB_THREADS = 128
#: More than the workers take to kill what does not end by itself.
_SPARE_SECONDS = 2.0
_READY_LOOK_SECONDS = 0.1
_LOG_LOOK_SECONDS = 5.0


class Command(BaseCommand):
    """Migrates, loads the templates, then runs web server and workers until SIGTERM or Ctrl-C."""

    _is_ready = False

    help = "Run everything: migrate, load the templates, then web server and workers until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prepare", action="store_true", help="only wait, migrate and load templates, then end")

    def handle(self, *_: Any, **options: Any) -> None:
        """Prepare, then supervise. Raises CommandError with what to do where it cannot work."""
        self._offer_own_address()
        if options["prepare"]:
            self._prepare()
            return
        log_file = self._log_to_file()
        self._require_free_port()
        self._prepare()
        supervisor = Supervisor(
            self._children(log_file),
            grace_seconds=settings.UTASK_STOP_GRACE + LAST_CALL_SECONDS + _SPARE_SECONDS,
            tick=partial(self._tick, log_file),
        )
        try:
            supervisor.run()
        except CannotRun as error:
            raise CommandError(str(error)) from error

    def _offer_own_address(self) -> None:
        """Where nobody says how we are reached and only this machine can, links lead to where we listen.

        Source: docs/operating.md, "Environment".
        """
        if settings.UTASK_BIND in ("127.0.0.1", "::1", "localhost") and not configuration().base_url:
            # The children read it from the environment.
            os.environ["UTASK_BASE_URL"] = settings.UTASK_BASE_URL = self._address()
            # The checks of the start have read both without it.
            reload()
            registry.cache_clear()

    def _prepare(self) -> None:
        """A database that is there and as it should be, an administrator, the templates."""
        try:
            wait_for_database(settings.UTASK_DATABASE_WAIT)
        except DatabaseNotReady as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        self.check(tags=[checks.Tags.database], databases=["default"])
        note_newest()
        self._tell_password(firststart.ensure_administrator(os.environ.get("UTASK_ADMIN_PASSWORD", "")))
        self._load_templates()
        connections.close_all()

    def _log_to_file(self) -> Path:
        """Let our lines, and our children's, go to a file too."""
        path = Path(settings.UTASK_LOG_FILE or settings.UTASK_VAR / "logs" / "utask.log")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        logfile.rotate(path)
        logging.config.dictConfig(logs.configuration(settings.UTASK_LOG_FORMAT, debug=settings.DEBUG, file=str(path)))
        return path

    def _require_free_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.UTASK_BIND else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.UTASK_BIND, settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"cannot listen on {settings.UTASK_BIND}:{settings.PORT} ({error.strerror}): "
                    "choose another port with PORT, or another address with UTASK_BIND"
                ) from error

    def _tell_password(self, generated: str | None) -> None:
        if generated:
            self.stdout.write(f"µTask: user {firststart.USERNAME}, password {generated} (shown this once)")
            self.stdout.flush()

    def _tick(self, log_file: Path) -> float:
        """Say so once pages are served, then look after the log file."""
        if not self._is_ready and self._answers():
            self._is_ready = True
            self.stdout.write(f"µTask is ready: {self._address()}/admin/")
            self.stdout.flush()
        logfile.rotate(log_file)
        return _LOG_LOOK_SECONDS if self._is_ready else _READY_LOOK_SECONDS

    def _answers(self) -> bool:
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked for, not bound  # nosec B104
        bind = everywhere.get(settings.UTASK_BIND, settings.UTASK_BIND)
        try:
            with socket.create_connection((bind, settings.PORT), timeout=1):
                return True
        except OSError:
            return False

    def _address(self) -> str:
        if settings.UTASK_BASE_URL:
            return str(settings.UTASK_BASE_URL)
        is_local = settings.UTASK_BIND in ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 - compared  # nosec B104
        return f"http://{'localhost' if is_local else settings.UTASK_BIND}:{settings.PORT}"

    def _load_templates(self) -> None:
        """Templates with mistakes are told and keep their last good version; the others work."""
        try:
            call_command("load_templates", stdout=self.stdout, stderr=self.stderr)
        except CommandError as error:
            self.stderr.write(f"{error}\nThe service starts without these.")

    def _children(self, log_file: Path) -> list[Child]:
        environ = {**os.environ, "UTASK_LOG_FILE": str(log_file)}
        # Only the first start needs it.
        environ.pop("UTASK_ADMIN_PASSWORD", None)
        manage = str(settings.BASE_DIR / "manage.py")
        host = f"[{settings.UTASK_BIND}]" if ":" in settings.UTASK_BIND else settings.UTASK_BIND
        web = [
            *(sys.executable, "-m", "gunicorn", "utask_project.wsgi:application"),
            *("--pythonpath", str(settings.BASE_DIR), "--bind", f"{host}:{settings.PORT}"),
            *("--worker-class", "gthread", "--threads", str(_WEB_THREADS), "--keep-alive", "30"),
            *("--graceful-timeout", str(settings.UTASK_STOP_GRACE), "--no-control-socket", "--log-level", "warning"),
            *("--forwarded-allow-ips", ",".join(settings.UTASK_TRUSTED_PROXIES)),
        ]
        return [
            Child("web", web, environ),
            Child("workers", [sys.executable, manage, "qcluster"], environ),
        ]
