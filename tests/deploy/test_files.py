"""The files of deploy/ name what exists, hold no secret, and let no client name itself."""

import configparser
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
OURS = [name for name in COMPOSE["services"] if name != "database"]


def commands_of(text: str) -> list[str]:
    return re.findall(r"manage\.py[\", ]+([a-z_]+)", text)


def test_what_the_dockerfile_copies_exists_and_is_not_ignored() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, source
    assert re.search(r"^USER (?!0)\d+:\d+$", text, re.MULTILINE)


def test_every_package_of_ours_is_in_the_image() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for package in ("tasks", "actions", "utask_project"):
        assert f"COPY {package} {package}" in text


@pytest.mark.parametrize(
    "path", ["Dockerfile", "deploy/compose.yaml", *(str(unit.relative_to(ROOT)) for unit in UNITS)]
)
def test_its_commands_are_ours(path: str) -> None:
    found = commands_of((ROOT / path).read_text().replace(", ", " "))
    assert set(found) <= set(get_commands())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_not_root_and_has_its_own_folder(unit: Path) -> None:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(unit.read_text())
    service = parsed["Service"]
    assert service["User"] == "utask"
    assert service["StateDirectory"] == "utask"
    assert service["EnvironmentFile"].startswith("/etc/")
    assert service["ExecStart"].startswith("/opt/utask/.venv/bin/")


def test_no_secret_stands_in_the_composition() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        for variable in ("DATABASE_URL", "UTASK_SECRET_KEY", "UTASK_ENCRYPTION_KEYS"):
            assert ":?" in service["environment"][variable], (name, variable)


def test_the_composition_refers_to_what_it_has() -> None:
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in volumes or (ROOT / "deploy" / source).exists(), volume
    assert {name for name in services if "qcluster" in services[name].get("command", [])} == {"workers-1", "workers-2"}


def test_the_variables_that_the_files_set_are_documented() -> None:
    page = (ROOT / "docs" / "operating.md").read_text().partition("## Environment")[2].partition("\n## ")[0]
    text = "".join(path.read_text() for path in [ROOT / "Dockerfile", ROOT / "deploy" / "compose.yaml", *UNITS])
    text += (ROOT / "deploy" / "nginx.conf").read_text()
    for name in set(re.findall(r"\bUTASK_[A-Z_]+", text)):
        assert f"`{name}`" in page, name


def test_every_place_behind_nginx_sets_the_header_of_the_user() -> None:
    text = re.sub(r"#.*", "", (ROOT / "deploy" / "nginx.conf").read_text())
    server = text[text.index("listen 443") :]
    inherited = server[: server.index("location ")]
    assert "X-Remote-User     $remote_user" in inherited
    assert 'X-Remote-Groups   ""' in inherited
    for place in re.findall(r"location [^{]*\{([^}]*)\}", server):
        # A place with headers of its own inherits none.
        if "proxy_set_header" in place:
            assert "X-Remote-User" in place
            assert "X-Remote-Groups" in place


def test_the_backup_of_sqlite_that_the_page_names_holds_everything(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    [code] = re.findall(r'python -c "(import sqlite3; [^"]*)"', page)
    source = sqlite3.connect(tmp_path / "from.sqlite3")
    source.execute("PRAGMA journal_mode=WAL")
    source.execute("CREATE TABLE t (x)")
    source.execute("INSERT INTO t VALUES (7)")
    source.commit()
    names = {"var/utask.sqlite3": str(tmp_path / "from.sqlite3"), "utask-backup.sqlite3": str(tmp_path / "to.sqlite3")}
    for name, real in names.items():
        code = code.replace(name, real)
    exec(code, {})
    source.close()
    assert sqlite3.connect(tmp_path / "to.sqlite3").execute("SELECT x FROM t").fetchall() == [(7,)]
