"""The API's own pages in a browser: the browsable answers and the description, with no word in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Live

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture(scope="module")
def task(live: Live) -> str:
    """The id of a task that has ended badly."""
    return live.make("broken")


@pytest.mark.parametrize("path", ["/task", "/template", "/task/{task}", "/task/{task}/journal", "/meta"])
def test_an_answer_is_a_page_for_people(open_page: Callable[..., Page], task: str, path: str) -> None:
    page = open_page(path.format(task=task))
    expect(page.locator(".response-info")).to_contain_text("HTTP 200")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_swagger_shows_every_group_of_operations_without_the_internet(open_page: Callable[..., Page]) -> None:
    asked: list[str] = []
    page = open_page("/meta")
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/ui/swagger/")
    expect(page.locator(".opblock-tag").first).to_be_visible()
    page.locator(".opblock-summary").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    own = page.url.split("/ui/")[0]
    assert [url for url in asked if not url.startswith((own, "data:", "blob:"))] == []
