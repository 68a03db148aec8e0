"""What people do, in a real browser against the running service with its workers."""

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.watching import comes_with_time, head, is_now, never_reloads, was_never_reloaded

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


def test_what_does_not_fit_is_told_at_its_field_before_and_after_it_is_sent(open_page):
    page = open_page("/admin/new/form/")
    text = page.get_by_label("A text")
    text.fill("NO")
    page.get_by_role("button", name="Create the task").click()
    field = page.locator(".field", has=page.get_by_label("A text"))
    expect(field.locator(".errors")).to_contain_text("does not match ^[a-z]{3,8}$")
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field", has=page.get_by_label("A password")).locator(".errors")).to_contain_text("required")
    text.fill("abcd")
    expect(field.locator(".errors")).to_have_count(0)
    # A rule that no browser can judge: the server tells it, at the same place.
    page.get_by_label("A password").fill("hunter2")
    page.get_by_label("Known to the server alone").fill("xyz")
    page.get_by_role("button", name="Create the task").click()
    served = page.locator(".field", has=page.get_by_label("Known to the server alone"))
    expect(served.locator(".errors")).to_contain_text("does not match the regular expression")


def test_every_kind_of_input_arrives_as_it_was_given(open_page):
    page = open_page("/admin/new/form/")
    page.get_by_label("A text").fill("abcd")
    page.get_by_label("A password").fill("hunter2")
    page.get_by_label("One of these").select_option("3")
    page.get_by_label("yes").check()
    page.get_by_label("A number").fill("2.50")
    page.get_by_label("green").check()
    rows = page.locator("fieldset", has=page.get_by_text("A list"))
    rows.get_by_role("textbox").first.fill("first")
    rows.get_by_role("button", name="Add").click()
    rows.get_by_role("textbox").nth(1).fill("second")
    page.get_by_role("button", name="As API call").click()
    call = page.locator("#call-text")
    expect(call).to_contain_text('"many":["first","second"]')
    expect(call).to_contain_text('"choice":"3"')
    expect(call).to_contain_text('"number":2.50')
    expect(call).to_contain_text('"flag":true')
    expect(call).not_to_contain_text("hunter2")
    page.get_by_label("A password").fill("hunter2")
    page.get_by_role("button", name="Create the task").click()
    page.wait_for_url("**/admin/tasks/*/")
    is_now(page, "DONE")
    expect(page.locator("#result")).to_contain_text('["first","second"] 2.50 3')
    inputs = page.locator("#inputs")
    expect(inputs).to_contain_text("**__SECRET__**")
    expect(inputs).to_contain_text("kept")


def test_a_text_that_is_no_step_is_refused_with_its_place_and_nothing_is_saved(open_page, live):
    task = live.make("broken")
    page = open_page(f"/admin/tasks/{task}/")
    is_now(page, "BLOCKED")
    head(page).get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    head(page).get_by_role("link", name="Edit the run").click()
    box = page.get_by_label("The run, as YAML")
    box.fill(box.input_value().replace("- fetch", "- fetsh"))
    page.get_by_role("button", name="Check and compare").click()
    expect(page.get_by_role("alert")).to_contain_text("fetsh")
    page.goto(f"/admin/tasks/{task}/?step=send")
    expect(page.locator("#panel")).to_contain_text("fetch")


def test_an_answer_that_is_waited_for_is_given_in_its_form(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('confirm')}/")
    is_now(page, "WAITING")
    expect(head(page)).to_contain_text("Why it does not move")
    page.get_by_role("link", name="Answer").click()
    page.get_by_label("Right").select_option("true")
    page.get_by_label("Why").fill("because")
    page.get_by_role("button", name="Answer").click()
    is_now(page, "DONE")
    expect(page.locator("#result")).to_contain_text("why: because")
    page.locator('#steps a[href="?step=each"]').click()
    expect(page.locator("#panel")).to_contain_text("foreach")


def test_a_list_keeps_what_is_chosen_while_it_renews_itself_and_acts_on_it(open_page, live):
    first, second = live.make("manual", id="one"), live.make("manual", id="two")
    page = open_page("/admin/")
    page.clock.install()
    page.goto("/admin/tasks/?template=manual&type=all")
    page.get_by_label("Choose By hand one").check()
    never_reloads(page)
    live.make("manual", id="three")
    comes_with_time(page.locator("main"), "By hand three")
    expect(page.get_by_role("link", name="By hand three")).to_be_visible()
    expect(page.get_by_label("Choose By hand one")).to_be_checked()
    assert was_never_reloaded(page)
    page.get_by_label("Choose By hand two").check()
    page.get_by_role("button", name="Do it…").click()
    expect(page.get_by_label("What to do")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("What to do").select_option("wontfix")
    page.get_by_role("button", name="Do it…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Won't fix: all 2 chosen tasks?")
    page.get_by_role("dialog").get_by_label("Reason").fill("not needed")
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Won't fix: 2 of 2 done")
    for task in (first, second):
        page.goto(f"/admin/tasks/{task}/")
        is_now(page, "WONTFIX")
        expect(page.locator("#journal")).to_contain_text("not needed")


def test_the_head_of_a_batch_follows_its_tasks_and_leads_to_those_of_a_state(open_page, live):
    batch = live.post("/batch", template_name="manual", inputs=[{"id": "b1"}, {"id": "b2"}, {"id": "b3"}])["id"]
    page = open_page("/admin/")
    page.clock.install()
    page.goto(f"/admin/tasks/?type=all&batch={batch}")
    expect(page.locator("#batch h2")).to_have_text("Batch: 0 of 3 over")
    never_reloads(page)
    address = page.get_by_role("link", name="By hand b2").get_attribute("href")
    live.post(f"/task/{address.split('/')[-2]}/wontfix")
    comes_with_time(page.locator("#batch h2"), "Batch: 1 of 3 over")
    assert was_never_reloaded(page)
    page.locator("#batch").get_by_role("link", name="WONTFIX").click()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("By hand b2")


def test_those_who_are_assigned_are_asked_for_when_it_is_chosen(open_page, live):
    live.make("manual", id="assigned")
    page = open_page("/admin/tasks/?type=all&search=assigned")
    page.get_by_label("Choose all rows").check()
    page.get_by_label("What to do").select_option("cancel")
    page.get_by_role("button", name="Do it…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("New resolvers")).to_be_hidden()
    middle = dialog.bounding_box()
    assert abs(middle["y"] + middle["height"] / 2 - 430) < 40
    dialog.get_by_role("button", name="No", exact=True).click()
    page.get_by_label("What to do").select_option("assign")
    page.get_by_role("button", name="Do it…").click()
    dialog.get_by_label("New resolvers").fill("ann")
    dialog.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Assign: 1 of 1 done")


def test_a_filter_is_kept_under_a_name_as_a_link_and_forgotten(open_page, live):
    live.make("manual", id="kept")
    page = open_page("/admin/tasks/?type=all&template=manual&search=kept")
    page.get_by_role("button", name="Keep this filter").click()
    page.get_by_role("dialog").get_by_label("Name").fill("My kept ones")
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    page.goto("/admin/tasks/")
    page.get_by_role("link", name="My kept ones").click()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("search=kept"))
    page.get_by_role("button", name="Forget the filter My kept ones").click()
    expect(page.get_by_role("link", name="My kept ones")).to_have_count(0)


def test_a_page_asks_by_itself_where_there_is_no_stream(open_page, live):
    task = live.make("manual", id="polled")
    page = open_page("/admin/")
    page.clock.install()
    page.route("**/events", lambda route: route.fulfill(status=204))
    page.goto(f"/admin/tasks/{task}/")
    is_now(page, "TODO")
    never_reloads(page)
    live.post(f"/task/{task}/wontfix")
    comes_with_time(head(page).locator(".headline .state"), "WONTFIX")
    assert was_never_reloaded(page)


def test_a_page_says_since_when_it_is_cut_off_and_goes_on_once_it_is_not(open_page, live, complaints):
    task = live.make("manual", id="cut off")
    page = open_page("/admin/")
    page.clock.install()
    page.route("**/events", lambda route: route.fulfill(status=204))
    page.goto(f"/admin/tasks/{task}/")
    page.route(f"**/admin/tasks/{task}/", lambda route: route.abort())
    comes_with_time(page.locator("[data-pulse]"), "disconnected since")
    page.unroute(f"**/admin/tasks/{task}/")
    comes_with_time(page.locator("[data-pulse]"), "live")
    # The browser notes each request that was cut off.
    assert all("ERR_FAILED" in complaint for complaint in complaints)
    complaints.clear()


def test_the_keyboard_reaches_search_menus_and_the_skip_link(open_page):
    page = open_page("/admin/tasks/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search tasks")).to_be_focused()
    page.goto("/admin/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.get_by_label("Account of admin").press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()


def test_the_theme_is_switched_and_kept(open_page):
    page = open_page("/admin/")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_links_of_old_messages_lead_to_the_new_pages(open_page, live):
    task = live.make("manual", id="old")
    page = open_page(f"/ui/dashboard/#/task/{task}")
    page.wait_for_url(f"**/admin/tasks/{task}/")
    is_now(page, "TODO")


def test_a_document_is_read_as_yaml_and_json_and_copied(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('manual', id='doc')}/")
    page.get_by_role("button", name="Task as YAML").click()
    dialog = page.get_by_role("dialog", name="The task")
    expect(dialog.locator("pre")).to_contain_text("template_name: manual")
    dialog.get_by_role("button", name="JSON").click()
    expect(dialog.locator("pre")).to_contain_text('"template_name": "manual"')
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
