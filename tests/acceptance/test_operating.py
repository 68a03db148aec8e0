"""Templates, actions and operations in a browser: pages, and what an administrator switches."""

import pytest
from playwright.sync_api import expect

from tests.acceptance.test_pages import serious

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

PAGES = (
    "/admin/templates/",
    "/admin/templates/antifraud/",
    "/admin/templates/form/?from=1&to=1",
    "/admin/actions/",
    "/admin/actions/http/",
    "/admin/actions/echo/",
    "/admin/operations/",
    "/admin/operations/?look=doctor",
    "/admin/operations/?look=keys",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_serious_for_axe_and_no_word_in_the_console(open_page, axe, path, theme):
    page = open_page(path, theme=theme)
    expect(page.locator("h1").first).to_be_visible()
    assert serious(page, axe) == []


@pytest.mark.parametrize("path", [*PAGES, "/admin/editor/"])
def test_a_page_fits_a_phone(open_page, path):
    page = open_page(path, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_template_leads_to_its_tasks_its_form_and_the_editor(open_page):
    page = open_page("/admin/templates/")
    page.get_by_role("link", name="antifraud", exact=True).click()
    expect(page.locator("[data-step=refuse]")).to_be_visible()
    page.locator("[data-step=refuse]").click()
    assert page.url.endswith("#step-refuse")
    page.get_by_role("link", name="Open in the editor").click()
    expect(page.locator("#verdict")).to_contain_text("accepted")
    assert page.locator("#text").input_value().startswith("\nname: antifraud")
    page.go_back()
    page.get_by_role("main").get_by_role("link", name="New task").click()
    expect(page.get_by_label("Client")).to_be_visible()


def test_a_template_is_blocked_and_opened_again(open_page):
    page = open_page("/admin/templates/manual/")
    page.get_by_role("button", name="Block").click()
    expect(page.locator(".messages")).to_contain_text("blocked by hand")
    expect(page.get_by_role("button", name="New task")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_role("main").get_by_role("link", name="New task")).to_be_visible()


def test_templates_are_loaded_again(open_page):
    page = open_page("/admin/templates/")
    page.get_by_role("button", name="Reload templates").click()
    expect(page.locator(".messages")).to_contain_text("unchanged")


def test_maintenance_is_switched_on_and_off(open_page):
    page = open_page("/admin/operations/")
    expect(page.locator("#runners")).to_contain_text("at work")
    page.get_by_role("button", name="Switch on…").click()
    page.locator("#maintenance-sure").get_by_role("button", name="Switch on").click()
    try:
        expect(page.locator(".maintenance")).to_be_visible()
    finally:
        page.get_by_role("button", name="Switch off").click()
    expect(page.locator(".maintenance")).to_have_count(0)


def test_keys_are_rotated_to_the_end(open_page, live):
    live.make("antifraud", client="Eve")
    page = open_page("/admin/operations/")
    page.get_by_role("button", name="Rotate").click()
    expect(page.locator(".messages")).to_contain_text("has begun")
    page.goto("/admin/operations/?look=keys")
    expect(page.locator("#keys dl")).to_contain_text("value")
