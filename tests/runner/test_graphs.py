"""Random graphs end on the real runner, in real rows, as they end in the pure simulation."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from tasks.engine import parse_template
from tasks.engine.gotemplate import dumps
from tasks.engine.simulation import Simulation
from tasks.models import Resolution, Step
from tasks.runner.coordinator import Coordinator
from tasks.services.tasks import create_task
from tests.runner.conftest import ADMIN
from tests.runner.turns import settle

GRAPHS = int(os.environ.get("STORM_GRAPHS", "5000" if os.environ.get("STORM") == "large" else "80"))
CUSTOM = ["GREEN", "RED"]


def random_steps(dice: random.Random) -> dict[str, Any]:
    """Up to a dozen steps: chains, branches, loops, skips, checks, custom states, failures of every class."""
    steps: dict[str, Any] = {}
    for number in range(dice.randint(1, 12)):
        name = f"s{number}"
        step: dict[str, Any] = {"description": name, "custom_states": CUSTOM, "dependencies": []}
        for other in dice.sample(list(steps), min(len(steps), dice.choice([0, 0, 1, 1, 2]))):
            accepted = dice.choice(["", "", ":ANY", ":GREEN", ":DONE,RED"])
            step["dependencies"].append(other + accepted)
        configuration: dict[str, Any] = {"output": {"n": number}}
        failure = dice.choice(["", "", "", "", "client", "server"])
        if failure:
            configuration |= {"error_message": "told to fail", "error_type": failure}
        step["action"] = {"type": "echo", "configuration": configuration}
        if dice.random() < 0.2:
            step["foreach"] = dumps(list(range(dice.randint(0, 4))))
            step["foreach_strategy"] = dice.choice(["parallel", "sequence"])
        step["conditions"] = [random_condition(dice, name, steps) for _ in range(dice.choice([0, 0, 1, 2]))]
        steps[name] = step
    return steps


def random_condition(dice: random.Random, name: str, earlier: dict[str, Any]) -> dict[str, Any]:
    kind = dice.choice(["skip", "check"])
    met = dice.choice(["yes", "no", "{{.step.this.state}}"])
    states = ["DONE", "PRUNE", "CLIENT_ERROR", "TO_RETRY", "FATAL_ERROR", *CUSTOM]
    return {
        "type": kind,
        "if": [{"value": met, "operator": dice.choice(["EQ", "NE"]), "expected": dice.choice(["yes", "DONE"])}],
        "then": {"this": dice.choice(states)},
        "final": dice.random() < 0.3,
    }


def template_of(name: str, steps: dict[str, Any]) -> str:
    """JSON is YAML."""
    return dumps(
        {
            "name": name,
            "description": "a random graph",
            "title_format": "random",
            "auto_runnable": True,
            "allow_all_resolver_usernames": True,
            "retry_max": 3,
            "steps": steps,
        }
    )


@pytest.mark.timeout(3600)
def test_random_graphs_end_as_in_the_simulation(load: Callable[..., None], runner: Coordinator) -> None:
    dice = random.Random(20)
    documents = {f"random-{number}": template_of(f"random-{number}", random_steps(dice)) for number in range(GRAPHS)}
    load(*documents.values())
    tasks = {name: create_task(ADMIN, name, {}) for name in documents}
    settle(runner, seconds=10 + GRAPHS)
    for name, text in documents.items():
        definition, problems = parse_template(text)
        assert definition is not None, problems
        expected = Simulation(definition)
        expected.run()
        resolution = Resolution.objects.get(task=tasks[name])
        rows = dict(Step.objects.filter(resolution=resolution).values_list("name", "state"))
        found = {step: rows.get(step, "TODO") for step in expected.states}
        assert (found, resolution.state) == (expected.states, expected.state), text
