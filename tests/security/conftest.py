"""A runner in this process, and an installation whose configuration a test writes."""

from tests.actions.on_runner.conftest import configured, scripts
from tests.api.conftest import world
from tests.runner.conftest import ask, load, runner, runners, test_actions

__all__ = ["ask", "configured", "load", "runner", "runners", "scripts", "test_actions", "world"]
