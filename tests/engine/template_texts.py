"""Short ways from the interesting part of a template to what the engine makes of it."""

from collections.abc import Mapping
from textwrap import dedent

from tasks.engine import parse_function, parse_template
from tasks.engine.catalog import ActionCatalog, KnownNames
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.errors import Level, Problem

ACTIONS = KnownNames(frozenset({"echo", "http", "script", "subtask", "batch", "callback"}))

#: Line 4 is the first of the interesting part.
HEAD = "name: example\ndescription: An example\ntitle_format: An example\n"


def parse(
    body: str,
    *,
    head: str = HEAD,
    functions: Mapping[str, FunctionDefinition] | None = None,
    catalog: ActionCatalog | None = ACTIONS,
) -> tuple[TemplateDefinition | None, list[Problem]]:
    return parse_template(head + dedent(body).lstrip("\n"), "example.yaml", catalog, functions)


def template(body: str, **more: object) -> TemplateDefinition:
    """The definition of a template that has no error."""
    definition, problems = parse(body, **more)
    assert definition is not None, problems
    return definition


def errors(body: str, **more: object) -> list[str]:
    """What is wrong with a template, without the file's name: ``4, step a: …``."""
    return [_short(problem) for problem in parse(body, **more)[1] if problem.level is Level.ERROR]


def warnings(body: str, **more: object) -> list[str]:
    return [_short(problem) for problem in parse(body, **more)[1] if problem.level is Level.WARNING]


def function(text: str) -> FunctionDefinition:
    """The definition of a function that has no error."""
    definition, problems = parse_function(dedent(text), "function.yaml", ACTIONS)
    assert definition is not None, problems
    return definition


def functions(*texts: str) -> dict[str, FunctionDefinition]:
    found = [function(text) for text in texts]
    return {each.name: each for each in found}


def function_problems(text: str, level: Level = Level.ERROR) -> list[str]:
    return [_short(each) for each in parse_function(dedent(text), "function.yaml", ACTIONS)[1] if each.level is level]


def _short(problem: Problem) -> str:
    return str(problem).split(":", 1)[1]
