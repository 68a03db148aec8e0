"""A template in a few lines, played through the simulation: for tests of the rules of a run."""

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any

from tasks.engine import parse_function, parse_template
from tasks.engine.definition import TemplateDefinition
from tasks.engine.errors import Level
from tasks.engine.facts import Installation
from tasks.engine.jobs import Answer, Failure
from tasks.engine.simulation import Scripted, Simulation
from tasks.engine.steps import Step
from tasks.states import ResolutionState

_HEAD = "name: template\ndescription: A template of a test\ntitle_format: A title\n"

DONE = Answer(output={})
CLIENT_ERROR = Answer(failure=Failure.CLIENT, error="bad request")
SERVER_ERROR = Answer(failure=Failure.SERVER, error="server down")
WAITING = Answer(failure=Failure.NOT_READY, error="not yet", waits_for="somebody")
TO_RETRY = Answer(failure=Failure.TO_RETRY, error="not now")

#: The usual action, to be written as ``action: *ok`` after ``ACTION``.
ACTION = "x-ok: &ok {type: act, configuration: {}}\n"


def defined(text: str, *functions: str) -> TemplateDefinition:
    """The template of a text that begins with ``steps`` (or any other property); problems fail the test."""
    known = {}
    for source in functions:
        function, problems = parse_function(dedent(source))
        assert function is not None, problems
        known[function.name] = function
    definition, problems = parse_template(_HEAD + ACTION + dedent(text), functions=known)
    assert definition is not None, [str(problem) for problem in problems if problem.level is Level.ERROR]
    return definition


def task(
    text: str,
    script: Mapping[str, Scripted] | None = None,
    *,
    functions: tuple[str, ...] = (),
    inputs: Mapping[str, Any] | None = None,
    installation: Installation | None = None,
) -> Simulation:
    """A task of that template, not yet run."""
    return Simulation(defined(text, *functions), script, inputs=inputs, installation=installation)


def play(text: str, script: Mapping[str, Scripted] | None = None, **rest: Any) -> dict[str, str]:
    """The states of all steps after one automatic run."""
    simulation = task(text, script, **rest)
    simulation.run()
    return simulation.states


def edited(simulation: Simulation, **steps: str | Step) -> Simulation:
    """The same task, paused, after an operator has given steps these states (or whole values)."""
    stored = {step.name: step for step in simulation.resolution.steps()}
    for name, given in steps.items():
        stored[name] = replace(stored[name], state=given) if isinstance(given, str) else given
    return Simulation(
        simulation.resolution.definition,
        steps=stored.values(),
        fields=replace(simulation.resolution.fields, state=ResolutionState.PAUSED),
        installation=simulation.resolution.installation,
    )
