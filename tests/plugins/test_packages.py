"""What an installed package brings: a really built, really installed one, found by its entry points alone."""

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tasks import plugins
from tasks.config import current
from tasks.models import Task
from tasks.services import catalog
from tests.actions.on_runner.conftest import step_of
from tests.plugins.conftest import Write
from tests.runner.conftest import ask, load, play, runner, runners, test_actions

__all__ = ["ask", "load", "play", "runner", "runners", "test_actions"]

ROOT = Path(__file__).parents[2]

MODULES = {
    "secrets.py": '''
        """The company's secret store."""
        import json
        from tasks.config.items import Item

        def read():
            yield Item("utask-cfg", json.dumps({"admin_usernames": ["ann"]}), priority=9, source="company")
            yield Item("company-badge", "seven", priority=9, source="company")

        def init(service):
            service.config.add_source("company", read)
        ''',
    "gateway.py": """
        from tasks.services.providers import Identity

        def identify(request):
            name = request.headers.get("X-Company-User")
            return Identity(name, groups=("company",)) if name else None

        def let_in(service):
            service.auth.use(identify)
        """,
    "badges.py": '''
        from actions import Action, Context, Result, field

        class Badge(Action):
            """Makes out a badge."""
            name = "badge"

            class Config:
                holder: str = field(min_length=1, help="Whose it is.")

            def run(self, cfg, ctx: Context) -> Result:
                return Result({"holder": cfg.holder, "kind": ctx.config("company-badge")})

        class Return(Action):
            """Takes a badge back."""
            name = "badge-return"

            def run(self, cfg, ctx: Context) -> Result:
                return Result()
        ''',
    "doors.py": '''
        from actions import Action, Context, Result

        class Door(Action):
            """Opens a door."""
            name = "door"

            def run(self, cfg, ctx: Context) -> Result:
                return Result("open")
        ''',
}
POINTS = """
    [utask.init]
    secrets = company.secrets
    gateway = company.gateway:let_in

    [utask.actions]
    badges = company.badges
    door = company.doors:Door
"""


def built(folder: Path, points: str, modules: dict[str, str]) -> Path:
    """A wheel of a distribution with these entry points."""
    about = "company-1.0.dist-info"
    files = {f"company/{name}": textwrap.dedent(text) for name, text in modules.items()} | {
        "company/__init__.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: company\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": textwrap.dedent(points),
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD"))
    wheel = folder / "company-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def installed(folder: Path, points: str = POINTS, modules: dict[str, str] = MODULES) -> Path:
    """The folder into which pip has installed it."""
    site = folder / "site"
    wheel = built(folder, points, modules)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-index", "--no-deps", "--target", str(site), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the company's package is installed."""
    return installed(tmp_path_factory.mktemp("company"))


@pytest.fixture
def package(company: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The company's package is one of those that this process sees."""
    monkeypatch.syspath_prepend(str(company))
    catalog.registry.cache_clear()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "company"]:
        del sys.modules[name]
    catalog.registry.cache_clear()


def test_its_init_plugins_give_configuration_and_say_who_is_asking(
    package: None, write: Write, client: Client, settings: Any
) -> None:
    settings.CONFIGURATION_FROM = ""
    current.reload()
    assert current.configuration().cfg.admin_usernames != {"ann"}
    write()
    assert plugins.problems() == []
    current.reload()
    configuration = current.configuration()
    assert configuration.cfg.admin_usernames == {"ann"}
    assert configuration.items.only("company-badge") == "seven"
    ann = client.get("/meta", headers={"X-Company-User": "ann"}).json()
    assert (ann["username"], ann["user_groups"], ann["user_is_admin"]) == ("ann", ["company"], True)
    bob = client.get("/meta", headers={"X-Company-User": "bob"}).json()
    assert (bob["username"], bob["user_is_admin"]) == ("bob", False)
    assert client.get("/meta").status_code == 401


def test_packages_run_before_the_files_of_the_folder(package: None, write: Write, client: Client) -> None:
    write(
        a="from tasks.services.providers import Identity\n"
        "def init(service): service.auth.use(lambda request: Identity('from the folder'))\n"
    )
    # Of two that say who is asking the later counts.
    assert client.get("/meta", headers={"X-Company-User": "ann"}).json()["username"] == "from the folder"


def test_one_that_fails_is_named_by_its_entry_point(tmp_path: Path, write: Write, monkeypatch: Any) -> None:
    points = "[utask.init]\ngone = company.nowhere\nbroken = company.broken\n"
    site = installed(tmp_path, points, {"broken.py": "def init(service):\n    1 / 0\n"})
    monkeypatch.syspath_prepend(str(site))
    try:
        write()
        assert [str(problem) for problem in plugins.problems()] == [
            "utask.init:broken: ZeroDivisionError: division by zero",
            "utask.init:gone: ModuleNotFoundError: No module named 'company.nowhere'",
        ]
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "company"]:
            del sys.modules[name]


def test_its_actions_are_steps_like_any_other(
    package: None, write: Write, play: Callable[..., Task], settings: Any
) -> None:
    settings.CONFIGURATION_FROM = ""
    write()
    current.reload()
    catalog.registry.cache_clear()
    assert catalog.registry().problems == []
    assert {"badge", "badge-return", "door"} <= set(catalog.registry().names())
    task = play("""
        make: {description: d, action: {type: badge, configuration: {holder: '{{.task.requester_username}}'}}}
        open: {description: d, dependencies: [make], action: {type: door, configuration: null}}
    """)
    assert step_of(task, "make").output == {"holder": "admin", "kind": "seven"}
    assert (step_of(task, "open").output, task.state) == ("open", "DONE")


def test_a_process_of_its_own_finds_it_without_being_told(company: Path, tmp_path: Path) -> None:
    def managed(*arguments: str, path: str) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("UTASK_")}
        environ |= {
            "PYTHONPATH": path,
            "UTASK_VAR": str(tmp_path / "var"),
            "DJANGO_SETTINGS_MODULE": "utask_project.settings",
            "CONFIGURATION_FROM": "",
            "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
        }
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    told = json.loads(managed("config", "show", path=str(company)))
    assert ("company-badge", "company") in {(item["key"], item["source"]) for item in told["items"]}
    assert told["utask-cfg"]["admin_usernames"] == ["ann"]
    template = tmp_path / "templates" / "badge.yaml"
    template.parent.mkdir()
    template.write_text(
        "name: badge\ndescription: made for a test\ntitle_format: a badge\n"
        "steps: {it: {description: d, action: {type: badge, configuration: {holder: Ann}}}}\n"
    )
    managed("lint", str(template), path=str(company))
    with pytest.raises(AssertionError, match='There is no action "badge"'):
        managed("lint", str(template), path="")
