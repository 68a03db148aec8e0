"""A hostile template cannot make a function of sprig run long or take much: each says which limit it hit."""

import pytest

from tasks.engine.gotemplate.golang import Strings
from tasks.engine.gotemplate.limits import LimitExceeded, Limits
from tests.engine.sprig_calls import call

_SMALL = Limits(output_size=1000, elements=1000)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("repeat", (10**15, "ab")),
        ("indent", (10**15, "a")),
        ("nindent", (999, "a\nb")),
        ("until", (10**18,)),
        ("until", (-(10**18),)),
        ("untilStep", (-(2**63), 2**63 - 1, 1)),
        ("untilStep", (0, 10_000, 2)),
        ("seq", (2000,)),
        ("replace", ("", "b" * 500, "abc")),
        ("replace", ("a", "b" * 500, "aaa")),
        ("join", ("-" * 500, Strings("abc"))),
        ("wrapWith", (1, "b" * 500, "abc")),
        ("regexReplaceAll", (".", "abc", "b" * 500)),
        ("regexReplaceAll", (".*", "a" * 500, "$0$0$0")),
        ("regexReplaceAllLiteral", (".", "abc", "b" * 500)),
        ("concat", (["a"] * 600, ["b"] * 600)),
    ],
)
def test_what_would_grow_too_large_is_refused_before_it_is_made(name, arguments):
    with pytest.raises(LimitExceeded, match="= 1000"):
        call(name, *arguments, limits=_SMALL)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("repeat", (500, "ab")),
        ("until", (1000,)),
        ("seq", (999,)),
        ("join", (",", Strings(["ab"] * 300))),
        ("regexReplaceAll", (".", "abc", "x" * 100)),
    ],
)
def test_what_stays_below_the_limit_is_made(name, arguments):
    assert call(name, *arguments, limits=_SMALL)


def _nested_in_itself_over_and_over():
    value = ["x"]
    for _ in range(90):
        value = [value, value]
    return value


@pytest.mark.parametrize("name", ["deepCopy", "mustDeepCopy", "toJson", "mustToJson", "toPrettyJson", "toRawJson"])
def test_a_small_value_of_endless_extent_is_refused(name):
    with pytest.raises(LimitExceeded, match="output_size"):
        call(name, _nested_in_itself_over_and_over())


@pytest.mark.parametrize("name", ["deepCopy", "toJson"])
def test_a_value_that_contains_itself_is_refused(name):
    value = {"a": 1}
    value["itself"] = value
    with pytest.raises(LimitExceeded, match="depth"):
        call(name, value)


def test_two_values_of_endless_extent_are_compared_at_once():
    assert call("deepEqual", _nested_in_itself_over_and_over(), _nested_in_itself_over_and_over())


def test_values_that_contain_themselves_are_compared():
    one, other = {"a": 1}, {"a": 1}
    one["itself"], other["itself"] = one, other
    assert call("deepEqual", one, other)
    other["a"] = 2
    assert not call("deepEqual", one, other)


def test_dicts_that_contain_themselves_are_not_merged_for_ever():
    one, other = {"a": 1}, {"b": 1}
    one["itself"], other["itself"] = one, other
    with pytest.raises(LimitExceeded, match="depth"):
        call("merge", one, other)
