"""The API in a browser: pages for people, under the strict policy."""

import html
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


def test_the_headers_are_those_that_a_program_gets(adm: Person) -> None:
    told = re.sub("<[^>]+>", "", adm.get("/meta", Accept=BROWSER).content.decode())
    assert f"Content-Type: {adm.get('/meta').headers['Content-Type']}\n" in told


def test_a_full_page_of_a_list_leads_to_the_next(adm: Person) -> None:
    for _ in range(11):
        adm.task()
    first = adm.get("/task?page_size=10&state=TODO", Accept=BROWSER).content.decode()
    (link,) = re.findall(r'<a href="([^"]+)" rel="next">', first)
    rest = adm.get(html.unescape(link), Accept=BROWSER).content.decode()
    assert len(set(re.findall("dummy x", rest))) == 1
    assert 'rel="next"' not in rest


def test_a_person_without_credentials_is_asked_for_them(someone: Any) -> None:
    answer = someone("").get("/meta", Accept=BROWSER)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"]


def test_programs_that_take_anything_get_json(adm: Person) -> None:
    for accept in ("*/*", "", "application/json", "text/plain", "nonsense;q=x"):
        assert adm.get("/meta", Accept=accept).headers["Content-Type"] == "application/json; charset=utf-8"
