"""``manage.py bench NAME``: measures a part of the product on this machine and prints a report."""

import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand

from tasks import benches


class Command(BaseCommand):
    """Each file of ``tasks/benches`` is a bench; its ``run`` gives the report."""

    help = "Measure: engine, templates, runner…"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [found.name for found in pkgutil.iter_modules(benches.__path__) if not found.name.startswith("_")]
        parser.add_argument("name", choices=names)

    def handle(self, *args: Any, **options: Any) -> None:
        bench = import_module(f"tasks.benches.{options['name']}")
        self.stdout.write(bench.run())
