"""A database, the clusters around it, and what their actions left behind."""

import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tasks.models import Resolution, Task
from tasks.services.identity import actor_named
from tasks.services.invariants import violations
from tasks.services.tasks import create_task
from tests.cluster.processes import Command

ACTIONS = Path(__file__).parents[1] / "runner" / "actions"
SOMEBODY = actor_named("somebody")
_OVER = ("DONE", "BLOCKED", "CANCELLED", "WONTFIX")


class Cluster(Command):
    """One qcluster with its runners."""

    def runners(self) -> list[psutil.Process]:
        return self.named("utask-runner")


@dataclass
class World:
    """What a storm happens to."""

    folder: Path
    url: str
    clusters: list[Cluster] = field(default_factory=list)

    def cluster(self, *, workers: int = 2, **environ: str) -> Cluster:
        """Start a cluster; all of a world share one folder, as they do on one machine."""
        made = self._command("qcluster", UTASK_WORKERS=str(workers), **environ)
        made.output = self.folder / f"output-{len(self.clusters)}"
        self.clusters.append(made)
        made.start()
        return made

    def be_reckless(self) -> dict[str, str]:
        """Environment of a cluster whose runners never claim first, whoever has died."""
        init = self.folder / "init"
        init.mkdir(exist_ok=True)
        (init / "reckless.py").write_text(_RECKLESS)
        return {"UTASK_INIT_PATH": str(init)}

    def manage(self, *arguments: str) -> str:
        return self._command("qcluster").manage(*arguments)

    def _command(self, *arguments: str, **environ: str) -> Cluster:
        given = {
            "UTASK_ACTIONS_PATH": str(ACTIONS),
            "UTASK_TEMPLATES_PATH": str(self.folder / "templates"),
            "UTASK_SCRIPTS_PATH": str(self.folder / "scripts"),
            **environ,
        }
        return Cluster(*arguments, folder=self.folder, database=self.url, settings="utask_project.settings", **given)

    @property
    def environ(self) -> dict[str, str]:
        """What every process of this world is given."""
        return self._command().environ

    def load(self, *documents: str) -> None:
        """Store these templates."""
        templates = self.folder / "templates"
        templates.mkdir(exist_ok=True)
        for number, text in enumerate(documents):
            (templates / f"{number}.yaml").write_text(textwrap.dedent(text))
        # The example templates that ship come along; what matters is that ours are accepted.
        self.manage("load_templates")

    def ask(self, template: str, count: int = 1, **inputs: Any) -> list[Task]:
        return [create_task(SOMEBODY, template, {**inputs, "log": str(self.marks_file)}) for _ in range(count)]

    @property
    def marks_file(self) -> Path:
        return self.folder / "marks"

    def marks(self) -> list[list[str]]:
        """Each time that an action ran: task, step, try, process."""
        return [line.split() for line in self.marks_file.read_text().splitlines()] if self.marks_file.exists() else []

    def executions(self) -> Counter[tuple[str, str]]:
        """How often each step of each task was executed."""
        return Counter((task, step) for task, step, _, _ in self.marks())

    def until(self, what: Callable[[], Any], describe: str, seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, f"waited in vain: {describe}; {self.summary()}"
            time.sleep(0.05)

    def until_over(self, seconds: float = 120.0) -> None:
        """Every task has ended, or waits for a human."""
        self.until(lambda: not Task.objects.exclude(state__in=_OVER).exists(), "the end of all tasks", seconds)

    def summary(self) -> dict[str, int]:
        """How many resolutions are in which state."""
        return dict(Counter(Resolution.objects.values_list("state", flat=True)))

    def say(self, counts: str) -> None:
        """Counts for whoever reads the run's output (``pytest -s``)."""
        sys.stdout.write(f"{counts}\n")

    def doctor(self) -> list[str]:
        """What is stuck; runners that died last may not have been noticed yet."""
        return [str(violation) for violation in violations() if violation.rule != "dead runner"]

    def end(self) -> None:
        for cluster in self.clusters:
            cluster.end()


_RECKLESS = """
from tasks.runner import ahead


def init(service):
    ahead.CAUTIOUS_SECONDS = 0.0
"""


def document(name: str, steps: str, about: str = "") -> str:
    """A template that starts by itself for everybody, and knows where actions leave their marks."""
    head = f"name: {name}\ndescription: made for a storm\ntitle_format: {name}\n"
    head += "auto_runnable: true\nallow_all_resolver_usernames: true\n"
    head += "inputs: [{name: log, description: file}, {name: more, description: any, optional: true}]\n"
    return head + textwrap.dedent(about) + "steps:\n" + textwrap.indent(textwrap.dedent(steps), "  ")


def mark(*, idempotent: bool = False, takes: str = "0s", after: Iterable[str] = (), more: str = "") -> str:
    """A step that leaves a mark."""
    return (
        f"{{description: one, idempotent: {str(idempotent).lower()}, dependencies: [{', '.join(after)}], {more} "
        f"action: {{type: mark, configuration: {{log: '{{{{.input.log}}}}', takes: {takes}}}}}}}"
    )
