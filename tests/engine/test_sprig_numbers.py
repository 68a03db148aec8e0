"""Numbers: integers of 64 bits, floats that compute in decimals."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.golang import GoError, wrap
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tests.engine.sprig_calls import call

_int64 = st.integers(-(2**63), 2**63 - 1)
_floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(_int64, min_size=1, max_size=5))
def test_integers_wrap_at_64_bits(numbers):
    assert call("add", *numbers) == wrap(sum(numbers))
    assert call("mul", *numbers) == wrap(math.prod(numbers))
    assert call("max", *numbers) == max(numbers)
    assert call("min", *numbers) == min(numbers)


@given(_int64, _int64.filter(bool))
def test_division_cuts_towards_zero(value, by):
    quotient, rest = call("div", value, by), call("mod", value, by)
    assert wrap(quotient * by + rest) == value
    assert abs(rest) < abs(by)
    assert rest == 0 or (rest < 0) == (value < 0)


@pytest.mark.parametrize("name", ["div", "mod", "divf"])
@pytest.mark.parametrize("zero", [0, "", None, "rubbish"])
def test_division_by_zero_is_an_error(name, zero):
    with pytest.raises(GoError, match=r"di.* by (0|zero)"):
        call(name, 1, zero)


@given(st.lists(_floats, min_size=1, max_size=4))
def test_floats_are_added_as_the_decimals_they_print_as(numbers):
    with localcontext(prec=2000):
        total = sum(map(Decimal, map(repr, numbers)), Decimal(0))
    try:
        expected = float(total)
    except OverflowError:
        expected = math.copysign(math.inf, total)
    assert call("addf", *numbers) == expected


def test_decimals_do_not_drift():
    assert call("addf", 0.1, 0.2) == 0.3
    assert call("mulf", 1.1, 1.1) == 1.21
    assert call("subf", 0.3, 0.1) == 0.2
    assert call("divf", 1, 3) == 0.3333333333333333


@pytest.mark.parametrize("name", ["addf", "subf", "mulf", "divf", "add1f"])
@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, "inf", "nan"])
def test_what_is_no_finite_number_is_not_computed_with(name, number):
    with pytest.raises(GoError):
        call(name, number)


def test_a_result_past_the_range_of_floats_is_infinite():
    assert call("mulf", 1e200, 1e200) == math.inf
    assert call("mulf", -1e200, 1e200) == -math.inf


@given(_floats, st.integers(-330, 330))
def test_any_number_is_rounded_to_any_place(number, places):
    assert isinstance(call("round", number, places), float)


@given(_floats)
def test_floor_and_ceiling_enclose_the_number(number):
    low, high = call("floor", number), call("ceil", number)
    assert low <= number <= high
    assert high - low in (0, 1)


def test_negative_zero_keeps_its_sign():
    assert math.copysign(1, call("ceil", -0.5)) == -1
    assert math.copysign(1, call("maxf", -0.0, 0.0)) == 1
    assert math.copysign(1, call("minf", 0.0, -0.0)) == -1


@pytest.mark.parametrize(
    ("value", "whole", "real"),
    [
        (True, 1, 1.0),
        (2.9, 2, 2.9),
        (-2.9, -2, -2.9),
        (1e19, -(2**63), 1e19),
        (math.nan, -(2**63), None),
        ("0x1f", 31, 0.0),
        ("0x1p4", 0, 16.0),
        ("010", 8, 10.0),
        ("1_000", 1000, 1000.0),
        ("2.00", 2, 2.0),
        ("2.", 0, 2.0),
        ("2.5", 0, 2.5),
        ("1e400", 0, 0.0),
        (" 5", 0, 0.0),
        (JSONNumber("2.0"), 2, 2.0),
        (JSONNumber("2.5"), 0, 2.5),
        (JSONNumber("1e3"), 0, 1000.0),
        (JSONNumber("9223372036854775808"), 0, 2.0**63),
        (None, 0, 0.0),
        ([1], 0, 0.0),
    ],
)
def test_any_value_counts_as_a_number(value, whole, real):
    assert call("int64", value) == call("int", value) == whole
    assert real is None or call("float64", value) == real


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("x", 0), ("9" * 30, 2**63 - 1), ("-" + "9" * 30, -(2**63))])
def test_atoi_gives_the_nearest_there_is(text, number):
    assert call("atoi", text) == number
