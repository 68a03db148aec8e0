"""The runner on the database in use: latency, chains, throughput, fan-out, take-over, memory.

Everything happens in a database of its own beside the configured one, which is deleted afterwards. Throughput is
measured in turns with two reference loops (``_references``), since a machine is not equally fast at all times.
Source: docs/performance.md.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction

from tasks.benches._answering import answering
from tasks.benches._references import Target, commit_per_step, group_commit, targets_of
from tasks.benches._workers import processor_seconds, resident_bytes, server_pids, workers
from tasks.doorbell import NEWS, Bell
from tasks.models import Resolution, Step, Task, Template, TemplateVersion
from tasks.services import templates
from tasks.services.creation import NewTask, create_tasks
from tasks.services.identity import actor_named
from tasks.services.tasks import create_task
from tasks.services.templates import load_templates
from tasks.states import TaskState

_SOMEBODY = actor_named("bench")
_FILLING = "x" * 600
_REPEATS = 3


def _size(name: str, default: int) -> int:
    """A size that an environment variable may change: ``UTASK_BENCH_TASKS=200``."""
    return int(os.environ.get(f"UTASK_BENCH_{name}", default))


def run() -> str:
    """The report."""
    lines: list[str] = []
    with _database(), _templates():
        lines.append(f"database: {connection.vendor} {_version()}; medians of {_REPEATS} with least and most")
        for measure in (_latency, _chains, _throughput, _calls, _fan_out, _crowded, _take_over, _idle):
            lines += measure()
    return "\n".join(lines)


@contextmanager
def _database() -> Iterator[None]:
    before = str(connection.settings_dict["NAME"])
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def _version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        return str(cursor.fetchone()[0])


# --- What is run -----------------------------------------------------------------------------------------------------

_ECHO = f"{{type: echo, configuration: {{output: {{name: '{{{{.input.name}}}}', text: {_FILLING}}}}}}}"
_SCRIPT = "{type: script, configuration: {file_path: bench.sh}}"
_HTTP = "{type: http, configuration: {url: 'http://127.0.0.1:{{.input.port}}/', method: GET}}"


def _document(name: str, steps: str) -> str:
    return (
        f"name: {name}\ndescription: made for a bench\ntitle_format: {name}\n"
        "auto_runnable: true\nallow_all_resolver_usernames: true\n"
        "inputs: [{name: name, description: any, default: any}, {name: port, description: any, default: '0'}]\n"
        f"steps:\n{steps}"
    )


def _chain(action: str, count: int) -> str:
    return "".join(
        f"  s{number}: {{description: one, idempotent: true, "
        f"dependencies: [{f's{number - 1}' if number else ''}], action: {action}}}\n"
        for number in range(count)
    )


_DOCUMENTS: Mapping[str, str] = {
    "bench-one": _chain(_ECHO, 1),
    "bench-ten": _chain(_ECHO, 10),
    "bench-scripts": _chain(_SCRIPT, 10),
    "bench-http": _chain(_HTTP, 5),
    "bench-1000": f"  all: {{description: many, foreach: '{{{{ until 1000 | toJson }}}}', action: {_ECHO}}}\n",
    "bench-10000": f"  all: {{description: many, foreach: '{{{{ until 10000 | toJson }}}}', action: {_ECHO}}}\n",
}


@contextmanager
def _templates() -> Iterator[None]:
    from django.conf import settings

    from tasks.services.catalog import registry

    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bench.sh"
        script.write_text("#!/bin/sh\necho '{\"ok\": true}'\n")
        script.chmod(0o755)
        settings.UTASK_SCRIPTS_PATH = [Path(folder)]
        registry.cache_clear()
        templates._version.cache_clear()
        for name, steps in _DOCUMENTS.items():
            (Path(folder) / f"{name}.yaml").write_text(_document(name, steps))
        report = load_templates([Path(folder)], [])
        if report.has_errors:
            raise RuntimeError("\n".join(map(str, report.problems)))
        yield
        registry.cache_clear()


def _many(name: str, count: int, **inputs: str) -> list[int]:
    with transaction.atomic():
        return create_tasks(_SOMEBODY, Template.objects.get(name=name), [inputs] * count, NewTask())


def _until_done(bell: Bell, task: Task) -> None:
    while Task.objects.values_list("state", flat=True).get(pk=task.pk) != TaskState.DONE:
        bell.wait(1.0)


def _until_all_done(count: int) -> None:
    done = Task.objects.filter(state=TaskState.DONE)
    while done.count() < count:
        time.sleep(0.01)


def _times(name: str, count: int, **inputs: str) -> list[float]:
    """Seconds from asking for a task to seeing it DONE, one after the other on an idle system."""
    taken = []
    with Bell(NEWS) as bell:
        for _ in range(count):
            time.sleep(0.02)
            begun = time.perf_counter()
            _until_done(bell, create_task(_SOMEBODY, name, inputs))
            taken.append(time.perf_counter() - begun)
    return sorted(taken)


def _percentile(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))]


def _spread(values: Sequence[float], form: str = ".0f") -> str:
    return f"{median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


# --- What is measured ------------------------------------------------------------------------------------------------


def _latency() -> list[str]:
    with workers(1):
        _times("bench-one", 10)
        taken = _times("bench-one", _size("LATENCIES", 100))
    return [f"W1  one echo step: p50 {median(taken) * 1e3:.1f} ms, p99 {_percentile(taken, 0.99) * 1e3:.1f} ms"]


def _chains() -> list[str]:
    with workers(1):
        echo, script = _times("bench-ten", 30), _times("bench-scripts", 10)
    return [
        f"W2  chain of 10 echo steps: p50 {median(echo) * 1e3:.1f} ms",
        f"W2  chain of 10 script steps, each RUNNING durable: p50 {median(script) * 1e3:.1f} ms",
    ]


def _throughput() -> list[str]:
    count, names = _size("TASKS", 2000), [f"s{number}" for number in range(10)]
    output = {"name": "any", "text": _FILLING}
    results: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    memory = 0
    for _ in range(_REPEATS):
        for number in (1, 2):
            rate, cost, used = _work_off(number, count)
            results.setdefault(f"W3  runner, {number} worker{'s' * (number > 1)}", []).append(rate)
            costs.setdefault(f"W3  runner, {number} worker{'s' * (number > 1)}", []).append(cost)
            memory = max(memory, used)
        targets = list(targets_of(_many("bench-ten", count)))
        rates = _referred(targets, names, output)
        for name, rate in rates.items():
            results.setdefault(name, []).append(rate)
        _clear()
    lines = []
    for name, values in results.items():
        cost_text = f", {_spread(costs[name])} µs of processor a step" if name in costs else ""
        lines.append(f"{name}: {_spread(values)} steps/s{cost_text}")
    return [*lines, f"W3  memory of a worker afterwards: {memory / 1e6:.0f} MB"]


def _work_off(number: int, count: int) -> tuple[float, float, int]:
    """Steps a second, µs of processor a step (ours and the server's), bytes of the largest worker."""
    with workers(number) as processes:
        pids = [process.pid or 0 for process in processes]
        server = server_pids()
        # All are made before the first is claimed: the transaction's end is the start.
        _many("bench-ten", count)
        begun = time.perf_counter()
        before = processor_seconds([*pids, *server])
        _until_all_done(count)
        seconds = time.perf_counter() - begun
        used = processor_seconds([*pids, *server]) - before
        memory = max(resident_bytes(pid) for pid in pids)
    _clear()
    return count * 10 / seconds, used / count / 10 * 1e6, memory


def _referred(targets: Sequence[Target], names: Sequence[str], output: Any) -> Mapping[str, float]:
    rates = {}
    loops: tuple[tuple[str, Callable[..., None], int], ...] = (
        ("W3  reference group_commit", group_commit, len(targets)),
        ("W3  reference commit_per_step", commit_per_step, min(len(targets), 100)),
    )
    for name, loop, most in loops:
        Step.objects.all().delete()
        begun = time.perf_counter()
        loop(targets[:most], names, output)
        rates[name] = most * len(names) / (time.perf_counter() - begun)
    return rates


def _calls() -> list[str]:
    count, steps, at_once, pause = _size("CALLS", 200), 5, 100, 0.05
    with answering(pause) as port, workers(1):
        # The first connections, and what a process loads for them, are not what is measured.
        _many("bench-http", 20, port=str(port))
        _until_all_done(20)
        begun = time.perf_counter()
        _many("bench-http", count, port=str(port))
        _until_all_done(20 + count)
        seconds = time.perf_counter() - begun
    _clear()
    ideal = count * steps * pause / at_once
    return [f"W3x {count} tasks of {steps} http steps of 50 ms: {seconds:.2f} s, {seconds / ideal:.1f} times the ideal"]


def _fan_out() -> list[str]:
    lines = []
    with workers(1):
        for name, count in (("bench-1000", _REPEATS), ("bench-10000", 1)):
            taken = _times(name, count)
            lines.append(f"W4  foreach of {name.removeprefix('bench-')} echo children: {_spread(taken, '.2f')} s")
    _clear()
    return lines


def _crowded() -> list[str]:
    """W1 again among many tasks that wait and many more that are finished."""
    waiting, finished = _size("WAITING", 10_000), _size("FINISHED", 100_000)
    _crowd(waiting, TaskState.WAITING)
    _crowd(finished, TaskState.DONE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with workers(1):
        _times("bench-one", 10)
        taken = _times("bench-one", _size("LATENCIES", 100))
    _clear()
    return [
        f"W5  W1 among {waiting:,} waiting and {finished:,} finished: "
        f"p50 {median(taken) * 1e3:.1f} ms, p99 {_percentile(taken, 0.99) * 1e3:.1f} ms"
    ]


def _crowd(count: int, state: TaskState) -> None:
    template = Template.objects.get(name="bench-one")
    version = TemplateVersion.objects.get(template=template)
    for first in range(0, count, 5000):
        tasks = Task.objects.bulk_create(
            Task(
                template=template,
                version=version,
                title="crowd",
                state=state,
                requester_username="crowd",
                input="{}",
                steps_total=1,
            )
            for _ in range(first, min(count, first + 5000))
        )
        Resolution.objects.bulk_create(
            Resolution(
                task=task,
                resolver_username="crowd",
                state=state,
                template_name="bench-one",
                resolver_input="{}",
                waiting_for="nothing" if state == TaskState.WAITING else "",
            )
            for task in tasks
        )


def _take_over() -> list[str]:
    """From a kill -9 of a worker that holds a task to the task's end by another."""
    taken = []
    for _ in range(_size("KILLS", 8)):
        with answering(0.3) as port, workers(2) as processes:
            by_pid = {process.pid: process for process in processes}
            [task] = _many("bench-http", 1, port=str(port))
            held = Resolution.objects.filter(task_id=task, runner__isnull=False)
            while (pid := held.values_list("runner__pid", flat=True).first()) is None:
                time.sleep(0.005)
            time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            begun = time.perf_counter()
            resumed = Resolution.objects.filter(task_id=task, runner__isnull=False).exclude(runner__pid=pid)
            while not resumed.exists():
                time.sleep(0.005)
            taken.append(time.perf_counter() - begun)
            by_pid[pid].join(1)
    _clear()
    ordered = sorted(taken)
    return [f"W6  take-over after kill -9: p50 {median(ordered):.2f} s, worst of {len(ordered)} {ordered[-1]:.2f} s"]


def _idle() -> list[str]:
    seconds = 10
    with workers(1) as processes:
        pids = [process.pid or 0 for process in processes]
        before = processor_seconds(pids)
        time.sleep(seconds)
        used = processor_seconds(pids) - before
    return [f"W7  an idle worker: {used / seconds * 100:.2f} % of a core"]


def _clear() -> None:
    """Everything but the templates."""
    from tasks.models import Batch, JournalEntry, OutboxMessage, ResourceSlot, Runner

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE tasks_task, tasks_resolution, tasks_runner CASCADE")
            cursor.execute("CHECKPOINT")
        return
    for model in (JournalEntry, Step, OutboxMessage, ResourceSlot, Resolution, Task, Batch, Runner):
        model._default_manager.all()._raw_delete(using="default")
