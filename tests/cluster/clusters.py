"""What the tests of a cluster ask of it."""

import uuid

from tests.cluster.processes import Command, until

SETTINGS = "tests.cluster.settings"
RUNNERS = 2
SEND = "from django_q.tasks import async_task; async_task('tests.cluster.standins.{function}', *{arguments!r})"


def is_whole(command: Command) -> bool:
    """Whether every process is in its place and the runners run."""
    family = command.by_name()
    whole = {"sentinel": 1, "runner": RUNNERS, "worker": 1, "pusher": 1, "monitor": 1}
    if {name: len(family.get(f"utask-{name}", ())) for name in whole} != whole:
        return False
    return {process.pid for process in family["utask-runner"]} <= set(command.noted("running"))


def send(command: Command, function: str, *arguments: str) -> None:
    """Send a job as any process of the product would."""
    command.manage("shell", "--no-imports", "-c", SEND.format(function=function, arguments=arguments))


def a_job_is_done(command: Command) -> None:
    """Send a job and see it done."""
    name = f"job-{uuid.uuid4().hex[:8]}"
    send(command, "job", name)
    until(lambda: command.noted(name), "an ordinary job")
