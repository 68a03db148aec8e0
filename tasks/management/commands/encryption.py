"""``manage.py encryption report``: which key wrote how many values, column by column."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks.crypto.keyring import keyring
from tasks.services import keys
from tasks.services.key_usage import usage


class Command(BaseCommand):
    """Reads labels only; nothing is decrypted."""

    help = "report: for each encrypted column the number of values by key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["report"])

    def handle(self, *_: Any, **__: Any) -> None:
        """One line a column and key."""
        newest, *older = keyring().ids
        states = {newest: "newest", **dict.fromkeys(older, "older")}
        self.stdout.write(f"{'table':<32} {'column':<20} {'key':<9} {'':<14} {'values':>10}")
        for each in usage():
            state = states.get(each.key, "not configured")
            self.stdout.write(f"{each.table:<32} {each.column:<20} {each.key:<9} {state:<14} {each.values:>10}")
        under_way = keys.progress()
        if under_way is not None:
            self.stdout.write(
                f"a rotation to key {under_way.key} is not finished: {under_way.rows}/{under_way.of} rows"
            )
