"""Numbers keep their text; JSON is read and written as Go does it."""

import copy
import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate import JSONNumber, dumps, loads, loads_first
from tasks.engine.gotemplate.golang import NilDict, NilList
from tasks.engine.gotemplate.jsontext import decode_fields

_TEXTS = [
    "0",
    "-0",
    "1",
    "1.0",
    "1.50",
    "1e3",
    "1E+05",
    "0E-10",
    "12345678901234567890",
    "-1.5e-7",
    "1e400",
    "1e999999",
]

number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
json_texts = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | json_texts | number_texts.map(JSONNumber) | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(json_texts, inner),
    max_leaves=20,
)


@pytest.mark.parametrize("text", _TEXTS)
def test_a_number_comes_back_as_it_was_written(text):
    assert str(loads(text)) == text
    assert dumps(loads(f'{{"n":[{text}]}}')) == f'{{"n":[{text}]}}'


@pytest.mark.parametrize("text", ["", "01", "+1", "1.", ".5", "0x1", "NaN", "Infinity", "1 ", "١"])
def test_what_is_no_json_number_is_refused(text):
    with pytest.raises(ValueError, match="not a JSON number"):
        JSONNumber(text)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1.0"), ("1e3", "1000"), ("-0", "0.0"), ("1e450", "1" + "0" * 450), ("0.10", "1e-1")]
)
def test_numbers_of_one_value_are_equal_and_hash_alike(one, other):
    assert JSONNumber(one) == JSONNumber(other)
    assert hash(JSONNumber(one)) == hash(JSONNumber(other))


def test_a_number_equals_the_int_and_the_float_of_its_value_and_nothing_else():
    assert JSONNumber("2.0") == 2
    assert JSONNumber("0.1") == 0.1
    assert JSONNumber("1") != True  # noqa: E712  # the number 1 is not true
    assert JSONNumber("1") != "1"
    assert JSONNumber("0.1") != Decimal("0.1")
    assert {2: "int"}[JSONNumber("2")] == "int"
    assert {0.1: "float"}[JSONNumber("1e-1")] == "float"


@given(number_texts, number_texts)
def test_equal_numbers_hash_alike(one, other):
    first, second = JSONNumber(one), JSONNumber(other)
    assert (first == second) == (first.decimal() == second.decimal())
    if first == second:
        assert hash(first) == hash(second)


def test_a_number_is_copied_pickled_and_cannot_be_changed():
    number = JSONNumber("1.10")
    assert copy.deepcopy(number) is number
    assert pickle.loads(pickle.dumps(number)).text == "1.10"
    with pytest.raises(AttributeError):
        number.text = "2"


def test_a_number_converts():
    assert int(JSONNumber("5.0")) == 5
    assert float(JSONNumber("1e999")) == float("inf")
    assert JSONNumber("1e2").is_integer()
    assert not JSONNumber("1e999").is_integer()
    with pytest.raises(ValueError, match="whole number"):
        int(JSONNumber("5.5"))


@pytest.mark.parametrize("text", ["1e99999999999999999999", "1e-99999999999999999999", "-1e99999999999999999999"])
def test_an_exponent_beyond_all_measure_is_a_number_like_any_other(text):
    assert JSONNumber(text) == JSONNumber(text)
    assert hash(JSONNumber(text)) == hash(JSONNumber(text))
    assert not JSONNumber(text).is_integer()


@given(json_values)
def test_what_is_written_is_read_again(value):
    assert loads(dumps(value)) == value


@given(json_values)
def test_keys_are_sorted_and_the_stdlib_agrees(value):
    assert json.loads(dumps(value), parse_int=str, parse_float=str) == json.loads(
        dumps(value, indent=2), parse_int=str, parse_float=str
    )


def test_html_characters_and_line_separators_are_escaped_as_go_does():
    assert dumps({"<": "a&b>\u2028é"}) == '{"<":"a&b>\\u2028é"}'
    assert dumps({"<": "a&b>\u2028é"}, html=True) == '{"\\u003c":"a\\u0026b\\u003e\\u2028é"}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-0.0, "-0"),
        (0.1, "0.1"),
    ],
)
def test_floats_are_written_as_go_writes_them(value, text):
    assert dumps([value]) == f"[{text}]"
    assert dumps({"a": {"b": value}}, indent=2).split(": ")[-1].split("\n")[0] == text


def test_nil_collections_are_null_and_empty_ones_are_not():
    assert dumps([NilDict(), NilList(), {}, []]) == "[null,null,{},[]]"


def test_texts_that_are_no_valid_text_become_so():
    assert loads('["\\ud800", "a\\udc00"]') == ["\ufffd", "a\ufffd"]
    assert loads(b'["a\xff"]') == ["a\ufffd"]
    assert dumps(["\ud800", "\udcff", "\udfff1"]) == '["\ufffd","\ufffd","\ufffd1"]'


def test_a_text_cannot_pass_for_a_number():
    assert dumps(["\udfff1.5", JSONNumber("1.5"), '"\udfff2"']) == '["\ufffd1.5",1.5,"\\"\ufffd2\\""]'


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1j, object(), [{"a": float("-inf")}]])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        dumps(value)


def test_a_value_that_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="contains itself"):
        dumps(value)


@pytest.mark.parametrize("text", ["", "[1", "{'a':1}", "[1,]", "nul", "1 2", "[" * 100_000, "\ufeff1"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_the_first_value_of_a_stream_is_read():
    assert loads_first(' {"a": 1} {"b": 2}') == {"a": 1}
    assert loads_first("1.50 [") == JSONNumber("1.50")


def test_fields_match_whatever_their_case_and_null_leaves_them():
    fields = {"name": str, "flag": bool, "list": list}
    assert decode_fields('{"NAME": "a", "flag": null, "List": ["x", null]}', fields) == {
        "name": "a",
        "flag": False,
        "list": ["x", ""],
    }
    with pytest.raises(ValueError, match="flag"):
        decode_fields('{"flag": 1}', fields)
