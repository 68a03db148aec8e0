"""Texts of bodies and answers: what is written can be read back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.services.errors import BadRequest
from tasks.services.values import JSONNumber, encode, read_body, to_yaml

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(plain)
def test_what_is_written_as_yaml_reads_back_as_the_same_value(value: Any) -> None:
    assert read_body(to_yaml({"value": value}).encode()) == {"value": value}


@given(plain)
def test_what_is_written_as_json_reads_back_as_the_same_value(value: Any) -> None:
    assert read_body(encode(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    ["y", "n", "on", "1e3", "0o7", "0x1F", "1_000", "~", "", "=", "<<", "2024-01-01", "12:30:45", ".inf", "null"],
)
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    assert read_body(to_yaml({text: text}).encode()) == {text: text}


@pytest.mark.parametrize("text", ["0.10", "12345678901234567890123", "1e400", "-0", "1.0"])
def test_numbers_keep_their_notation(text: str) -> None:
    value = {"n": JSONNumber(text)}
    assert encode(value) == f'{{"n":{text}}}'
    assert read_body(encode(value).encode())["n"].text == text


def test_signs_of_markup_are_escaped_as_go_does() -> None:
    assert encode({"b": "<&>", "a": 1}) == '{"b":"\\u003c\\u0026\\u003e","a":1}'


@pytest.mark.parametrize("content", [b"\xff", b"{", b"a: b: c", b"{a: [}", b"*nope", b"[" * 100_000])
def test_what_cannot_be_read_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(BadRequest, match="the body"):
        read_body(content)


def test_json_is_read_before_yaml() -> None:
    assert read_body(json.dumps({"a": "on", "b": "\U0001f600"}).encode()) == {"a": "on", "b": "\U0001f600"}
    assert read_body(b"a: on") == {"a": True}
