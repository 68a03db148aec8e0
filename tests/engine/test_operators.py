import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.operators import OPERATORS, OperatorError, check_operator, holds


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_operators_are_known_in_any_case(operator):
    assert holds(operator.lower(), "1", "1") == holds(operator, "1", "1") == holds(operator.title(), "1", "1")
    assert check_operator(operator.swapcase(), "1") == operator


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_compare_exactly(left, right):
    assert holds("GT", str(left), f" {right}\n") == (left > right)
    assert holds("LT", str(left), str(right)) == (left < right)
    assert holds("GE", str(left), str(right)) == (left >= right)
    assert holds("LE", str(left), str(right)) == (left <= right)


def test_large_and_long_numbers_compare():
    assert holds("GT", "9007199254740993", "9007199254740992")
    assert holds("LT", "0.1" + "0" * 40 + "1", "0.1" + "0" * 39 + "1")
    assert holds("GT", "1e1000000", "1e999999")


NO_NUMBERS = [
    "",
    "a",
    "1,5",
    "0x10",
    "1_000",
    "١",
    "NaN",
    "Infinity",
    "1e",
    "--1",
    ".",
    "1e99999999999999999999",
    "1\x1c",
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_an_error_and_not_false(text):
    for operator in ("GT", "lt", "GE", "le"):
        with pytest.raises(OperatorError):
            holds(operator, text, "1")
        with pytest.raises(OperatorError):
            holds(operator, "1", text)


def test_a_missing_value_counts_as_nothing():
    assert holds("EQ", "<no value>", "")
    assert holds("EQ", "a<no value>b", "ab")
    assert holds("IN", "<no value>,a", "")
    with pytest.raises(OperatorError, match="not a number"):
        holds("GT", "<no value>", "1")


@pytest.mark.parametrize("operator", ["", "==", "EQ ", "LTE", "CONTAINS"])
def test_an_unknown_operator_is_told_with_those_there_are(operator):
    with pytest.raises(OperatorError, match="use one of EQ, NE"):
        holds(operator, "a", "a")
    with pytest.raises(OperatorError, match="use one of EQ, NE"):
        check_operator(operator, "a")


def test_a_pattern_is_checked_as_it_is_written_and_its_handles_are_literal():
    assert check_operator("regexp", "^{{.input.x}}$") == "REGEXP"
    assert check_operator("EQ", "(") == "EQ"
    for pattern in ("(", "(?=a)", "a{1001}"):
        with pytest.raises(OperatorError, match="regular expression"):
            check_operator("NotRegexp", pattern)
        with pytest.raises(OperatorError, match="regular expression"):
            holds("REGEXP", "a", pattern)


def test_a_pattern_cannot_hang_a_condition():
    assert not holds("REGEXP", "a" * 50_000, "^(a+)+b$")


@given(st.lists(st.text(alphabet="ab ,", max_size=4), max_size=5), st.text(alphabet="ab", max_size=2))
def test_in_and_notin_are_opposites_and_trim_the_parts_only(parts, item):
    value = ";".join(parts)
    assert holds("IN", value, item, ";") == (item in [part.strip(" ") for part in (parts or [""])])
    assert holds("NOTIN", value, item, ";") != holds("IN", value, item, ";")
    assert not holds("IN", value, f"{item} ", ";")
