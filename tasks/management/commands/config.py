"""``manage.py config check`` and ``config show``: what is configured, and everything that is wrong with it."""

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks import plugins
from tasks.config.current import Configuration, configuration
from tasks.crypto.errors import KeyringError
from tasks.crypto.keyring import keyring
from tasks.services.shown_configuration import shown


class Command(BaseCommand):
    """Answers whatever the configuration is like: the checks that stop other commands are its subject."""

    help = "check: every mistake of the configuration, exit status 1 with any. show: what is in force, secrets masked."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["check", "show"])

    def handle(self, *_: Any, **options: Any) -> None:
        """Check or show. Raises CommandError where the check finds mistakes."""
        current = configuration()
        if options["what"] == "show":
            self.stdout.write(json.dumps(shown(current), indent=2, ensure_ascii=False))
        else:
            self._check(current)

    def _check(self, current: Configuration) -> None:
        for warning in current.warnings:
            self.stdout.write(f"warning: {warning}")
        mistakes = [str(mistake) for mistake in current.mistakes]
        mistakes += [f"init plugin {problem}" for problem in plugins.problems()]
        try:
            keyring()
        except (KeyringError, ImproperlyConfigured) as error:
            mistakes.append(f"encryption-key: {error}")
        if mistakes:
            raise CommandError("\n".join(mistakes))
        self.stdout.write(f"the configuration is right ({len(current.items.items)} items)")
