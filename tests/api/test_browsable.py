"""The API in a browser: pages for people, under the strict policy."""

import re
from typing import Any

import pytest

from tests.api.clients import Person

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/meta", "/template", "/template/dummy", "/task", "/function", "/resolution"])
def test_a_page_for_a_browser(adm: Person, path: str) -> None:
    adm.task()
    answer = adm.get(path, Accept=BROWSER)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|\son\w+=|javascript:", text)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in re.findall(r"<script[^>]*>", text))


def test_a_page_of_one_task_and_of_its_resolution(adm: Person) -> None:
    task = adm.task()
    resolution = adm.resolve(task)
    for path in (f"/task/{task['id']}", f"/resolution/{resolution['id']}", f"/task/{task['id']}/comment"):
        assert adm.get(path, Accept=BROWSER).status_code == 200
    assert adm.get(f"/task/{resolution['id']}", Accept=BROWSER).status_code == 404


def test_what_is_shown_is_indented(adm: Person) -> None:
    text = adm.get("/meta", Accept=BROWSER).content.decode()
    assert "\n    &quot;username&quot;: &quot;adm&quot;" in text or '\n    "username": "adm"' in re.sub(
        "<[^>]+>", "", text
    )


def test_a_person_without_credentials_is_asked_for_them(someone: Any) -> None:
    answer = someone("").get("/meta", Accept=BROWSER)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"]


def test_programs_that_take_anything_get_json(adm: Person) -> None:
    for accept in ("*/*", "", "application/json", "text/plain", "nonsense;q=x"):
        assert adm.get("/meta", Accept=accept).headers["Content-Type"] == "application/json; charset=utf-8"
