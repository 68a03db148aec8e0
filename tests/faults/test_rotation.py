"""Key rotation, killed at random points: nothing is lost, and a reader sees every row at every moment."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = 400

PREPARE = f"""
from tasks.models import CacheEntry
CacheEntry.objects.bulk_create(CacheEntry(key=f"k{{n}}", value=f"value {{n}}") for n in range({ROWS}))
"""
READ = f"""
from tasks.models import CacheEntry
expected = {{f"k{{n}}": f"value {{n}}" for n in range({ROWS})}}
rounds = 0
print("begun", flush=True)
while True:
    assert {{row.key: row.value for row in CacheEntry.objects.all()}} == expected
    rounds += 1
    print(rounds, flush=True)
"""
#: Its input says after how many batches it waits to be killed, so that it never ends before.
ROTATE = """
import sys
from tasks.services import keys
from tasks.services.actors import Actor
keys.BATCH = 10
last = int(sys.stdin.readline())
told = 0
def tell(progress):
    global told
    print(progress.rows, flush=True)
    told += 1
    if told == last:
        sys.stdin.read()
keys.rotate_keys(Actor("test", is_admin=True), tell)
print("complete", flush=True)
"""


class Machine:
    """Python processes with one database and the same keys."""

    def __init__(self, folder: Path, url: str) -> None:
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("UTASK_")} | {
            "DJANGO_SETTINGS_MODULE": "utask_project.settings",
            "UTASK_VAR": str(folder / "var"),
            "DATABASE_URL": url,
        }

    def run(self, code: str) -> subprocess.Popen[str]:
        code = "import django; django.setup()\n" + code
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=120)

    def keys(self, *keys: str) -> None:
        self.environ["UTASK_ENCRYPTION_KEYS"] = ",".join(keys)


@pytest.fixture
def machine(tmp_path: Path, migrated_database_url: str) -> Machine:
    return Machine(tmp_path, migrated_database_url)


#: Batches that it may go on with while the kill is under way.
SPARE = 2


def rotate_until(machine: Machine, lines: int) -> list[str]:
    """What it tells of, killed as soon as that are so many batches: wherever it is then; to its end for 0."""
    rotation = machine.run(ROTATE)
    assert rotation.stdin is not None
    assert rotation.stdout is not None
    rotation.stdin.write(f"{lines + SPARE if lines else 0}\n")
    rotation.stdin.flush()
    told = []
    for line in rotation.stdout:
        told.append(line.strip())
        if len(told) == lines:
            rotation.send_signal(signal.SIGKILL)
            break
    rotation.stdin.close()
    rotation.stdout.close()
    rotation.wait(60)
    return told


def test_rotation_killed_at_random_points_goes_on_where_it_was_and_a_reader_sees_all_rows(machine: Machine) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    machine.keys(old)
    assert machine.run(PREPARE).wait(120) == 0
    machine.keys(new, old)
    reader = machine.run(READ)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "begun\n"
    dice = random.Random(20240601)
    first_rows = []
    for _ in range(4):
        first_rows.append(int(rotate_until(machine, dice.randint(1, 8))[0]))
    told = rotate_until(machine, 0)
    assert told[-1] == "complete"
    # Each went on behind what the one before had finished.
    assert first_rows == sorted(set(first_rows))
    assert int(told[0]) > first_rows[-1]
    for _ in range(2):
        assert reader.stdout.readline() != ""
    assert reader.poll() is None
    reader.kill()
    reader.wait(60)
    checked = machine.manage("rotate_keys", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "may be removed" in checked.stdout
    machine.keys(new)
    alone = machine.run(READ)
    assert alone.stdout is not None
    assert [alone.stdout.readline() for _ in range(2)] == ["begun\n", "1\n"]
    alone.kill()
    alone.wait(60)


def test_a_start_without_the_key_of_stored_values_says_which_is_missing(machine: Machine, tmp_path: Path) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    machine.keys(old)
    assert machine.run(PREPARE + "\nfrom tasks.services.key_usage import note_newest\nnote_newest()").wait(120) == 0
    machine.keys(new)
    refused = machine.manage("qcluster")
    assert refused.returncode != 0
    assert f"{ROWS} stored values need encryption key" in refused.stderr
    checked = machine.manage("check", "--database", "default")
    assert "utask.E004" in checked.stderr
    report = machine.manage("encryption", "report")
    assert "not configured" in report.stdout
    assert json.dumps(new) not in report.stdout
