"""Every page, light, dark and on a phone: no word in the console, nothing serious for axe, nothing too wide."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

PAGES = (
    "/admin/",
    "/admin/tasks/",
    "/admin/new/",
    "/admin/new/form/",
    "/admin/tasks/{broken}/?step=send",
    "/admin/tasks/{broken}/run/edit/",
    "/admin/tasks/{antifraud}/",
    "/admin/tasks/{antifraud}/edit/",
    "/admin/tasks/{antifraud}/resolve/",
    "/admin/tasks/{confirm}/?step=each",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/auth/user/1/change/",
    "/admin/authtoken/tokenproxy/add/",
)


@pytest.fixture(scope="module")
def tasks(live):
    """A task in each interesting state, by template."""
    return {name: live.make(name) for name in ("broken", "confirm")} | {
        "antifraud": live.make("antifraud", client="Eve")
    }


def serious(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")["violations"]
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_serious_for_axe_and_no_word_in_the_console(open_page, tasks, axe, path, theme):
    page = open_page(path.format(**tasks), theme=theme)
    expect(page.locator("h1").first).to_be_visible()
    assert serious(page, axe) == []


@pytest.mark.parametrize("path", PAGES[:10])
def test_a_page_fits_a_phone(open_page, tasks, path):
    page = open_page(path.format(**tasks), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_login_page_has_nothing_serious_for_axe(browser, live, axe):
    context = browser.new_context(base_url=live.url)
    page = context.new_page()
    page.goto("/admin/login/")
    assert serious(page, axe) == []
    context.close()
