"""What a page of a task shows, and whether it is still the document that was opened."""

from playwright.sync_api import Locator, Page, expect

from tests.cluster.processes import until


def head(page: Page) -> Locator:
    """Where a task's page says where it stands."""
    return page.locator("#head")


def is_now(page: Page, state: str) -> None:
    """The task's page shows this state, without having been loaded again."""
    expect(head(page).locator(".headline .state")).to_contain_text(state)


def never_reloads(page: Page) -> None:
    """From now on, see ``was_never_reloaded``."""
    page.evaluate("window.sameDocument = true")


def was_never_reloaded(page: Page) -> bool:
    """Whether the document is still the one of ``never_reloads``."""
    return bool(page.evaluate("window.sameDocument === true"))


def comes_with_time(locator: Locator, text: str) -> None:
    """This is shown at last; a minute of the page's ``clock`` passes with each look. Needs ``page.clock.install()``."""

    def later() -> bool:
        locator.page.clock.fast_forward("01:00")
        return text in (locator.text_content() or "")

    until(later, text)
