"""Flows of people that must go to their end whatever the database is: forms, repair, news by stream, dead letters."""

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.watching import head, is_now, never_reloads, was_never_reloaded
from tests.cluster.processes import until
from tests.peers.web import Reply

pytestmark = pytest.mark.browser


def test_a_task_is_asked_for_in_a_form_and_seen_to_its_end_without_a_reload(open_page):
    page = open_page("/admin/new/")
    page.get_by_label("Search templates").fill("hello")
    expect(page.locator("#gallery .template:visible")).to_have_count(1)
    page.locator("#gallery .template:visible").click()
    page.get_by_label("The language in which you wish to say hello").select_option("spanish")
    page.get_by_role("button", name="Create the task").click()
    page.wait_for_url("**/admin/tasks/*/")
    never_reloads(page)
    is_now(page, "DONE")
    expect(page.locator("#result")).to_contain_text("Hola mundo!")
    expect(page.locator("#graph .node.good")).to_have_count(2)
    expect(page.locator("[data-pulse]")).to_have_text("finished")
    assert was_never_reloaded(page)


def test_a_score_is_entered_in_the_resolvers_form_and_decides_the_branch(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('antifraud', client='Mallory')}/")
    page.get_by_label("Trust score").fill("30")
    page.get_by_role("button", name="Resolve and run").click()
    is_now(page, "DONE")
    expect(page.locator('#graph [data-step="judge"]')).to_contain_text("BAD")
    expect(page.locator('#graph [data-step="deliver"]')).to_contain_text("PRUNE")
    expect(page.locator('#graph [data-step="refuse"]')).to_contain_text("DONE")
    page.locator('#graph [data-step="judge"]').click()
    expect(page.locator("#panel")).to_contain_text("score below 50")


def test_a_failed_step_is_repaired_by_editing_a_paused_run(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('broken')}/")
    is_now(page, "BLOCKED")
    expect(head(page)).to_contain_text("422: no such street")
    expect(head(page).get_by_role("button", name=re.compile("^Edit the run"))).to_have_attribute(
        "aria-disabled", "true"
    )
    head(page).get_by_role("button", name="Pause", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("wrong street")
    dialog.get_by_role("button", name="Pause").click()
    head(page).get_by_role("link", name="Edit the run").click()
    box = page.get_by_label("The run, as YAML")
    before = box.input_value()
    assert "422: no such street" in before
    start = before.index("    action:\n", before.index("  send:"))
    end = before.index("      type: echo", start)
    box.fill(
        before[:start] + "    action:\n      configuration:\n        output:\n          sent: parcel\n" + before[end:]
    )
    page.get_by_role("button", name="Check and compare").click()
    expect(page.locator(".diff .removed").filter(has_text="422: no such street")).to_have_count(1)
    expect(page.locator(".diff .added").filter(has_text="sent: parcel")).to_have_count(1)
    page.get_by_label("Reason").fill("the street was misspelt")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/admin/tasks/[0-9a-f-]+/$"))
    head(page).get_by_role("button", name="Run now").click()
    page.get_by_role("dialog").get_by_role("button", name="Run now").click()
    is_now(page, "DONE")
    expect(page.locator("#result")).to_contain_text("sent: parcel")
    expect(page.locator("#journal")).to_contain_text("the street was misspelt")


def test_what_somebody_else_does_is_seen_at_once_by_the_stream_and_disturbs_no_form(open_page, live):
    task = live.make("antifraud", client="Eve")
    page = open_page("/admin/")
    with page.expect_response("**/events") as stream:
        page.goto(f"/admin/tasks/{task}/")
    # Once a stream is open, the page does not ask by itself.
    assert stream.value.status == 200
    never_reloads(page)
    score = page.get_by_label("Trust score")
    score.fill("12")
    live.post(f"/task/{task}/comment", content="I know her")
    expect(page.locator("#comments-list")).to_contain_text("I know her")
    expect(score).to_have_value("12")
    live.post(f"/task/{task}/wontfix")
    is_now(page, "WONTFIX")
    expect(score).to_have_count(0)
    assert was_never_reloaded(page)


def test_a_notification_that_was_given_up_is_sent_again_and_arrives(open_page, live, receiver):
    receiver.on("/hook", Reply(503, "out for lunch"))
    task = live.make("announce")
    until(lambda: receiver.received, "the first try")
    # Most of a day later.
    live.command.manage(
        *("shell", "--no-imports", "--command"),
        "from tasks.models import OutboxMessage, clock\n"
        "OutboxMessage.objects.filter(sent__isnull=True).update(tries=23, due_at=clock.now())",
    )
    page = open_page("/admin/operations/")
    letter = page.locator("#letters tbody tr").filter(has=page.locator(f'a[href="/admin/tasks/{task}/"]'))
    expect(letter).to_contain_text("503", timeout=20_000)
    expect(letter).to_contain_text("24")
    first = receiver.received[0].headers["x-utask-delivery"]
    assert all(got.headers["x-utask-delivery"] == first for got in receiver.received)
    failed = len(receiver.received)
    receiver.on("/hook", Reply(200, "thanks"))
    letter.get_by_role("checkbox").check()
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".messages")).to_contain_text("1 message will be sent again.")
    until(lambda: len(receiver.received) > failed, "the message")
    assert "the parcel is here" in receiver.last.text
    assert receiver.last.headers["x-utask-delivery"] == first
    expect(page.locator("#letters")).to_contain_text("Every notification was sent", timeout=20_000)
