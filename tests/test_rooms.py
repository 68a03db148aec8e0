"""Which room may import which: the floor plan, read from the imports of every file.

The rows are those of the table in docs/architecture.md. Imports for types alone (``if TYPE_CHECKING``) count too: they
are knowledge as well.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"tasks", "actions", "init", "utask_project", "utask_cli", "tests"}

GROUND = {"states", "crypto", "config", "doorbell", "telemetry"}
#: Room -> the rooms it may import, itself aside.
MAY_IMPORT: dict[str, set[str]] = {
    "states": set(),
    "crypto": set(),
    "config": set(),
    "doorbell": set(),
    "telemetry": set(),
    "cluster": {"doorbell", "config"},
    "engine": {"states"},
    "models": {"states", "crypto"},
    "actions": set(),
    "notify": set(),
    "drawing": set(),
    "services": GROUND | {"models", "engine", "actions"},
    "runner": GROUND | {"services", "models", "engine", "actions", "notify", "cluster.stopping"},
    "api": GROUND | {"services", "drawing", "models"},
    "admin": GROUND | {"services", "drawing", "models"},
    "utask_cli": set(),
}
#: Wiring: it may know anything, and no room may know it.
WIRING = {"management", "benches", "apps", "plugins", "migrations", "utask_project", "init", "tests", "templates"}


def room_of(module: str) -> str:
    """The room a dotted module name belongs to; the empty text for the bare package ``tasks``."""
    parts = module.split(".")
    return (parts[1] if len(parts) > 1 else "") if parts[0] == "tasks" else parts[0]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Dotted names of our modules that a file imports, wherever in the file."""
    module, is_package = module_of(path), path.name == "__init__.py"
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - (1 if is_package else 0)
                package = module.split(".")[: len(module.split(".")) - up] if up else module.split(".")
                base = ".".join([*package, *([base] if base else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


def files() -> list[Path]:
    folders = [ROOT / name for name in ("tasks", "actions", "utask_cli")]
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts)


def forbidden(path: Path) -> list[str]:
    """What a file imports and may not."""
    room = room_of(module_of(path))
    if room in WIRING or not room:
        return []
    allowed = MAY_IMPORT[room] | {room}
    wrong = []
    for name in sorted(imports_of(path)):
        target = room_of(name)
        if target in allowed or any(name.startswith(f"tasks.{rule}") for rule in allowed if "." in rule):
            continue
        # `from tasks.cluster import stopping` names the flag itself.
        if target == "cluster" and "cluster.stopping" in allowed and name == "tasks.cluster.stopping":
            continue
        wrong.append(f"{path.relative_to(ROOT)} ({room}) imports {name} ({target or 'the app'})")
    return wrong


def test_no_room_imports_what_it_may_not_know():
    assert [line for path in files() for line in forbidden(path)] == []


def test_every_folder_is_a_room_or_wiring():
    folders = {path.name.removesuffix(".py") for path in (ROOT / "tasks").iterdir() if not path.name.startswith("_")}
    assert folders <= set(MAY_IMPORT) | WIRING


@pytest.mark.parametrize(
    ("file", "source", "wrong"),
    [
        ("tasks/engine/x.py", "from tasks.models import Task", True),
        ("tasks/engine/x.py", "from tasks.states import StepState", False),
        ("tasks/models/x.py", "import tasks.services.tasks", True),
        ("tasks/api/x.py", "from tasks import admin", True),
        ("tasks/services/x.py", "def late():\n    from tasks.runner import run", True),
        ("tasks/runner/x.py", "from tasks.cluster import stopping", False),
        ("tasks/runner/x.py", "from tasks.cluster import sentinel", True),
        ("actions/x.py", "from actions._contract import Action", False),
        ("actions/x.py", "from tasks.config import items", True),
        ("tasks/engine/gotemplate/x.py", "from .. import definition", False),
        ("tasks/engine/x.py", "from ..models import step", True),
    ],
)
def test_the_reading_itself_sees_each_kind_of_import(tmp_path, monkeypatch, file, source, wrong):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert bool(forbidden(path)) == wrong


@pytest.mark.parametrize("module", ["tasks.engine", "tasks.engine.gotemplate", "tasks.states"])
def test_the_engine_works_with_django_out_of_reach(module):
    code = f"""
import sys
class NoDjango:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "rest_framework", "django_q", "psycopg"):
            raise ImportError("out of reach: " + name)
sys.meta_path.insert(0, NoDjango())
import importlib, pkgutil
package = importlib.import_module({module!r})
for found in pkgutil.walk_packages(getattr(package, "__path__", []), {module!r} + "."):
    importlib.import_module(found.name)
"""
    outcome = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert outcome.returncode == 0, outcome.stderr
