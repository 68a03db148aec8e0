from decimal import Decimal

import pytest

from tasks.engine.definition import InputDefinition, InputType
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import loads
from tasks.engine.inputs import InputProblem, accept_inputs


def accepted(definition, value):
    values, problems = accept_inputs([definition], {definition.name: value})
    assert problems == []
    return values[definition.name]


def refused(definition, value):
    _, problems = accept_inputs([definition], {definition.name: value})
    return [problem.what for problem in problems]


def an_input(type_="string", **more):
    return InputDefinition("x", type=InputType(type_), **more)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", "a"),
        ("string", " "),
        ("password", "a"),
        ("number", 1),
        ("number", 1.5),
        ("number", Decimal("1.50")),
        ("number", JSONNumber("1e2")),
        ("bool", True),
        ("bool", False),
    ],
)
def test_a_value_of_the_declared_type_is_accepted_as_it_is(type_, value):
    assert accepted(an_input(type_), value) is value


@pytest.mark.parametrize(
    ("type_", "value", "got"),
    [
        ("string", 1, "a number"),
        ("string", True, "true or false"),
        ("password", 1, "a number"),
        ("number", "12", "a text"),
        ("number", True, "true or false"),
        ("number", float("inf"), "a number"),
        ("bool", "true", "a text"),
        ("bool", 1, "a number"),
        ("string", ["a"], "a list"),
        ("number", {"a": 1}, "an object"),
    ],
)
def test_nothing_is_ever_converted(type_, value, got):
    """Surprise 34: forms convert themselves."""
    (what,) = refused(an_input(type_), value)
    assert what.startswith("expected ")
    assert what.endswith(f"got {got}")


@pytest.mark.parametrize("type_", list(InputType))
@pytest.mark.parametrize("value", [None, ""])
def test_null_and_the_empty_text_are_the_same_as_left_out_for_every_type(type_, value):
    """Surprise 29."""
    assert refused(an_input(type_), value) == ["missing: a value is required"]
    assert accepted(an_input(type_, optional=True), value) is value


def test_an_empty_optional_input_escapes_regex_and_legal_values():
    assert accepted(an_input(optional=True, regex="^a$"), "") == ""
    assert accepted(an_input(optional=True, legal_values=("a",)), "") == ""


def test_an_optional_input_that_is_absent_stays_absent():
    assert accept_inputs([an_input(optional=True)], {}) == ({}, [])
    assert accept_inputs([an_input(optional=True)], None) == ({}, [])


@pytest.mark.parametrize("given", [{}, {"x": None}, {"x": ""}])
def test_a_default_is_taken_for_what_is_left_out(given):
    assert accept_inputs([an_input(default="d")], given) == ({"x": "d"}, [])


@pytest.mark.parametrize("default", ["", False, 0])
def test_an_empty_default_is_a_default(default):
    assert accept_inputs([an_input(default=default)], {}) == ({"x": default}, [])


def test_undeclared_inputs_are_dropped():
    assert accept_inputs([an_input()], {"x": "a", "y": "b"}) == ({"x": "a"}, [])


def test_every_input_is_looked_at_and_every_problem_told():
    definitions = [InputDefinition("a"), InputDefinition("b", type=InputType.BOOL), InputDefinition("c")]
    values, problems = accept_inputs(definitions, {"b": "yes", "c": "fine"})
    assert [problem.name for problem in problems] == ["a", "b"]
    assert values["c"] == "fine"


def test_a_value_longer_than_100_000_bytes_is_refused():
    assert accepted(an_input(), "a" * 100_000)
    assert refused(an_input(), "a" * 100_001) == ["longer than 100,000 bytes"]
    assert refused(an_input(), "ä" * 50_001) == ["longer than 100,000 bytes"]


@pytest.mark.parametrize("value", ["1", "1.0", "1e0", "10e-1"])
def test_a_number_is_legal_by_value(value):
    """Surprise 32."""
    assert str(accepted(an_input("number", legal_values=(1, 2)), JSONNumber(value))) == value


def test_what_is_not_among_the_legal_values_is_refused_with_the_list():
    assert refused(an_input(legal_values=("a", "b")), "c") == ['"c" is not one of the legal values: a, b']
    assert refused(an_input("number", legal_values=(1, 2.5)), 3) == ['"3" is not one of the legal values: 1, 2.5']


def test_a_regular_expression_is_searched_anywhere_in_the_text():
    """Surprise 31."""
    assert accepted(an_input(regex="b+"), "abbc") == "abbc"
    assert refused(an_input(regex="^b"), "abbc") == ['"abbc" does not match the regular expression ^b']


@pytest.mark.parametrize(("number", "pattern"), [("1000000", r"^\d+$"), ("1e2", "^1e2$"), ("1.50", r"^1\.50$")])
def test_the_regex_sees_a_number_as_it_was_written(number, pattern):
    """Surprise 32."""
    assert accepted(an_input("number", regex=pattern), JSONNumber(number)) is not None
    assert accepted(an_input("number", regex=r"^\d+$"), 1000000) == 1000000


def test_the_regex_sees_true_and_false():
    assert accepted(an_input("bool", regex="^true$"), True) is True
    assert refused(an_input("bool", regex="^true$"), False)


def test_a_double_quote_passes_only_with_regex_or_legal_values():
    """Surprise 30."""
    assert len(refused(an_input(), 'a"b')) == 1
    assert accepted(an_input(regex="."), 'a"b') == 'a"b'
    assert accepted(an_input(legal_values=('a"b',)), 'a"b') == 'a"b'


@pytest.mark.parametrize("more", [{"regex": "^[0-9]+$"}, {"legal_values": ("123",)}, {}])
def test_a_password_is_never_shown(more):
    """Surprise 14."""
    (what,) = refused(an_input("password", **more), 'se"cret')
    assert "se" not in what.replace("legal values", "").replace("accepted", "").replace("does", "")
    assert "123" not in what


class TestCollection:
    def test_each_element_is_checked_and_named_by_its_place(self):
        _, problems = accept_inputs([an_input("number", collection=True)], {"x": [1, "2", True]})
        assert problems == [
            InputProblem("x", "expected a number, got a text", 1),
            InputProblem("x", "expected a number, got true or false", 2),
        ]
        assert str(problems[0]) == "input x, element 1: expected a number, got a text"

    def test_a_single_value_is_no_collection(self):
        assert refused(an_input(collection=True), "a") == ["expected a list, got a text"]

    def test_the_empty_list_is_a_value(self):
        assert accepted(an_input(collection=True), []) == []

    def test_the_empty_text_is_an_ordinary_element(self):
        assert accepted(an_input(collection=True), [""]) == [""]

    def test_a_default_is_a_list(self):
        """Surprise 28."""
        assert accept_inputs([an_input(collection=True, default=["a"])], {}) == ({"x": ["a"]}, [])

    def test_null_is_refused_as_an_element_unless_it_is_legal(self):
        """Surprise 33."""
        assert refused(an_input(collection=True), [None]) == ["expected a text, got null"]
        assert accepted(an_input(collection=True, legal_values=(None, "a")), [None, "a"]) == [None, "a"]


def test_inputs_from_json_keep_their_numbers():
    values, problems = accept_inputs([an_input("number")], loads('{"x": 12345678901234567890.10}'))
    assert problems == []
    assert str(values["x"]) == "12345678901234567890.10"
