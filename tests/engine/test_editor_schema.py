from pathlib import Path

import pytest

from tasks.engine import goyaml, parse_template
from tasks.engine.declarations import OPERATORS, RECORDS, Kind
from tasks.engine.editor_schema import function_schema, template_schema
from tasks.engine.operators import check_operator
from tasks.engine.schemas import check_schema, compile_schema
from tests.engine.template_texts import ACTIONS, HEAD

ACCEPTED = [
    path
    for path in sorted((Path(__file__).parent.parent / "templates" / "accepted").glob("*.yaml"))
    # Names in another case cannot be expressed.
    if path.stem != "everything-optional"
]


def fits(text, schema=None):
    return compile_schema(schema or template_schema()).is_valid(goyaml.read(text).value)


@pytest.mark.parametrize("schema", [template_schema(["echo"]), function_schema()])
def test_the_schema_is_one(schema):
    check_schema(schema)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_what_the_engine_accepts_fits(path):
    assert fits(path.read_text(encoding="utf-8"))


@pytest.mark.conformance
def test_the_originals_documents_that_the_engine_accepts_fit(conformance):
    validator = compile_schema(template_schema(ACTIONS.names()))
    misfits = []
    for path in sorted((conformance / "templates").glob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace("\t", "  ")
        definition, _ = parse_template(text, path.name)
        value = goyaml.read(text).value
        if definition is not None and not validator.is_valid(value):
            misfits.append((path.name, validator.problems(value)))
    assert misfits == []
    for path in sorted((conformance / "functions").glob("*.yaml")):
        assert fits(path.read_text(encoding="utf-8"), function_schema())


@pytest.mark.parametrize(
    "body",
    [
        "steps: {a: {action: {type: echo, configuration: {}}, retry_paterns: minutes}}",
        "steps: {a: {action: {type: echo, configuration: {}}, retry_pattern: days}}",
        "steps: {a: {action: {configuration: {}}}}",
        "steps: {a: {}}",
        "steps: {a: {action: {type: echo}, foreach: [1]}}",
        "steps: {a: {action: {type: echo}, conditions: [{type: check, if: [{operator: LIKE}]}]}}",
        "steps: {a: {action: {type: echo}, execution_delay: soon}}",
        "inputs: [{name: a, type: text}]",
        "blocked: perhaps",
    ],
)
def test_a_slip_that_shows_in_one_place_does_not_fit(body):
    assert fits(HEAD + "steps: {a: {action: {type: echo, configuration: {}}}}")
    assert not fits(HEAD + body)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_declared_operator_is_one(operator):
    assert check_operator(operator, "a") == operator
    body = "steps: {a: {action: {type: echo}, conditions: [{type: check, if: [{operator: %s}]}]}}"
    assert fits(HEAD + body % operator.capitalize())


def test_every_property_says_what_it_is_for():
    for record in RECORDS.values():
        assert record.about.endswith(".")
        for declared in record.properties:
            assert declared.about.endswith(".") or declared.kind is Kind.RUN_TIME
