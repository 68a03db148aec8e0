"""What operators do to a task that does not go on by itself, button by button, each with its dialog and its trace."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.watching import head, is_now

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


def press(page: Page, label: str, *, reason: str = "") -> None:
    """A button of the task's head, and what its dialog asks."""
    head(page).get_by_role("button", name=label, exact=True).click()
    dialog = page.get_by_role("dialog")
    if reason:
        dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=label, exact=True).click()


def journal(page: Page, event: str):
    """The newest row of the journal about this."""
    return page.locator("#journal tr", has_text=event).first


def test_a_step_is_tried_again_then_marked_as_done_by_hand_and_the_run_goes_on(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('broken')}/")
    is_now(page, "BLOCKED")
    page.locator('#graph [data-step="send"]').click()
    page.locator("#panel").get_by_role("button", name="Try again").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("perhaps now")
    page.get_by_role("dialog").get_by_role("button", name="Try this step again").click()
    expect(page.locator(".messages")).to_contain_text("Step send is tried again.")
    expect(page.locator("#panel")).to_contain_text("2 tries")
    is_now(page, "BLOCKED")
    expect(journal(page, "edit step state")).to_contain_text("perhaps now")

    page.locator("#panel").get_by_text("Set state…").click()
    page.locator("#panel .states").get_by_role("button", name="DONE").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("sent by post")
    page.get_by_role("dialog").get_by_role("button", name="Set to DONE").click()
    expect(page.locator(".messages")).to_contain_text("Step send is now DONE.")
    expect(head(page)).to_contain_text("PAUSED")
    press(page, "Run now")
    is_now(page, "DONE")
    expect(journal(page, "edit step state")).to_contain_text("sent by post")


def test_a_button_that_cannot_be_pressed_says_why_when_it_is(open_page, live):
    task = live.make("broken")
    page = open_page(f"/admin/tasks/{task}/")
    is_now(page, "BLOCKED")
    shut = head(page).get_by_role("button", name=re.compile("^Edit the run"))
    expect(shut).to_have_attribute("title", "only while it is PAUSED: pause it first")
    # Not to be waited for: it does not become enabled.
    shut.click(force=True)
    told = page.get_by_role("status").filter(has_text="Edit the run")
    expect(told).to_contain_text("pause it first")
    # It outlasts what the page renews.
    page.evaluate(
        "new Promise((done) => { document.addEventListener('utask:refreshed', done, { once: true });"
        " document.dispatchEvent(new Event('visibilitychange')); })"
    )
    expect(told).to_contain_text("pause it first")
    # Somebody else pauses it: there is nothing to be told any more.
    live.post(f"/resolution/{live.read(f'/task/{task}')['resolution']}/pause")
    expect(head(page)).to_contain_text("PAUSED")
    expect(told).to_have_count(0)


def test_what_is_cancelled_is_started_over(open_page, live):
    task = live.make("broken")
    page = open_page(f"/admin/tasks/{task}/")
    is_now(page, "BLOCKED")
    press(page, "Cancel", reason="nobody lives there")
    is_now(page, "CANCELLED")
    expect(page.locator("#journal")).to_contain_text("nobody lives there")
    head(page).get_by_role("link", name="Start over").click()
    expect(page.get_by_role("main")).to_contain_text("is replaced")
    page.get_by_role("button", name="Start over").click()
    page.wait_for_url(f"**/tasks/{task}/")
    is_now(page, "BLOCKED")
    expect(page.locator("#journal")).to_contain_text("nobody lives there")


def test_a_run_that_has_used_up_its_tries_is_extended(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('outage')}/")
    is_now(page, "BLOCKED")
    expect(head(page)).to_contain_text("BLOCKED_MAXRETRIES")
    expect(head(page)).to_contain_text("run 1 of 1")
    press(page, "Extend", reason="they are back")
    expect(page.locator(".messages")).to_contain_text("Extended")
    expect(head(page)).to_contain_text("run 2 of 2")
    expect(journal(page, "extend")).to_contain_text("they are back")


def test_a_request_is_edited_before_it_is_resolved(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('manual', id='mistyped')}/")
    head(page).get_by_role("link", name="Edit the request").click()
    page.get_by_label("Which").fill("right")
    tags = page.locator("fieldset", has=page.get_by_text("Tags", exact=True))
    tags.get_by_role("button", name="Add").click()
    tags.get_by_label("Key of one more tag").fill("colour")
    tags.get_by_label("Value of one more tag").fill("red")
    page.get_by_label("Reason").fill("a slip")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("The request is changed.")
    expect(page.locator("#inputs")).to_contain_text("right")
    expect(head(page)).to_contain_text("colour red")
    expect(page.locator("#journal")).to_contain_text("a slip")


def test_a_task_is_asked_for_again_with_what_was_given_before(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('manual', id='twin')}/")
    page.get_by_role("link", name="Ask again").click()
    expect(page.get_by_label("Which")).to_have_value("twin")


def test_something_is_said_changed_and_taken_back(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('manual', id='talked about')}/")
    page.get_by_label("Say something").fill("who is it for?")
    page.get_by_role("button", name="Comment").click()
    said = page.locator("#comments-list article")
    expect(said).to_contain_text("who is it for?")
    said.get_by_text("Change", exact=True).click()
    said.get_by_role("textbox").fill("it is for Ann")
    said.get_by_role("button", name="Save").click()
    expect(said).to_contain_text("it is for Ann")
    said.get_by_text("Change", exact=True).click()
    said.get_by_role("button", name="Delete").click()
    expect(page.locator("#comments-list")).to_contain_text("Nobody has said anything yet.")


def test_the_list_of_steps_is_narrowed_by_name_and_state_and_stays_so(open_page, live):
    task = live.make("broken")
    page = open_page(f"/admin/tasks/{task}/")
    is_now(page, "BLOCKED")
    rows = page.locator("#steps tbody tr:visible")
    expect(rows).to_have_count(2)
    page.get_by_label("Filter steps").fill("done")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("fetch")
    live.post(f"/task/{task}/comment", content="looked at")
    expect(page.locator("#comments-list")).to_contain_text("looked at")
    expect(rows).to_have_count(1)
