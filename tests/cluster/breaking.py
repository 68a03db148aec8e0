"""An app that lets a test break the sentinel from outside: while the file ``$STANDIN_NOTES.break`` exists, its look
around raises."""

import os
from pathlib import Path

from django.apps import AppConfig


class BreakingConfig(AppConfig):
    """Patches django-q2's scheduler, which the sentinel calls."""

    name = "tests.cluster.breaking"
    label = "breaking"
    path = str(Path(__file__).parent)

    def ready(self):
        """Put ourselves before what each look of the sentinel does first."""
        from django_q.status import Stat

        from tests.cluster.standins import note

        save = Stat.save

        def save_or_break(stat):
            if os.path.exists(os.environ["STANDIN_NOTES"] + ".break"):
                note("broken")
                raise OSError("broken by a test")
            save(stat)

        Stat.save = save_or_break
