"""Bodies of any kind: a 4xx that says what is wrong, never a 5xx."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.clients import Person, error_of

NOTHING = "00000000-0000-4000-8000-000000000000"
#: Every operation that reads a body.
WRITES = [
    ("post", "/task"),
    ("post", "/batch"),
    ("post", "/resolution"),
    ("put", f"/task/{NOTHING}"),
    ("post", f"/task/{NOTHING}/comment"),
    ("put", f"/task/{NOTHING}/comment/{NOTHING}"),
    ("put", f"/resolution/{NOTHING}"),
    ("put", f"/resolution/{NOTHING}/step/x"),
    ("put", f"/resolution/{NOTHING}/step/x/state"),
    ("post", f"/unsecured/callback/{NOTHING}?t=x"),
]
BAD = {
    "not UTF-8": b'{"input": "\xff"}',
    "neither JSON nor YAML": b"{]",
    "a list": b"[1]",
    "a text": b"hello",
    "a number": b"12",
    "a control character": b"\x00",
    "too deep": b"[" * 50_000,
    "too deep in YAML": b"a: " + b"{b: " * 20_000,
    "an alias bomb": b"a: &a [x,x]\nb: &b [*a,*a]\n"
    + b"".join(b"%c: &%c [*%c,*%c,*%c]\n" % (c + 1, c + 1, c, c, c) for c in range(98, 116)),
    "the null character": b'{"template_name": "dummy", "input": {"id": "a\\u0000b"}, "content": "\\u0000"}',
    "too large": b'{"input": "' + b"x" * 300_000 + b'"}',
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_cannot_be_read_is_400_with_a_reason(adm: Person, method: str, path: str, what: str) -> None:
    answer = getattr(adm, method)(path, BAD[what])
    assert answer.status_code == 400
    assert error_of(answer)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": []}, "input"),
        ({"input": "x"}, "input"),
        ({"tags": ["a"]}, "tags"),
        ({"tags": {"a": {"b": 1}}}, "tags"),
        ({"tags": {"a" * 256: "b"}}, "tags"),
        ({"watcher_usernames": "ann"}, "watcher_usernames"),
        ({"watcher_groups": [["a"]]}, "watcher_groups"),
        ({"watcher_usernames": ["a" * 256]}, "watcher_usernames"),
        ({"comment": {"a": 1}}, "comment"),
        ({"delay": "soon"}, "delay"),
        ({"delay": "1h", "template_name": ["dummy"]}, "template_name"),
    ],
)
def test_a_wrong_type_names_the_field(req: Person, body: dict[str, Any], field: str) -> None:
    answer = req.post("/task", {"template_name": "dummy", "input": {"id": "x"}} | body)
    assert answer.status_code == 400
    assert error_of(answer).startswith(field)


def test_a_missing_field_is_named(req: Person, adm: Person) -> None:
    assert error_of(req.post("/task", {})) == "template_name: This field is required."
    assert error_of(adm.post("/resolution", {})).startswith("task_id")


def test_null_counts_as_absent(req: Person) -> None:
    body = {
        "template_name": "dummy",
        "input": {"id": "x"},
        "tags": None,
        "watcher_usernames": None,
        "comment": None,
        "delay": None,
    }
    assert req.post("/task", body).status_code == 201


def test_the_exact_spelling_of_a_name_wins(req: Person) -> None:
    made = req.post("/task", '{"TEMPLATE_NAME": "nope", "template_name": "dummy", "Input": {"id": "x"}}')
    assert made.status_code == 201


def test_numbers_and_booleans_become_texts_where_texts_are_expected(req: Person) -> None:
    body = '{"template_name": "dummy", "input": {"id": "x"}, "tags": {"n": 1.50, "b": true}, "watcher_usernames": [7]}'
    made = req.post("/task", body).json()
    assert (made["tags"], made["watcher_usernames"]) == ({"b": "true", "n": "1.50"}, ["7"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "template_name",
    "input",
    "inputs",
    "common_input",
    "comment",
    "content",
    "delay",
    "tags",
    "watcher_usernames",
    "resolver_groups",
    "task_id",
    "resolver_inputs",
    "start_over",
    "steps",
    "state",
    "action",
    "body",
)


@pytest.mark.parametrize(("method", "path"), WRITES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_whatever_is_sent_is_never_a_fault_of_the_server(
    adm: Person, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = getattr(adm, method)(path, json.dumps(body))
    assert answer.status_code < 500, answer.content


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")))
def test_whatever_bytes_are_sent_are_never_a_fault_of_the_server(adm: Person, body: bytes) -> None:
    assert adm.post("/task", body).status_code in (400, 404)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values)
def test_whatever_is_entered_is_taken_or_refused(req: Person, value: Any) -> None:
    answer = req.post("/task", json.dumps({"template_name": "dummy", "input": {"id": value}}))
    assert answer.status_code in (201, 400), answer.content


@pytest.mark.parametrize(
    "path", ["/task/%00", "/template/%00", "/task?template=%00", "/task?tag=a%00=b", "/function/%ff"]
)
def test_strange_paths_are_not_a_fault_of_the_server(adm: Person, path: str) -> None:
    assert adm.get(path).status_code in (400, 404)
