"""Runs an executable of the scripts folder. Source: docs/actions.md, "script"."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from actions import Action, ConfigProblem, Context, Result, ServerError, Stopped, Surroundings, field
from actions._durations import format_nanoseconds
from actions._outputs import check_delimiters, command_result, wrong_exit_code, wrong_pattern
from actions._processes import Ended, run_program

#: Of the service's own environment a script sees these; the others may hold the service's secrets.
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR")


class Script(Action):
    """Runs an executable file of the scripts folder, on the machine of the worker."""

    name, version = "script", "0.2"
    metadata_schema = {
        "type": "object",
        "properties": {
            "exit_code": {"type": "string", "description": "Exit code; `-1`: ended by a signal."},
            "process_state": {"type": "string", "description": "Such as `exit status 0` or `signal: killed`."},
            "output": {"type": "string", "description": "All that was written to standard output and error."},
            "execution_time": {"type": "string", "description": "A duration, such as `846.889µs`."},
            "error": {"type": "string", "description": "Empty after a success."},
        },
        "additionalProperties": True,
    }
    former_keys = {
        "file": "Write file_path.",
        "last_line_not_json": "Write output_mode: disabled.",
        "allow_exit_non_zero": "Catch the exit code in the script itself.",
        "timeout_seconds": 'Write timeout: "25s".',
    }

    class Config:
        file_path: str = field(min_length=1, literal=True, help="Path of the executable, under the scripts folder.")
        argv: list[str] = field(default=[], help="Arguments.")
        environment: dict[str, Any] = field(default={}, help="Variables that the script sees.")
        stdin: str = field(default="", help="Standard input.")
        timeout: timedelta = field(
            default="2m", literal=True, ge=timedelta(0), help="Limit; `0s`: only the step's own."
        )
        output_mode: str = field(
            default="manual-lastline",
            choices=("manual-lastline", "manual-delimiters", "disabled"),
            literal=True,
            help="Where the result stands in the output.",
        )
        output_manual_delimiters: list[str] = field(
            default=[], check=wrong_pattern, literal=True, help="Two regular expressions around the result."
        )
        exit_codes_unrecoverable: list[str] = field(
            default=[],
            check=wrong_exit_code,
            literal=True,
            help="Exit codes, `3` or `1-3`, that block instead of retry.",
        )

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        yield from check_delimiters(cfg.output_mode, cfg.output_manual_delimiters)
        for key in cfg.environment:
            if not key or "=" in key or "\0" in key:
                yield ConfigProblem(("environment", key), "is no name for a variable.")
        try:
            found = find_script(cfg.file_path, surroundings.scripts_folders)
        except PermissionError as error:
            yield ConfigProblem(("file_path",), str(error))
        except FileNotFoundError as error:
            # At run this is a script that cannot be started, which is another matter.
            yield ConfigProblem(("file_path",), str(error), error=None)
        else:
            if not os.access(found[1], os.X_OK):
                yield ConfigProblem(
                    ("file_path",), f"{cfg.file_path} is not executable.", f"Run chmod +x {cfg.file_path}.", error=None
                )

    def resources(self, cfg: Config) -> list[str]:
        return ["fork", f"script:{cfg.file_path}"]

    def run(self, cfg: Config, ctx: Context) -> Result:
        try:
            folder, file = find_script(cfg.file_path, ctx.surroundings.scripts_folders)
            ended = run_program(
                [str(file), *cfg.argv],
                folder=folder,
                environment=environment_of(cfg, ctx),
                stdin=cfg.stdin.encode(),
                seconds=ctx.seconds_left(cfg.timeout or None),
                max_output_bytes=ctx.surroundings.max_response_bytes,
                cancelled=ctx.cancelled,
            )
        except (OSError, ValueError) as error:
            ended, metadata = Ended(1, b"", 0), not_started(error)
        else:
            metadata = metadata_of(ended)
        # One that had ended by itself when the request came has a result to give.
        if ctx.cancelled.is_set() and ended.code == -signal.SIGKILL:
            raise Stopped("stopped", output={}, metadata=metadata)
        if ended.too_long:
            limit = ctx.surroundings.max_response_bytes
            raise ServerError(f"the script wrote more than {limit} bytes and was killed.", output={}, metadata=metadata)
        return command_result(
            metadata["output"],
            ended.code,
            metadata,
            mode=cfg.output_mode,
            delimiters=cfg.output_manual_delimiters,
            unrecoverable=cfg.exit_codes_unrecoverable,
            failure="the script was killed: it took too long." if ended.timed_out else metadata["error"],
            loads=ctx.loads,
        )


def find_script(file_path: str, folders: tuple[Path, ...]) -> tuple[Path, Path]:
    """The scripts folder and the file in it, links followed.

    Raises FileNotFoundError; PermissionError for a path that leads out of the folder, by ``..`` or by a link.
    """
    if "\0" in file_path:
        raise FileNotFoundError("no file's name holds a zero byte.")
    for folder in (folder.resolve() for folder in folders):
        file = (folder / file_path.lstrip("/")).resolve()
        if not file.is_relative_to(folder):
            raise PermissionError(f"{file_path} leads out of the scripts folder.")
        if file.is_file():
            return folder, file
    raise FileNotFoundError(f"{file_path} is not in the scripts folder.")


def environment_of(cfg: Script.Config, ctx: Context) -> dict[str, str]:
    """What the script sees: little of the service's environment, who it works for, and what the step says."""
    passed = (*PASSED, *ctx.surroundings.script_variables)
    own = {name: value for name, value in os.environ.items() if name in passed or name.startswith("LC_")}
    about = {
        "UTASK_TASK_ID": ctx.task_id,
        "UTASK_RESOLUTION_ID": ctx.resolution_id,
        "UTASK_STEP_NAME": ctx.step,
    }
    return own | about | {name: _as_text(value, ctx) for name, value in cfg.environment.items()}


def _as_text(value: Any, ctx: Context) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return ctx.dumps(value)
        case _:
            return str(value)


def metadata_of(ended: Ended) -> dict[str, str]:
    """The metadata of a script that ran."""
    if ended.code < 0:
        state = f"signal: {(signal.strsignal(-ended.code) or str(-ended.code)).lower()}"
    else:
        state = f"exit status {ended.code}"
    return {
        "exit_code": str(max(ended.code, -1)),
        "process_state": state,
        "output": ended.output.decode(errors="replace"),
        "execution_time": format_nanoseconds(ended.nanoseconds),
        "error": "" if ended.code == 0 else state,
    }


def not_started(error: Exception) -> dict[str, str]:
    """The metadata of a script that could not be started: as if it had ended with exit code 1."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else "an argument holds a zero byte"
    return {
        "exit_code": "1",
        "process_state": "<nil>",
        "output": "",
        "execution_time": "0s",
        "error": f"the script could not be started: {reason}",
    }
