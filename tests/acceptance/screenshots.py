"""``make screenshots [NAME …]``: pictures of every page, light and dark, wide and on a phone, into ``docs/images/``.

Drives a service of its own, started for this on a free port with an empty database, example templates and tasks in
every interesting state. Ends with status 1 when a page complains in the console or a picture grows too large.
With names, those pictures alone.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.acceptance.conftest import _FLAGS
from tests.acceptance.showcase.pages import IN_MAINTENANCE, SHOWN, Shown
from tests.acceptance.showcase.service import Showcase, log_in, showcase
from tests.cluster.processes import ROOT

IMAGES = ROOT / "docs" / "images"
MOST_BYTES, MOST_BYTES_IN_ALL = 200_000, 15_000_000
_HIGHEST = 1700
SIZES = {"wide": (1280, 860), "phone": (390, 844)}
THEMES = ("light", "dark")


class Photographer:
    """Takes pictures; ``complaints``: what the console said, and what has grown too large."""

    def __init__(self, browser: Browser, found: Showcase) -> None:
        self.complaints: list[str] = []
        self._browser, self._found = browser, found
        self._cookies: dict[str, StorageState] = {}

    def take(self, pages: Sequence[Shown]) -> None:
        """All four pictures of each of these."""
        for shown in pages:
            if shown.who not in self._cookies:
                self._cookies[shown.who] = log_in(self._browser, self._found.live, shown.who)
            for theme in THEMES:
                for size in SIZES:
                    self._take(shown, theme, size)

    def _take(self, shown: Shown, theme: str, size: str) -> None:
        width, height = SIZES[size]
        context = self._browser.new_context(
            base_url=self._found.live.url,
            storage_state=self._cookies[shown.who],
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            viewport={"width": width, "height": height},
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        said: list[str] = []
        page.on("console", lambda message: message.type == "error" and said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(shown.path.format(**self._found.places))
        page.wait_for_load_state("load")
        shown.prepare(page)
        page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        file = IMAGES / f"{shown.name}-{theme}-{size}.png"
        shoot(page, file, width)
        context.close()
        if shown.status != 200:
            said = [each for each in said if f"responded with a status of {shown.status}" not in each]
        self.complaints += [f"{file.name}: {each}" for each in said]
        if file.stat().st_size > MOST_BYTES:
            self.complaints.append(f"{file.name} has {file.stat().st_size} bytes")


def shoot(page: Page, file: Path, width: int) -> None:
    """The whole page, cut where it becomes too long for a picture."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), _HIGHEST)
    page.set_viewport_size({"width": width, "height": max(height, 600)})
    page.screenshot(path=file, animations="disabled")
    make_small(file)


def make_small(file: Path) -> None:
    """As many colours as a palette holds: a third of the size, and no eye sees it."""
    with Image.open(file) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def wanted(names: Sequence[str]) -> tuple[list[Shown], list[Shown]]:
    """Pages of these names, or all: before maintenance and in it."""
    found = [[shown for shown in pages if not names or shown.name in names] for pages in (SHOWN, IN_MAINTENANCE)]
    return found[0], found[1]


def main(names: Sequence[str]) -> int:
    """Status 1 with complaints."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    before, maintained = wanted(names)
    with showcase() as found, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        photographer = Photographer(browser, found)
        photographer.take(before)
        if maintained:
            found.maintain()
            photographer.take(maintained)
        browser.close()
    complaints = photographer.complaints
    pictures = sorted(IMAGES.glob("*.png"))
    known = {
        f"{shown.name}-{theme}-{size}.png" for shown in (*SHOWN, *IN_MAINTENANCE) for theme in THEMES for size in SIZES
    }
    complaints += [f"{picture.name} shows no page" for picture in pictures if picture.name not in known]
    total = sum(picture.stat().st_size for picture in pictures)
    if total > MOST_BYTES_IN_ALL:
        complaints.append(f"all pictures together have {total} bytes")
    sys.stdout.write(f"{len(pictures)} pictures, {total // 1000} kB, in {IMAGES}\n")
    sys.stdout.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
