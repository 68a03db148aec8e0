"""What an operator sets reaches the texts of templates."""

from typing import Any

import pytest

from tasks.config.current import configuration
from tasks.engine.gotemplate import ExecutionError, render
from tasks.services import installation


@pytest.fixture(autouse=True)
def _asked_anew() -> Any:
    installation._installation.cache_clear()
    yield
    installation._installation.cache_clear()


def test_the_environment_is_shut_unless_the_operator_opens_it(settings: Any, monkeypatch: Any) -> None:
    assert configuration().mistakes == ()
    monkeypatch.setenv("COLOUR", "green")
    with pytest.raises(ExecutionError):
        render("{{ env `COLOUR` }}", {}, permissions=installation.installation().permissions)
    settings.UTASK_TEXT_DOORS = ["environment"]
    installation._installation.cache_clear()
    assert render("{{ env `COLOUR` }}", {}, permissions=installation.installation().permissions) == "green"


def test_limits_of_texts_are_the_operators(settings: Any) -> None:
    settings.UTASK_TEXT_OUTPUT_SIZE = 1_000
    limits = installation.installation().limits
    assert len(render("{{ repeat 900 `x` }}", {}, limits=limits)) == 900
    with pytest.raises(ExecutionError, match="output_size"):
        render("{{ repeat 1100 `x` }}", {}, limits=limits)
