"""The files that ship: nothing to complain of, nothing of anybody's house in them, a page for each."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster.processes import ROOT, Command

FOLDER = ROOT / "templates_yaml"
TEMPLATES = sorted(FOLDER.glob("*.yaml"))
FUNCTIONS = sorted((FOLDER / "functions").rglob("*.yaml"))
PAGES = sorted((ROOT / "docs" / "examples").glob("*.md"))


def test_none_of_them_gives_a_warning(tmp_path: Path) -> None:
    command = Command(
        "lint",
        folder=tmp_path,
        database=f"sqlite:///{tmp_path}/none",
        settings="utask_project.settings",
        UTASK_BASE_URL="http://utask.example",
    )
    assert command.manage("lint", *map(str, TEMPLATES + FUNCTIONS)) == "accepted\n"


@pytest.mark.parametrize("path", TEMPLATES + FUNCTIONS, ids=lambda path: path.stem)
def test_addresses_and_credentials_come_from_the_configuration(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    found = re.findall(r"https?://[^\s'\"]*", yaml.safe_dump(document.get("steps") or document.get("action")))
    assert all(address.startswith(("https://{{", "http://{{")) for address in found), found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_page_tells_of_every_template_and_of_every_item_that_it_needs(path: Path) -> None:
    pages = [page.read_text() for page in PAGES if f"`{path.stem}`" in page.read_text()]
    assert pages
    functions = "".join(file.read_text() for file in FUNCTIONS)
    used = set(re.findall(r"\.config\.(\w+)", path.read_text()))
    used |= {item for item in re.findall(r"\.config\.(\w+)", functions) if item in path.read_text()}
    assert all(any(f"`{item}`" in page for page in pages) for item in used - {"instance"})


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_drawing_of_the_graph_has_every_step_and_dependency(path: Path) -> None:
    """One line a step: ``name <- dependency, dependency``, as the template says."""
    drawings = "\n".join(re.findall(r"```graph\n(.*?)```", "".join(page.read_text() for page in PAGES), re.DOTALL))
    section = re.search(rf"^{re.escape(path.stem)}\n(.*?)(?:\n\n|\Z)", drawings, re.DOTALL | re.MULTILINE)
    assert section is not None
    drawn = {}
    for line in section.group(1).splitlines():
        name, _, waits_for = line.partition("(")[0].partition("<-")
        drawn[name.strip()] = sorted(filter(None, waits_for.split()))
    steps = yaml.safe_load(path.read_text())["steps"]
    assert drawn == {name: sorted(step.get("dependencies", [])) for name, step in steps.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_items_on_a_page_can_be_read(page: Path) -> None:
    for text in re.findall(r"```yaml items\n(.*?)```", page.read_text(), re.DOTALL):
        for item in yaml.safe_load(text):
            assert isinstance(yaml.safe_load(item["value"]), dict), item


@pytest.mark.parametrize(
    ("names", "printed"),
    [
        (["Zoë", "Müller Díaz"], '{"login": "zmullerdiaz"}\n'),
        (["Łukasz", "Straße"], '{"login": "lstrasse"}\n'),
        (["", "Extraordinarily-Long-Name"], '{"login": "extraordinarilylongn"}\n'),
    ],
)
def test_login_names_are_plain_letters(names: list[str], printed: str) -> None:
    script = FOLDER / "scripts" / "login-name.py"
    assert script.stat().st_mode & 0o111
    done = subprocess.run([sys.executable, script, *names], capture_output=True, text=True, check=True)
    assert done.stdout == printed
