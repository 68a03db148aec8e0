"""The graph of a task under mouse, wheel and keyboard: zoom, pan, and back to how it was."""

import pytest
from playwright.sync_api import Page, expect

from tests.cluster.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

Box = tuple[float, float, float, float]


@pytest.fixture
def page(open_page, live):
    """The page of a task with three steps, quiet."""
    opened = open_page(f"/admin/tasks/{live.make('antifraud', client='Ann')}/")
    expect(opened.locator("#graph .node")).to_have_count(3)
    opened.locator("#graph").scroll_into_view_if_needed()
    return opened


def view(page: Page) -> Box:
    """What of the drawing is seen: left, top, width, height."""
    left, top, width, height = map(float, str(page.locator("#graph svg").get_attribute("viewBox")).split())
    return left, top, width, height


def middle(page: Page, locator: str = "#graph") -> tuple[float, float]:
    box = page.locator(locator).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_buttons_zoom_around_the_middle_and_fit_brings_it_back(page):
    before = view(page)
    page.get_by_role("button", name="Larger").click()
    left, top, width, height = view(page)
    assert width == pytest.approx(before[2] * 0.8)
    assert left + width / 2 == pytest.approx(before[0] + before[2] / 2)
    assert top + height / 2 == pytest.approx(before[1] + before[3] / 2)
    page.get_by_role("button", name="Smaller").click()
    assert view(page) == pytest.approx(before)
    page.get_by_role("button", name="Smaller").click()
    assert view(page)[2] > before[2]
    page.get_by_role("button", name="Fit").click()
    assert view(page) == pytest.approx(before)


def test_a_wide_graph_begins_at_a_size_to_be_read_and_fit_shows_all_of_it(open_page, live):
    page = open_page(f"/admin/tasks/{live.make('chain')}/", width=500)
    last = page.locator('#graph [data-step="eight"]')
    frame = page.locator("#graph").bounding_box()
    assert last.bounding_box()["x"] > frame["x"] + frame["width"]
    page.get_by_role("button", name="Fit").click()
    seen = last.bounding_box()
    assert seen["x"] + seen["width"] <= frame["x"] + frame["width"]


def test_the_wheel_zooms_with_ctrl_at_the_pointer_and_scrolls_the_page_without(page):
    before, node = view(page), '#graph [data-step="judge"]'
    at = middle(page, node)
    page.mouse.move(*at)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    until(lambda: view(page)[2] < before[2], "the zoom")
    after = view(page)
    # What the pointer was on stays under it.
    assert middle(page, node) == pytest.approx(at, abs=1)
    page.mouse.wheel(0, 200)
    expect(page.locator("#graph")).to_have_class("picture pans hinted")
    until(lambda: page.evaluate("window.scrollY") > 0, "the page to scroll")
    assert view(page) == after


def test_the_keyboard_zooms_moves_and_fits(page):
    before = view(page)
    page.locator("#graph").focus()
    for key, part, is_less in (("+", 2, True), ("-", 2, False), ("ArrowRight", 0, False), ("ArrowUp", 1, True)):
        earlier = view(page)
        page.keyboard.press(key)
        assert (view(page)[part] < earlier[part]) is is_less, key
    page.keyboard.press("0")
    assert view(page) == pytest.approx(before)


def test_a_pull_moves_it_and_chooses_no_step_where_it_began_but_a_click_does(page):
    before, at = view(page), middle(page, '#graph [data-step="judge"]')
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 70, at[1] + 30, steps=5)
    page.mouse.up()
    scale = before[2] / page.locator("#graph").evaluate("frame => frame.clientWidth")
    assert view(page)[:2] == pytest.approx((before[0] - 70 * scale, before[1] - 30 * scale))
    assert "step=" not in page.url
    page.mouse.click(at[0] + 70, at[1] + 30)
    expect(page.locator("#panel h2")).to_have_text("judge")


def test_a_step_that_the_keyboard_reaches_is_brought_into_sight_and_a_renewal_moves_nothing(page, live):
    for _ in range(6):
        page.get_by_role("button", name="Larger").click()
    page.locator("#graph").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    deliver = page.locator('#graph [data-step="deliver"]')
    frame = page.locator("#graph").bounding_box()
    assert deliver.bounding_box()["x"] > frame["x"] + frame["width"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(deliver).to_be_focused()
    seen = deliver.bounding_box()
    assert seen["x"] >= frame["x"]
    assert seen["x"] + seen["width"] <= frame["x"] + frame["width"]
    kept = view(page)
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("deliver")
    live.post(f"/task/{page.url.split('/')[-2]}/wontfix")
    expect(page.locator("#head .headline .state")).to_contain_text("WONTFIX")
    assert view(page) == kept
