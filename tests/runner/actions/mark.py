"""Leaves a line in a file for each time that it runs; then waits, fails or dies as it is told."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from actions import Action, ClientError, Context, NotReady, Result, ServerError, Stopped, field


class Deadly(Action):
    """Has no effect outside, they say; kills its runner unless there is a file that spares it."""

    name = "deadly"
    pure = True

    class Config:
        spared: str = field(help="The file.")

    def run(self, cfg: Config, ctx: Context) -> Result:
        if not Path(cfg.spared).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return Result("alive")


class Mark(Action):
    """An effect outside the database that a test can count."""

    name = "mark"

    class Config:
        log: str = field(help="File to which a line is added: step, try, process.")
        until: str = field(default="", help="File that is waited for.")
        takes: timedelta = field(default=timedelta(0), help="How long it takes at least.")
        fail: str = field(default="", help="client, server, not ready, error, or die.")
        stubborn: bool = field(default=False, help="Do not listen when told to stop.")
        size: int = field(default=0, help="Length of the output.")

    def run(self, cfg: Config, ctx: Context) -> Result:
        with open(cfg.log, "a") as log:
            log.write(f"{ctx.task_id} {ctx.step} {ctx.try_number} {os.getpid()}\n")
        until = time.monotonic() + cfg.takes.total_seconds()
        while time.monotonic() < until or (cfg.until and not Path(cfg.until).exists()):
            if not cfg.stubborn and ctx.cancelled.wait(0.005):
                raise Stopped("told to stop")
            time.sleep(0.005)
        if cfg.fail == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        kinds = {"client": ClientError, "server": ServerError, "not ready": NotReady, "error": KeyError}
        if cfg.fail:
            raise kinds[cfg.fail](f"told to fail: {cfg.fail}")
        return Result({"step": ctx.step, "text": "x" * cfg.size})
