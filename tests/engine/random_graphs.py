"""Random templates: graphs of steps with custom states, conditions, loops and failures, from a seed."""

import json
from random import Random
from typing import Any

from tasks.engine import parse_template
from tasks.engine.catalog import KnownNames
from tasks.engine.definition import TemplateDefinition

CUSTOM_STATES = ("FOUND", "LOST")
_GIVEABLE = ("DONE", "PRUNE", "CLIENT_ERROR", "TO_RETRY", "RETRY_NOW", "FATAL_ERROR", *CUSTOM_STATES)
_GENTLE = ("DONE", "PRUNE", *CUSTOM_STATES)


def random_document(random: Random, most_steps: int = 40, *, confluent: bool = False) -> dict[str, Any]:
    """A template as a document. All its actions are ``echo``, which fail by what their texts say.

    ``confluent``: its end does not depend on the order in which steps end, since conditions change only their own step.
    """
    names = [f"s{number}" for number in range(random.randint(1, most_steps))]
    before: dict[str, set[str]] = {}
    steps: dict[str, Any] = {}
    for place, name in enumerate(names):
        dependencies = random.sample(names[:place], min(place, random.choice((0, 1, 1, 1, 2, 3))))
        before[name] = set(dependencies).union(*(before[other] for other in dependencies))
        steps[name] = {
            "description": name,
            "idempotent": random.random() < 0.5,
            "retry_pattern": random.choice(("seconds", "minutes", "hours")),
            "max_retries": random.randint(1, 3),
            "custom_states": list(CUSTOM_STATES),
            "dependencies": [_dependency(random, other) for other in dependencies],
            "action": {"type": "echo", "configuration": _configuration(random)},
        }
        if random.random() < 0.1:
            steps[name]["execution_delay"] = f"{random.randint(1, 20)}s"
    for name in names:
        related = [] if confluent else [other for other in names if other in before[name] or name in before[other]]
        if random.random() < 0.25:
            steps[name]["foreach"] = json.dumps(list(range(random.randint(0, 4))))
            steps[name]["foreach_strategy"] = random.choice(("parallel", "sequence"))
        is_loop = "foreach" in steps[name]
        steps[name]["conditions"] = [
            _condition(random, name, related, is_loop, confluent) for _ in range(random.choice((0, 0, 1, 2)))
        ]
    return {
        "name": "random-graph",
        "description": "A random graph of steps",
        "title_format": "random graph",
        "retry_max": random.randint(1, 6),
        "result_format": {"states": "{{ range $name, $step := .step }}{{ $name }}={{ $step.state }} {{ end }}"},
        "steps": steps,
    }


def defined(document: dict[str, Any]) -> TemplateDefinition:
    """The definition of a random document."""
    definition, problems = parse_template(json.dumps(document), catalog=KnownNames(frozenset({"echo"})))
    assert definition is not None, [str(problem) for problem in problems]
    return definition


def _dependency(random: Random, name: str) -> str:
    kind = random.random()
    if kind < 0.4:
        return name
    if kind < 0.6:
        return f"{name}:ANY"
    states = random.sample(("DONE", "PRUNE", *CUSTOM_STATES), random.randint(1, 3))
    return f"{name}:{','.join(states)}"


def _configuration(random: Random) -> dict[str, Any]:
    configuration: dict[str, Any] = {"output": {"item": "{{ .iterator }}"}}
    if random.random() < 0.35:
        succeeds_at = random.randint(1, 4)
        configuration["error_message"] = f"{{{{ if lt .step.this.try_count {succeeds_at} }}}}failed{{{{ end }}}}"
        if random.random() < 0.3:
            configuration["error_type"] = "client"
    return configuration


def _condition(random: Random, name: str, related: list[str], is_loop: bool, confluent: bool) -> dict[str, Any]:
    kind = random.choice(("skip", "check"))
    scope = random.choice(("children", "parent")) if is_loop and kind == "skip" else None
    targets = ["this", *random.sample(related, min(len(related), random.choice((0, 0, 1, 2))))]
    if is_loop and scope is None and not confluent and random.random() < 0.4:
        targets.append(name)
    if random.random() < 0.2 and len(targets) > 1:
        targets.remove("this")
    condition = {
        "type": kind,
        "if": [_assertion(random)],
        "then": {target: random.choice(_GENTLE if random.random() < 0.6 else _GIVEABLE) for target in targets},
        "final": random.random() < 0.3,
        "message": random.choice(("", "{{ .step.this.state }}")),
    }
    return condition if scope is None else {**condition, "foreach": scope}


def _assertion(random: Random) -> dict[str, str]:
    return random.choice(
        (
            {"value": "{{ .step.this.try_count }}", "operator": "LT", "expected": str(random.randint(0, 3))},
            {"value": "{{ .iterator }}", "operator": "EQ", "expected": str(random.randint(0, 3))},
            {"value": "{{ .step.this.state }}", "operator": "NE", "expected": "DONE"},
            {"value": "always", "operator": "EQ", "expected": "always"},
            {"value": "{{ .step.this.error }}", "operator": "GT", "expected": "1"},  # cannot be judged
        )
    )
