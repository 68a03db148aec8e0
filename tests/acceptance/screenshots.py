"""``make screenshots``: pictures of every page, light and dark, wide and on a phone, into ``docs/images/``.

Drives a service of its own, started for this on a free port with an empty database, example templates and tasks in
every interesting state. Ends with status 1 when a page complains in the console or a picture grows too large.
"""

import socket
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.acceptance.conftest import _FLAGS, PASSWORD, Live
from tests.acceptance.templates import TEMPLATES
from tests.cluster.processes import ROOT, Command

IMAGES = ROOT / "docs" / "images"
MOST_BYTES, MOST_BYTES_IN_ALL = 200_000, 6_000_000
_HIGHEST = 1700
SIZES = {"wide": (1280, 860), "phone": (390, 844)}

EXAMPLES = {
    "release": r"""
        name: release
        description: Release a service to all regions
        long_description: Builds, tests, rolls out region by region, and rolls back where the canary is ill.
        doc_link: https://example.org/release
        title_format: Release {{.input.service}} {{.input.version}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        tags: {team: platform}
        inputs:
          - {name: service, description: Service, legal_values: [billing, search, mail]}
          - {name: version, description: Version, regex: '^v[0-9]+'}
          - {name: regions, description: Regions, collection: true, default: [north, south, west]}
        result_format: {released: "{{.input.service}} {{.input.version}}"}
        steps:
          build:
            description: Build the image
            action: {type: echo, configuration: {output: {image: "{{.input.service}}"}}}
          unitTests:
            description: Unit tests
            dependencies: [build]
            action: {type: echo, configuration: {output: {ok: true}}}
          scan:
            description: Look for known holes
            dependencies: [build]
            action: {type: echo, configuration: {output: {holes: 0}}}
          canary:
            description: A tenth of the traffic
            dependencies: [unitTests, scan]
            custom_states: [ILL]
            action: {type: echo, configuration: {output: {errors: "0"}}}
            conditions:
              - type: check
                if: [{value: "{{.step.canary.output.errors}}", operator: GT, expected: "5"}]
                then: {this: ILL}
                message: more than five errors
          rollOut:
            description: Every region
            foreach: '{{toJson .input.regions}}'
            dependencies: [canary]
            action: {type: echo, configuration: {output: {region: "{{.iterator}}"}}}
          rollBack:
            description: Back to the old image
            dependencies: ["canary:ILL"]
            action: {type: echo, configuration: {output: {}}}
          tell:
            description: Tell the team
            dependencies: ["rollOut:ANY", "rollBack:ANY"]
            action: {type: echo, configuration: {output: {}}}
    """,
    "refused": """
        name: refused
        description: A template with mistakes
        title_format: never made
        steps:
          send:
            dependencies: [prepare]
            action: {type: htpp, configuration: {}}
    """,
}

#: Name of the picture -> address; ``{release}``, ``{broken}``… are tasks.
PAGES = {
    "home": "/admin/",
    "tasks": "/admin/tasks/",
    "new": "/admin/new/",
    "form": "/admin/new/form/",
    "task": "/admin/tasks/{release}/?step=canary",
    "blocked": "/admin/tasks/{broken}/?step=send",
    "edit-run": "/admin/tasks/{broken}/run/edit/",
    "resolve": "/admin/tasks/{antifraud}/resolve/",
    "templates": "/admin/templates/",
    "template": "/admin/templates/release/?from=1&to=2",
    "actions": "/admin/actions/",
    "action": "/admin/actions/http/",
    "editor": "/admin/editor/?template=release",
    "operations": "/admin/operations/?look=doctor",
    "users": "/admin/auth/user/",
}


def make_examples(service: Live, templates: Path) -> dict[str, str]:
    """Tasks in many states, by template; two versions of one template."""
    made = {}
    for number, name in enumerate(("billing", "search", "mail", "search")):
        made["release"] = service.make("release", service=name, version=f"v1.{number}")
    for client in ("Eve", "Mallory"):
        made["antifraud"] = service.make("antifraud", client=client)
    made |= {name: service.make(name) for name in ("broken", "confirm")}
    service.make("manual", id="42")
    file = templates / "release.yaml"
    file.write_text(file.read_text().replace("A tenth of the traffic", "A twentieth of the traffic"))
    (templates / "refused.yaml").write_text(textwrap.dedent(EXAMPLES["refused"]).lstrip())
    return made


def take(browser: Browser, service: Live, cookies: StorageState, tasks: Mapping[str, str]) -> list[str]:
    """All pictures; what the console complained of, and what has grown too large."""
    complaints: list[str] = []
    for theme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=service.url,
                storage_state=cookies,
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
                viewport={"width": width, "height": height},
            )
            page = context.new_page()
            page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            for name, path in PAGES.items():
                page.goto(path.format(**tasks))
                prepare(page, name)
                file = IMAGES / f"{name}-{theme}-{size}.png"
                shoot(page, file, width)
                if file.stat().st_size > MOST_BYTES:
                    complaints.append(f"{file.name} has {file.stat().st_size} bytes")
            context.close()
    return complaints


def prepare(page: Page, name: str) -> None:
    """Bring a page to what is worth a picture."""
    page.wait_for_load_state("load")
    if name == "editor":
        page.locator("#verdict.good, #verdict.retries").wait_for()
        page.locator("#inputs").fill("service: search\nversion: v2\nregions: [north, south]")
        page.locator("#run").click()
        page.locator("#last").click()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")


def shoot(page: Page, file: Path, width: int) -> None:
    """The whole page, cut where it becomes too long for a picture."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), _HIGHEST)
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": max(height, 600)})
    page.screenshot(path=file, animations="disabled")
    make_small(file)
    if before is not None:
        page.set_viewport_size(before)


def make_small(file: Path) -> None:
    """As many colours as a palette holds: a third of the size, and no eye sees it."""
    with Image.open(file) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def log_in(browser: Browser, service: Live) -> StorageState:
    """The cookies of the administrator; and a picture of the way in."""
    context = browser.new_context(base_url=service.url, viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto("/admin/")
    page.screenshot(path=IMAGES / "login.png")
    make_small(IMAGES / "login.png")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    page.goto("/admin/templates/")
    page.get_by_role("button", name="Reload templates").click()
    page.wait_for_load_state("load")
    cookies = context.storage_state()
    context.close()
    return cookies


def wait_until_quiet(service: Live, tasks: Mapping[str, str]) -> None:
    """Until the release is over and what fails has failed."""
    wanted = {"release": "DONE", "broken": "BLOCKED"}
    give_up_at = time.monotonic() + 60
    for name, state in wanted.items():
        while time.monotonic() < give_up_at:
            found = requests.get(f"{service.url}/task/{tasks[name]}", auth=("admin", PASSWORD), timeout=10).json()
            if found["state"] == state:
                break
            time.sleep(0.1)


def main() -> int:
    """Status 1 with complaints."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, templates = Path(name), Path(name) / "templates"
        templates.mkdir()
        for each, text in {**TEMPLATES, "release": EXAMPLES["release"]}.items():
            (templates / f"{each}.yaml").write_text(textwrap.dedent(text).lstrip())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = Command(
            "up",
            folder=folder,
            database=f"sqlite:///{folder}/utask.sqlite3",
            settings="utask_project.settings",
            PORT=str(port),
            UTASK_ADMIN_PASSWORD=PASSWORD,
            UTASK_TEMPLATES_PATH=str(templates),
            UTASK_BASE_URL=f"http://127.0.0.1:{port}",
            UTASK_WORKERS="2",
            UTASK_EDITOR_SAVES="1",
        ).start()
        service = Live(command, port)
        try:
            command.wait_for(service.answers, "an answer")
            tasks = make_examples(service, templates)
            wait_until_quiet(service, tasks)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
                complaints = take(browser, service, log_in(browser, service), tasks)
                browser.close()
        finally:
            command.end()
    pictures = sorted(IMAGES.glob("*.png"))
    total = sum(picture.stat().st_size for picture in pictures)
    if total > MOST_BYTES_IN_ALL:
        complaints.append(f"all pictures together have {total} bytes")
    sys.stdout.write(f"{len(pictures)} pictures, {total // 1000} kB, in {IMAGES}\n")
    sys.stdout.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
