"""Which of the original's own documents are accepted, and why the others are refused.

Source: docs/templates.md, "Checks".
"""

from pathlib import Path

import pytest

from tasks.engine import parse_function, parse_template
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.documents import stored_document, stored_template
from tasks.engine.errors import Level, Problem
from tasks.engine.gotemplate.jsontext import dumps, loads
from tests.engine.template_texts import ACTIONS

pytestmark = pytest.mark.conformance

#: The step that is blamed, and what is said of it. Each of these files has exactly one fault.
REFUSED = {
    "lintingError": ("stepTwo", 'has no "notfound" there'),
    "lintingRootKey": ("stepTwo", 'has no "grault" there'),
    "lintingReservedStep": ("this", 'No step can be called "this"'),
    "customStates": ("stepOne", '"SERVER_ERROR" is a builtin state'),
    "forbiddenStateImpact": ("stepOne", 'neither waits for "stepOne" nor is waited for by it'),
    "stepDetailsLintingError": ("stepOne", ".step.stepNotFound.metadata.value: there is no such step"),
    "circularDependencies": ("stepOne", '"stepOne" waits for "stepThree" waits for "stepTwo" waits for "stepOne"'),
    "selfDependency": ("stepOne", '"stepOne" waits for "stepOne"'),
    "orphanDependencies": ("stepOne", 'Waits for "stepTwo", which is no step'),
    "functionEchoHelloWorldError": ("stepOne", '"echo::hello::world" needs the argument "name"'),
    "conditionForeachSkipOnly": ("stepOne", "Only skip conditions can have foreach"),
    "conditionForeachInvalid": ("stepOne", '"invalid" is no foreach'),
    "conditionForeachStepNotForeach": ("stepOne", "only in a step that has foreach itself"),
}

ACCEPTED = [
    "allowedStateImpact",
    "anyDependency",
    "base_configuration",
    "base_output",
    "batch",
    "batchedTask",
    "callback",
    "clientError",
    "computeVersion",
    "execScript",
    "execScriptWithEnvironment",
    "foreach",
    "foreachAndPreRun",
    "functionCustomState",
    "functionEchoHelloWorld",
    "functionEchoTemplatedOutput",
    "functionNested",
    "functionPreHook",
    "indirectDependencies",
    "input",
    "jsonParsing",
    "jsonTemplating",
    "jsonnumber",
    "lintingInfiniteOk",
    "lintingObject",
    "maxRetry",
    "metadata",
    "nextRetry",
    "no-output",
    "no-output-backward",
    "noOutputSubtask",
    "prune",
    "rawb64EncodingDecoding",
    "retryNowMaxRetry",
    "retryNowState",
    "retryloop",
    "simple",
    "stepCondition",
    "stepMaxRetries",
    "subtask",
    "variables",
]

#: Indented with tabs, which YAML forbids; the original's tests replace each by two spaces, and so do ours.
WITH_TABS = ("simple", "base_output")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\t", "  ")


@pytest.fixture(scope="module")
def functions(conformance: Path) -> dict[str, FunctionDefinition]:
    found: dict[str, FunctionDefinition] = {}
    for path in sorted((conformance / "functions").glob("*.yaml")):
        function, problems = parse_function(text_of(path), path.name, ACTIONS, found)
        assert problems == []
        assert function is not None
        found[function.name] = function
    return found


@pytest.fixture
def read(conformance: Path, functions: dict[str, FunctionDefinition]):
    def read_template(name: str) -> tuple[TemplateDefinition | None, list[Problem]]:
        return parse_template(text_of(conformance / "templates" / f"{name}.yaml"), f"{name}.yaml", ACTIONS, functions)

    return read_template


def test_no_file_is_left_without_a_case(conformance):
    assert {path.stem for path in (conformance / "templates").iterdir()} == {*REFUSED, *ACCEPTED}
    assert len(list((conformance / "functions").iterdir())) == 6


def test_all_functions_are_accepted(functions):
    assert sorted(functions) == [
        "echo::custom::state",
        "echo::hello::nested1",
        "echo::hello::nested2",
        "echo::hello::world",
        "echo::preHook",
        "echo::templated::output",
    ]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_with_a_fault_is_refused_for_that_fault_alone(read, name):
    definition, problems = read(name)
    assert definition is None
    (error,) = [problem for problem in problems if problem.level is Level.ERROR]
    step, what = REFUSED[name]
    assert error.step == step
    assert error.line > 0
    assert what in error.what


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_without_fault_is_accepted(read, name):
    definition, problems = read(name)
    assert [problem for problem in problems if problem.level is Level.ERROR] == []
    assert definition is not None


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_accepted_file_comes_back_from_storage_as_it_was(read, name):
    definition, _ = read(name)
    assert definition is not None
    back = stored_template(loads(dumps(stored_document(definition))))
    assert stored_document(back) == stored_document(definition)


def test_the_accepted_files_are_warned_of_only_where_something_is_odd(read):
    warned = {name for name in ACCEPTED if read(name)[1]}
    assert warned == {"foreachAndPreRun", "retryNowState"}


@pytest.mark.parametrize("name", WITH_TABS)
def test_tabs_as_indentation_are_refused(conformance, name):
    text = (conformance / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    definition, problems = parse_template(text, name)
    assert definition is None
    assert "tab" in str(problems[0]).lower()


def test_the_version_of_each_schema_is_filled_in(read):
    definition, _ = read("computeVersion")
    assert definition is not None
    drafts = {
        name: step.json_schema["$schema"][len("http://json-schema.org/draft-") :][:2]
        for name, step in definition.steps.items()
    }
    assert drafts == {
        "stepOne": "07",
        "stepTwo": "06",
        "stepThree": "04",
        "stepFour": "04",
        "stepFive": "07",
        "stepSix": "07",
    }
    assert "version" not in definition.steps["stepFour"].json_schema
    assert "version" not in definition.steps["stepFive"].json_schema
