"""``manage.py export_tasks``: tasks with all that belongs to them as JSON lines on standard output."""

from argparse import FileType
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.crypto.errors import CipherError
from tasks.engine.gotemplate import dumps, loads
from tasks.models import Task, clock
from tasks.services.exporting import exported, opened
from tasks.services.retention import FINAL
from tasks.states import TaskState


class Command(BaseCommand):
    """Encrypted values stay so unless decrypting is asked for."""

    help = "Write tasks as JSON lines, encrypted values as they are stored; --decrypt writes them in clear."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--decrypt", action="store_true", help="write values in clear: inputs, results, outputs…")
        parser.add_argument("--finished", action="store_true", help="only DONE, CANCELLED and WONTFIX")
        parser.add_argument("--state", choices=[str(state) for state in TaskState], action="append")
        parser.add_argument("--template", action="append", help="only of this template; may be given again")
        parser.add_argument("--older-than", type=int, metavar="DAYS", help="without activity for so many days")
        parser.add_argument("--task", action="append", metavar="ID", help="only this one; may be given again")
        parser.add_argument("--from", dest="file", type=FileType("r", encoding="utf-8"), help="read an earlier export")

    def handle(self, *_: Any, **options: Any) -> None:
        """Raises CommandError where a value cannot be decrypted."""
        documents = _read(options["file"]) if options["file"] else exported(_chosen(options))
        for document in documents:
            try:
                self.stdout.write(dumps(opened(document) if options["decrypt"] else document))
            except CipherError as error:
                raise CommandError(f"task {document.get('public_id')}: {error}") from error


def _chosen(options: dict[str, Any]) -> Any:
    tasks = Task.objects.all()
    states = [*(options["state"] or ()), *(FINAL if options["finished"] else ())]
    if states:
        tasks = tasks.filter(state__in=states)
    if options["template"]:
        tasks = tasks.filter(template__name__in=options["template"])
    if options["task"]:
        tasks = tasks.filter(public_id__in=options["task"])
    if options["older_than"] is not None:
        tasks = tasks.filter(last_activity__lt=clock.now() - timedelta(days=options["older_than"]))
    return tasks


def _read(file: TextIO) -> Iterator[dict[str, Any]]:
    for line in file:
        if line.strip():
            yield loads(line)
