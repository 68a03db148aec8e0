"""The product's settings, with a stand-in for the runner."""

from utask_project.settings import *  # noqa: F403
from utask_project.settings import INSTALLED_APPS

INSTALLED_APPS += ["tests.cluster.breaking.BreakingConfig"]

UTASK_RUNNER = "tests.cluster.standins.run"
UTASK_STOP_GRACE = 1
