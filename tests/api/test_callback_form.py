"""Callbacks in a browser: a form from the JSON schema."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tasks.models import Callback
from tasks.services import callbacks
from tasks.services.callback_forms import form_of
from tasks.services.errors import BadRequest
from tests.api.clients import Person

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def fresh_rates() -> None:
    callbacks._wrong.forget()


@pytest.fixture
def address(adm: Person, run: Callable[[], None]) -> str:
    """The path and query of a callback that waits."""
    adm.resolve(adm.task("callback", input={}))
    run()
    given = Callback.objects.get()
    return f"/unsecured/callback/{given.public_id}?t={given.token}"


def test_a_person_who_follows_the_link_gets_a_form_and_answers(someone: Any, address: str, run: Any) -> None:
    outside = someone("")
    page = outside.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "did it work" in text
    assert not re.search(r"<style|style=|<script|\son\w+=", text)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    wrong = outside.post(f"{address}&form=1", urlencode({"success": ""}), Content_Type=FORM)
    assert wrong.status_code == 400
    assert 'role="alert"' in wrong.content.decode()
    done = outside.post(f"{address}&form=1", urlencode({"success": "true"}), Content_Type=FORM)
    assert done.status_code == 200
    assert "resolved" in done.content.decode()
    assert Callback.objects.get().body == '{"success":true}'
    assert "already resolved" in outside.get(address).content.decode()


def test_a_wrong_token_shows_nothing(someone: Any, address: str) -> None:
    wrong = someone("").get(address + "x")
    assert wrong.status_code == 404
    assert "did it work" not in wrong.content.decode()
    assert someone("").get(address.partition("?")[0]).status_code == 400


def test_whoever_guesses_has_to_wait(someone: Any, address: str) -> None:
    statuses = {someone("").post(f"{address}{number}", {"success": True}).status_code for number in range(31)}
    assert statuses == {404, 429}
    assert someone("").post(address, {"success": True}).status_code == 429


def test_an_answer_is_stored_while_the_resolution_is_paused_and_used_later(
    adm: Person, someone: Any, address: str, run: Callable[[], None]
) -> None:
    resolution = adm.read("/resolution?type=all")[0]["id"]
    adm.post(f"/resolution/{resolution}/pause")
    assert someone("").post(address, {"success": True}).status_code == 200
    run()
    assert adm.read(f"/resolution/{resolution}")["state"] == "PAUSED"
    adm.post(f"/resolution/{resolution}/run")
    run()
    assert adm.read(f"/resolution/{resolution}")["state"] == "DONE"


@pytest.mark.parametrize(
    ("schema", "typed", "value"),
    [
        (None, {"body": ""}, None),
        (None, {"body": '{"a": 1}'}, {"a": 1}),
        ({"properties": {"a": {"type": "string"}}}, {"a": "x"}, {"a": "x"}),
        ({"properties": {"a": {"type": "string"}}}, {"a": ""}, {}),
        ({"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"a": ""}, {"a": ""}),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "12"}, {"a": 12}),
        ({"properties": {"a": {"type": "boolean"}}}, {"a": "false"}, {"a": False}),
        ({"properties": {"a": {"type": "boolean"}}}, {"a": ""}, {}),
        ({"properties": {"a": {"enum": ["x", 2]}}}, {"a": "2"}, {"a": 2}),
        ({"properties": {"a": {"type": "array"}}}, {"a": "[1, 2]"}, {"a": [1, 2]}),
        ({"properties": {"a": True, "b": {"type": ["string", "null"]}}}, {"a": "null", "b": '"x"'}, {"b": "x"}),
        (True, {"body": "{}"}, {}),
    ],
)
def test_what_is_typed_becomes_what_the_schema_asks_for(schema: Any, typed: dict[str, str], value: Any) -> None:
    assert form_of(schema).filled(typed).value() == value


@pytest.mark.parametrize(
    ("schema", "typed"),
    [
        (None, {"body": "{"}),
        (None, {"body": "[1]"}),
        ({"properties": {"a": {"type": "number"}}}, {"a": "many"}),
        ({"properties": {"a": {"type": "number"}}}, {"a": '"1"'}),
        ({"properties": {"a": {"type": "object"}}}, {"a": "{"}),
    ],
)
def test_what_cannot_be_read_is_told(schema: Any, typed: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="expected"):
        form_of(schema).filled(typed).value()
