"""The runner: where rules meet rows, the clock and actions. ``run`` is what a worker of the cluster calls and stays in.

Read ``coordinator.run_once`` first. Source: docs/running.md.
"""

from datetime import timedelta

__all__ = ["run"]


def run() -> None:
    """Run resolutions until this process is asked to stop."""
    # Imported when it is called: the cluster names this function before Django's models can be imported.
    from django.conf import settings

    from tasks.cluster import stopping
    from tasks.runner.resident import live

    live(stopping, workers=settings.UTASK_WORKERS, grace=timedelta(seconds=settings.UTASK_STOP_GRACE))
