"""``manage.py load_templates``: files of templates and functions to stored versions."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tasks.services.templates import load_templates


class Command(BaseCommand):
    """Load all templates and functions; every problem of every file is listed, and any error ends with status 1."""

    help = "Load task templates and functions from their folders. Good ones load even where others are refused."

    def handle(self, *args: Any, **options: Any) -> None:
        report = load_templates()
        for problem in report.problems:
            self.stderr.write(f"{problem.level}: {problem}")
        self.stdout.write(
            f"{len(report.created)} new, {len(report.changed)} changed, {len(report.unchanged)} unchanged, "
            f"{len(report.archived)} archived, {len(report.deleted)} deleted; {len(report.functions)} functions"
        )
        if report.has_errors:
            raise CommandError("files were refused; what was loaded from them before stays as it was")
