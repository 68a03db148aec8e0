from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import loads
from tasks.engine.schemas import SchemaError, check_schema, compile_schema, normalise

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def problems(schema, value):
    return compile_schema(schema).problems(value)


def fault_of(schema):
    with pytest.raises(SchemaError) as caught:
        check_schema(schema)
    return caught.value


def test_problems_tell_every_fault_and_its_place_but_never_the_value():
    schema = {
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "maximum": 9},
            "tags": {"items": {"type": "string", "pattern": "^a"}, "maxItems": 2},
            "a b": {"enum": [1, 2]},
        },
        "additionalProperties": False,
    }
    value = {"id": 10, "tags": ["secret", 1, None], "a b": "secret", "extra": "secret"}
    found = problems(schema, value)
    assert set(found) == {
        "$.id: must be at most 9",
        "$.tags: must have at most 2 elements",
        '$.tags[0]: must match "^a"',
        "$.tags[1]: must be string, not integer",
        "$.tags[2]: must be string, not null",
        '$["a b"]: must be one of [1,2]',
        "$.extra: is not expected",
        '$: lacks "name"',
    }
    assert len(found) == 8
    assert "secret" not in "".join(found)


def test_a_long_list_of_problems_is_cut():
    assert len(problems({"items": {"type": "string"}}, list(range(1000)))) == 20


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        (
            {"anyOf": [{"type": "string"}, {"minimum": 5}]},
            1,
            "$: fits no alternative of anyOf: must be string, not integer; or must be at least 5",
        ),
        ({"oneOf": [{"type": "null"}, {"items": {"type": "null"}}]}, [1], "$[0]: must be null, not integer"),
        ({"oneOf": [{}, {}]}, 1, "$: must fit one alternative of oneOf, but fits 0 and 1 at once"),
        ({"not": {"type": "string"}}, "a", "$: is what the schema's not forbids"),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1}, "$.abc: has a name that must have at most 2 characters"),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, '$: lacks "b", which "a" needs'),
        ({"uniqueItems": True}, [1, {"a": [1]}, {"a": [1.0]}], "$: must not hold the same twice, as at 1 and 2"),
        ({"contains": {"const": 1}}, [2], "$: must hold an element as the schema's contains says"),
        ({"const": {"a": 1}}, 1, '$: must be {"a":1}'),
        ({"format": "ipv4"}, "x", "$: must be of the format ipv4"),
        ({"multipleOf": 0.1}, 0.25, "$: must be a multiple of 0.1"),
        ({"contentEncoding": "base64"}, "?", "$: must be encoded as base64"),
        (False, 1, "$: is not allowed here"),
    ],
)
def test_a_problem_says_what_is_wanted(schema, value, problem):
    assert problems(schema, value) == [problem]


@pytest.mark.parametrize("number", [1, 1.0, Decimal("1.0"), JSONNumber("1"), JSONNumber("1.0"), JSONNumber("10e-1")])
def test_a_number_counts_by_its_value_however_it_is_held(number):
    schema = {"type": "integer", "enum": [1], "const": JSONNumber("1"), "minimum": 1, "multipleOf": 0.5}
    assert problems(schema, number) == []
    assert problems({"uniqueItems": True}, [number, 1]) != []


@pytest.mark.parametrize("value", [True, "1", None, [1], {"1": 1}])
def test_nothing_else_is_equal_to_a_number(value):
    assert problems({"enum": [1]}, value) != []
    assert problems({"uniqueItems": True}, [value, 1, 0]) == []


@pytest.mark.parametrize(
    ("unit", "value", "fits"),
    [
        ("0.01", "1.23", True),
        ("0.01", "1.234", False),
        ("3", "9007199254740993", True),
        ("1e-300", "1", True),
        ("7", "1e400", False),
        ("1", "1e999999999", True),
        ("1e999999999", "0", True),
    ],
)
def test_multiples_are_exact_and_huge_exponents_harmless(unit, value, fits):
    assert (problems({"multipleOf": JSONNumber(unit)}, JSONNumber(value)) == []) is fits


def test_numbers_that_json_lacks_are_of_no_type():
    assert problems({"type": "number"}, float("nan")) == ["$: must be number, not what JSON cannot hold"]
    assert problems({"minimum": 1, "multipleOf": 2}, float("nan")) == []


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "foo"}, ("type",)),
        ({"properties": {"a": {"minLength": -1}}}, ("properties", "a", "minLength")),
        ({"items": [{"pattern": "(?=a)"}]}, ("items", 0, "pattern")),
        ({"patternProperties": {"(": {}}}, ("patternProperties", "(")),
        ({"definitions": {"never": {"format": "uuid"}}}, ("definitions", "never", "format")),
        ({"allOf": [{"$ref": "#/definitions/x"}]}, ("allOf", 0, "$ref")),
        ({"$ref": "http://example.org/a.json"}, ("$ref",)),
        ({"$ref": "#/enum/0", "enum": [1]}, ("$ref",)),
        ({"$ref": "#/default", "default": {"type": "foo"}}, ("$ref",)),
        ({"$schema": 5}, ("$schema",)),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, ("$schema",)),
        ({"$ref": "#"}, ()),
        ({"properties": {"a": {"anyOf": [{"$ref": "#/properties/a"}]}}}, ("properties", "a", "anyOf", 0)),
        ([], ()),
        (None, ()),
        ("a", ()),
        (1, ()),
    ],
)
def test_a_fault_of_a_schema_is_found_where_it_is(schema, path):
    assert fault_of(schema).path == path


def test_a_schema_that_refers_to_itself_for_parts_is_fine():
    schema = {"properties": {"child": {"$ref": "#"}, "all": {"items": {"$ref": "#"}}}, "additionalProperties": False}
    assert problems(schema, {"child": {"all": [{}, {"child": {}}]}}) == []
    assert problems(schema, {"child": {"all": [{"x": 1}]}}) == ["$.child.all[0].x: is not expected"]


def test_the_meta_schema_can_be_referred_to():
    schema = {"properties": {"schema": {"$ref": DRAFT_7}}}
    assert problems(schema, {"schema": {"type": "integer"}}) == []
    assert problems(schema, {"schema": {"type": "foo"}})[0].startswith("$.schema.type: ")


@pytest.mark.parametrize("version", [4, 6, 7])
def test_each_draft_accepts_its_own_schema(version):
    schema = {"$schema": f"http://json-schema.org/draft-0{version}/schema#", "type": "object"}
    check_schema(schema)
    check_schema({"version": version, **{key: value for key, value in schema.items() if key != "$schema"}})


@pytest.mark.parametrize(
    ("schema", "normal"),
    [
        ({}, {"$schema": DRAFT_7}),
        ({"version": 4, "type": "null"}, {"$schema": "http://json-schema.org/draft-04/schema#", "type": "null"}),
        ({"version": JSONNumber("6")}, {"$schema": "http://json-schema.org/draft-06/schema#"}),
        ({"version": "4"}, {"$schema": DRAFT_7}),
        ({"version": True}, {"$schema": DRAFT_7}),
        ({"$schema": "x", "version": 4}, {"$schema": "x", "version": 4}),
        (True, True),
    ],
)
def test_the_draft_is_written_into_a_schema(schema, normal):
    assert normalise(schema) == normal


def test_identifiers_give_addresses_to_parts():
    schema = {
        "$id": "http://example.org/root.json",
        "definitions": {
            "item": {"$id": "folder/item.json", "definitions": {"n": {"$id": "#number", "type": "number"}}},
            "local": {"$id": "#local", "type": "string"},
        },
        "properties": {
            "a": {"$ref": "folder/item.json#/definitions/n"},
            "b": {"$ref": "#local"},
            "c": {"$ref": "http://example.org/folder/item.json#number"},
        },
    }
    assert problems(schema, {"a": 1, "b": "x", "c": 2}) == []
    assert len(problems(schema, {"a": "x", "b": 1, "c": "x"})) == 3


def test_many_elements_are_compared_in_linear_time():
    value = [{"id": number, "tags": [number]} for number in range(50_000)]
    assert problems({"uniqueItems": True, "items": {"required": ["id"]}}, value) == []


def test_what_nests_too_deeply_is_a_problem_and_no_crash():
    value, schema = [], {}
    for _ in range(100_000):
        value = [value]
    for _ in range(5_000):
        schema = {"not": schema}
    assert problems({"items": {"$ref": "#"}}, value) == ["$: nests too deeply to be checked"]
    assert problems({"uniqueItems": True}, [value]) == ["$: nests too deeply to be checked"]
    assert "deep" in fault_of(schema).what


def test_a_pattern_cannot_hang_the_check():
    assert problems({"pattern": "^(a+)+$"}, "a" * 50_000 + "b") != []


KEYS = (
    *("type", "$ref", "items", "properties", "enum", "not", "allOf", "if", "then", "pattern", "format", "required"),
    *("dependencies", "minimum", "a", "$id", "definitions", "additionalProperties", "const", "contains"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from(["string", "#", "a", "uri"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@given(json_values, json_values)
def test_any_value_is_a_schema_or_says_why_not(schema, value):
    try:
        validator = compile_schema(schema)
    except SchemaError:
        return
    assert validator.is_valid(value) == (validator.problems(value) == [])


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_equals_its_own_text(number):
    assert problems({"const": number}, loads(str(number) if isinstance(number, int) else repr(number))) == []
