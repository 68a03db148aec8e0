"""docs/licences.md lists exactly what is installed for the product, with the licence that each package tells."""

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text()
RUNS, TRACES = PAGE.split("\n## Traces\n")


def needed(file: str) -> set[str]:
    """Every package that a file of requirements brings, those that others need too."""
    lines = (ROOT / file).read_text().splitlines()
    waiting = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    found: dict[str, set[str]] = {}
    while waiting:
        wanted = waiting.pop()
        extras = found.setdefault(canonicalize_name(wanted.name), set())
        new = {"", *wanted.extras} - extras
        extras |= new
        for text in (metadata.requires(wanted.name) or []) if new else []:
            more = Requirement(text)
            if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in new):
                waiting.append(more)
    return set(found)


def licence(package: str) -> str:
    """What the package says of itself: an SPDX expression, else its classifier, else its free words."""
    told = metadata.metadata(package)
    classifiers = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")
    ]
    return str(told.get("License-Expression") or ", ".join(classifiers) or told.get("License"))


def listed(page: str) -> dict[str, str]:
    rows = re.findall(r"^\| ([\w.-]+) \| (.+?) \|$", page, re.MULTILINE)
    return {canonicalize_name(name): words for name, words in rows if re.search(r"\w", name) and name != "package"}


def told(packages: Iterable[str]) -> dict[str, str]:
    return {package: licence(package) for package in packages}


def test_all_that_the_product_runs_on_is_listed_with_its_licence_and_nothing_else() -> None:
    assert listed(RUNS) == told(needed("requirements.txt"))


def test_all_that_traces_need_beside_it_is_listed_too() -> None:
    assert listed(TRACES) == told(needed("requirements-traces.txt") - needed("requirements.txt"))


@pytest.mark.parametrize("package", ["psycopg-binary", "django-picklefield", "pynacl"])
def test_what_only_a_package_needs_is_found(package: str) -> None:
    assert package in needed("requirements.txt")
