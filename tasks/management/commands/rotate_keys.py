"""``manage.py rotate_keys``: every stored value under the newest key, while everything goes on."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.crypto.errors import CipherError
from tasks.crypto.keyring import keyring
from tasks.services import keys
from tasks.services.actors import Actor
from tasks.services.key_usage import values_by_key


class Command(BaseCommand):
    """May be killed at any time and called again."""

    help = "Write every encrypted value again under the newest key. --check: only say whether older keys are needed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="count only; status 1 while an older key is needed")

    def handle(self, *_: Any, **options: Any) -> None:
        """Rotate, then count. Raises CommandError where values cannot be read; status 1 where older keys are needed."""
        if not options["check"]:
            try:
                done = keys.rotate_keys(Actor("manage.py rotate_keys", is_admin=True), self._tell)
            except CipherError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(
                f"{done.rows} rows looked at, {done.values} values written under key {keyring().newest.id}"
            )
        if not self._report(values_by_key()):
            sys.exit(1)

    def _tell(self, progress: keys.Progress) -> None:
        if self.stdout.isatty():
            share = 100 * progress.rows // max(progress.of, 1)
            self.stdout.write(f"\r{share:3d} % {progress.rows}/{progress.of} {progress.table:<40}", ending="")
            if progress.rows >= progress.of:
                self.stdout.write("")
            self.stdout.flush()

    def _report(self, counted: dict[str, int]) -> bool:
        """Say which key is needed; whether only the newest is."""
        newest, *older = keyring().ids
        for key, values in sorted(counted.items(), key=lambda each: each[0] != newest):
            self.stdout.write(f"{key}: {values} values{' (the newest key)' if key == newest else ''}")
        for key in older:
            if key not in counted:
                self.stdout.write(f"key {key} is used no more and may be removed")
        missing = sorted(counted.keys() - {newest, *older})
        if missing:
            self.stdout.write(f"not configured: {', '.join(missing)}")
        return counted.keys() <= {newest}
