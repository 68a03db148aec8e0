"""Every page, light, dark and on a phone: no word in the console, nothing serious for axe, nothing too wide."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState

from tests.acceptance.showcase.pages import IN_MAINTENANCE, SHOWN, Shown
from tests.acceptance.showcase.service import Showcase, log_in, showcase

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 860}
#: Colours are all that a theme changes.
_OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture(scope="module")
def found() -> Iterator[Showcase]:
    """The service of the pictures."""
    with showcase() as started:
        yield started


@pytest.fixture(scope="module")
def maintained(found: Showcase) -> Showcase:
    """The same once maintenance is on: what needs it comes last."""
    found.maintain()
    return found


@pytest.fixture(scope="module")
def cookies() -> dict[str, StorageState]:
    """Of everybody who has logged in so far."""
    return {}


@pytest.fixture
def visit(browser: Browser, cookies: dict[str, StorageState]) -> Iterator[Callable[[Showcase, Shown], Page]]:
    """Open a page as it is shown; at the end it may not have said a word in the console."""
    pages: list[Page] = []
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    def visit_one(found: Showcase, shown: Shown) -> Page:
        if shown.who not in cookies:
            cookies[shown.who] = log_in(browser, found.live, shown.who)
        context = browser.new_context(
            base_url=found.live.url,
            storage_state=cookies[shown.who],
            viewport=WIDE,
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(str(error)))
        statuses: list[int] = []
        page.on("response", lambda answer: answer.request.is_navigation_request() and statuses.append(answer.status))
        page.goto(shown.path.format(**found.places))
        shown.prepare(page)
        assert statuses[-1] == shown.status
        pages.append(page)
        if shown.status != 200:
            said[:] = [each for each in said if f"a status of {shown.status}" not in each]
        return page

    yield visit_one
    for page in pages:
        page.context.close()
    assert said == []


def serious(page: Page, axe: str, options: object = None, *, without: Sequence[str] = ()) -> list[str]:
    """What axe finds serious or critical; ``without`` are parts of the page that it does not look at."""
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(axe)
    found = page.evaluate(
        "([without, options]) => axe.run({include: [document], exclude: without.map((each) => [each])}, options)",
        [list(without), {"resultTypes": ["violations"], "preload": False, **(options or {})}],  # type: ignore[dict-item]
    )
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def look_at(page: Page, axe: str, shown: Shown) -> list[str]:
    """All that is wrong with a page in both themes and both widths."""
    wrong = []
    for width, viewport in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for theme, options in (("light", None), ("dark", _OF_COLOURS)):
            wear(page, theme)
            wrong += [f"{width}, {theme}: {each}" for each in serious(page, axe, options, without=shown.foreign)]
        if page.evaluate("document.documentElement.scrollWidth") > viewport["width"]:
            wrong.append(f"{width}: wider than the window")
    return wrong


def wear(page: Page, theme: str) -> None:
    """Change the theme of a page that is there, as the switch does."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate(f"document.documentElement.classList.toggle('dark-mode', {str(theme == 'dark').lower()})")
    # Colours on their way from one theme to the other are none that anybody reads.
    page.evaluate("document.getAnimations().forEach((each) => each.finish())")


@pytest.mark.parametrize("shown", SHOWN, ids=[shown.name for shown in SHOWN])
def test_a_page_is_fit_for_everybody(visit, found, axe, shown):
    assert look_at(visit(found, shown), axe, shown) == []


@pytest.mark.parametrize("shown", IN_MAINTENANCE, ids=[shown.name for shown in IN_MAINTENANCE])
def test_a_page_in_maintenance_is_fit_for_everybody(visit, maintained, axe, shown):
    assert look_at(visit(maintained, shown), axe, shown) == []
