"""Templates, actions and operations in a browser: pages, and what an administrator switches."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

VERSIONED = """\
name: versioned
description: Asks kindly
title_format: versioned
steps:
  ask:
    description: Ask
    action: {type: echo, configuration: {output: {}}}
"""


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


@pytest.fixture
def templates(live):
    """The service's own folder of templates; what a test adds to it is gone afterwards."""
    folder = live.command.folder / "templates"
    before = set(folder.iterdir())
    yield folder
    for file in set(folder.iterdir()) - before:
        file.unlink()
    live.command.manage("load_templates")


def reload(page: Page, told: str) -> None:
    page.goto("/admin/templates/")
    page.get_by_role("button", name="Reload templates").click()
    expect(page.locator(".messages")).to_contain_text(told)


def test_a_changed_file_becomes_a_version_that_is_compared_with_the_one_before(open_page, templates):
    page = open_page("/admin/")
    file = templates / "versioned.yaml"
    file.write_text(VERSIONED)
    reload(page, "new")
    file.write_text(VERSIONED.replace("kindly", "at once"))
    reload(page, "changed")
    page.get_by_role("link", name="versioned", exact=True).click()
    page.get_by_label("from", exact=True).select_option("1")
    page.get_by_label("to", exact=True).select_option("2")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".diff .removed").filter(has_text="Asks kindly")).to_have_count(1)
    expect(page.locator(".diff .added").filter(has_text="Asks at once")).to_have_count(1)


def test_a_file_that_is_refused_is_shown_with_its_line_and_an_excerpt(open_page, templates):
    page = open_page("/admin/")
    (templates / "mistaken.yaml").write_text(VERSIONED.replace("versioned", "mistaken").replace("echo", "ecko"))
    reload(page, "Some files are refused: see below.")
    problem = page.locator("#problems li", has_text="mistaken.yaml:7")
    expect(problem).to_contain_text("refused")
    expect(problem).to_contain_text('Did you mean "echo"?')
    expect(problem.locator("pre")).to_contain_text("action: {type: ecko")


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
