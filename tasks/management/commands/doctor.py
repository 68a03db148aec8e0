"""``manage.py doctor``: verifies over the whole database that nothing is stuck without its why and its wake-up."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from tasks.models import Resolution, Step
from tasks.services.invariants import RULES, violations


class Command(BaseCommand):
    """Print every violation; status 1 when there is one."""

    help = "Check the invariants of all tasks, resolutions, steps and runners."

    def handle(self, *args: Any, **options: Any) -> None:
        found = violations()
        for violation in found:
            self.stdout.write(str(violation))
        checked = f"{len(RULES)} rules over {Resolution.objects.count()} resolutions and {Step.objects.count()} steps"
        self.stdout.write(f"{checked}: {len(found)} violations" if found else f"{checked}: all is well")
        if found:
            sys.exit(1)
