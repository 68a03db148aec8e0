"""Static pages (cases 127 to 129): a dashboard with its placeholders, the API's own page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tasks.api.views.pages import api_prefix, base_href
from tests.api.clients import Person


@pytest.fixture
def dashboard(settings: Any, tmp_path: Path, world: None) -> Client:
    folder = tmp_path / "dashboard"
    folder.mkdir()
    (folder / "index.html").write_text(
        '<base href="___UTASK_DASHBOARD_BASEHREF___"><p>___UTASK_DASHBOARD_PREFIXAPIBASEURL___</p>'
    )
    (folder / "logo.png").write_bytes(b"\x89PNG ___UTASK_DASHBOARD_BASEHREF___")
    (tmp_path / "secret").write_text("not for you")
    settings.UTASK_DASHBOARD_PATH = folder
    return Client()


def test_case_127_placeholders_are_replaced_and_the_length_is_right(dashboard: Client) -> None:
    for path in ("/ui/dashboard/", "/ui/dashboard/index.html"):
        answer = dashboard.get(path)
        assert answer.content == b'<base href="/ui/dashboard/"><p>/</p>'
        assert answer.headers["Content-Length"] == str(len(answer.content))
    assert dashboard.head("/ui/dashboard/").status_code == 200
    assert b"".join(dashboard.get("/ui/dashboard/logo.png")) == b"\x89PNG ___UTASK_DASHBOARD_BASEHREF___"


@pytest.mark.parametrize("path", ["nope.html", "../secret", "..%2fsecret", "%2fetc/passwd", "."])
def test_case_127_nothing_else_is_served(dashboard: Client, path: str) -> None:
    assert dashboard.get(f"/ui/dashboard/{path}").status_code == 404


def test_without_a_dashboard_the_admin_is_shown(world: None) -> None:
    answer = Client().get("/ui/dashboard/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("prefix", "href"),
    [
        ("", "/ui/dashboard/"),
        ("/", "/ui/dashboard/"),
        ("/toto", "/toto/ui/dashboard/"),
        ("/toto/", "/toto/ui/dashboard/"),
    ],
)
def test_case_128_the_base_of_the_dashboard(prefix: str, href: str) -> None:
    assert base_href(prefix) == href


@pytest.mark.parametrize(
    ("prefix", "start"), [("", "/"), (".", "/"), ("./", "/"), ("/toto", "/toto/"), ("/toto/", "/toto/")]
)
def test_case_129_the_start_of_the_api(prefix: str, start: str) -> None:
    assert api_prefix(prefix) == start


def test_the_apis_page_needs_nothing_from_elsewhere_and_nothing_inside_itself(someone: Callable[[str], Person]) -> None:
    answer = someone("").get("/ui/swagger/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "http://" not in text
    assert "https://" not in text
    assert "<style" not in text
    assert "<script>" not in text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
