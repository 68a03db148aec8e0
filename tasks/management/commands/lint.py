"""``manage.py lint FILE…``: what is wrong with templates and functions that need not be loaded."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from tasks.engine.errors import Level
from tasks.services.template_files import lint
from tasks.services.templates import excerpt


class Command(BaseCommand):
    """Check files as a load would; status 1 when one is refused, 0 with warnings only unless they are to count.

    Source: docs/templates.md, "Loading".
    """

    help = "Check template and function files: every problem with file, line and step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--strict", action="store_true", help="refuse files with warnings too")

    def handle(self, *args: Any, **options: Any) -> None:
        reading = lint(options["files"])
        for problem in reading.problems:
            self.stdout.write(f"{problem.level}: {problem}")
            if shown := excerpt(reading.texts.get(problem.file, ""), problem.line, around=0):
                self.stdout.write(f"    {shown}")
        refused = any(options["strict"] or problem.level is Level.ERROR for problem in reading.problems)
        self.stdout.write("refused" if refused else "accepted")
        if refused:
            sys.exit(1)
