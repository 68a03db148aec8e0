"""The product's settings, with a stand-in for the runner."""

from utask_project.settings import *  # noqa: F403

UTASK_RUNNER = "tests.cluster.standins.run"
UTASK_STOP_GRACE = 1
