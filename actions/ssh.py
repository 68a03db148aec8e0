"""Runs a shell script on a remote machine. Source: docs/actions.md, "ssh"."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from actions import Action, ConfigProblem, Context, Result, ServerError, Stopped, Surroundings, field
from actions._outputs import check_delimiters, command_result, wrong_exit_code, wrong_pattern
from actions._remote import Destination, HostKeys, Ran, Remote, read_key

#: Reads the script from standard input, so that it stands in no list of processes, and runs it with an empty one.
#: Both outputs go one way from the start: on two, the order of what was written would be lost.
READ_AND_RUN = 'exec 2>&1; eval "$(cat)"'
MOST_HOPS = 10


class Ssh(Action):
    """Runs a shell script on a remote machine, with a key."""

    name, version = "ssh", "0.2"
    metadata_schema = {
        "type": "object",
        "properties": {
            "output": {"type": "string", "description": "All that was written to standard output and error."},
            "exit_code": {"type": "string", "description": "Exit code; empty: it did not end by itself."},
            "exit_signal": {"type": "string", "description": "The signal that ended it, such as `KILL`; or empty."},
            "exit_msg": {"type": "string", "description": "Message that came with it; empty on success."},
        },
        "additionalProperties": True,
    }
    former_keys = {"allow_exit_non_zero": "Catch the exit code in the script itself."}

    class Config:
        user: str = field(min_length=1, help="User on the machine.")
        target: str = field(min_length=1, help="Host or host:port; port 22.")
        hops: list[str] = field(default=[], max_length=MOST_HOPS, help="Bastions to go through, the first first.")
        script: str = field(default="", help="Shell script.")
        ssh_key: str = field(min_length=1, secret=True, help="Private key, a text.")
        ssh_key_passphrase: str = field(default="", secret=True, help="Passphrase of the key.")
        known_hosts: str = field(
            default="", help="Lines as in known_hosts; none: the file `~/.ssh/known_hosts` of the service's user."
        )
        insecure_ignore_host_key: bool = field(
            default=False, kind="bool_text", at_load="warning", help="Take any host key: whoever answers is believed."
        )
        output_mode: str = field(
            default="auto-result",
            choices=("auto-result", "manual-lastline", "manual-delimiters", "disabled"),
            literal=True,
            help="Where the result stands in the output; `auto-result`: made of `result`.",
        )
        result: dict[str, str] = field(
            default={}, help="Output key to text that the remote shell expands, such as `$VAR`."
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
        timeout: timedelta = field(
            default="5m", literal=True, ge=timedelta(0), help="Limit; `0s`: only the step's own."
        )
        script_as_command: bool = field(
            default=False,
            kind="bool_text",
            at_load="warning",
            help="Send the script as the command itself, for machines without a shell; it shows in their process list.",
        )

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        yield from check_delimiters(cfg.output_mode, cfg.output_manual_delimiters)
        if cfg.result and cfg.output_mode != "auto-result":
            yield ConfigProblem(("result",), "is only for output_mode auto-result.")

    def resources(self, cfg: Config) -> list[str]:
        return ["socket", f"url:{cfg.target}", *(f"url:{hop}" for hop in cfg.hops)]

    def run(self, cfg: Config, ctx: Context) -> Result:
        first, *others = [*cfg.hops, cfg.target]
        remote = Remote(
            Destination.parse(first),
            cfg.user,
            read_key(cfg.ssh_key, cfg.ssh_key_passphrase),
            HostKeys(cfg.known_hosts, cfg.insecure_ignore_host_key),
            ctx.surroundings.denied_networks,
            ctx.cancelled,
        )
        script = with_result(cfg.script, cfg.result) if cfg.output_mode == "auto-result" else cfg.script
        if others:
            command, stdin = " -- ".join(others), script.encode()
        elif cfg.script_as_command:
            command, stdin = script, b""
        else:
            command, stdin = READ_AND_RUN, script.encode()
        with remote:
            seconds = ctx.seconds_left(cfg.timeout or None)
            ran = remote.run(command, stdin, seconds, ctx.surroundings.max_response_bytes)
        return self._result(cfg, ctx, ran)

    @staticmethod
    def _result(cfg: Config, ctx: Context, ran: Ran) -> Result:
        metadata = metadata_of(ran)
        if ctx.cancelled.is_set() and ran.exit_code is None:
            raise Stopped("stopped", output={}, metadata=metadata)
        if ran.too_long:
            limit = ctx.surroundings.max_response_bytes
            raise ServerError(f"the script wrote more than {limit} bytes and was killed.", output={}, metadata=metadata)
        if ran.timed_out:
            raise ServerError("the script was killed: it took too long.", output={}, metadata=metadata)
        if ran.exit_code is None and not ran.exit_signal:
            raise ServerError("the connection ended before the script did.", output={}, metadata=metadata)
        # With nothing to make a result of, there is nothing to read either.
        mode = "disabled" if cfg.output_mode == "auto-result" and not cfg.result else cfg.output_mode
        return command_result(
            metadata["output"],
            -1 if ran.exit_code is None else ran.exit_code,
            metadata,
            mode=mode,
            delimiters=cfg.output_manual_delimiters,
            unrecoverable=cfg.exit_codes_unrecoverable,
            failure=metadata["exit_msg"],
            loads=ctx.loads,
        )


def metadata_of(ran: Ran) -> dict[str, str]:
    """The metadata of a script that ran, or at least began to."""
    if ran.exit_signal:
        message = ran.message or f"ended by signal {ran.exit_signal}"
    elif ran.exit_code:
        message = f"exit status {ran.exit_code}"
    else:
        message = "timed out" if ran.timed_out else ""
    return {
        "output": ran.output.decode(errors="replace"),
        "exit_code": "" if ran.exit_code is None else str(ran.exit_code),
        "exit_signal": ran.exit_signal,
        "exit_msg": message,
    }


def with_result(script: str, result: Mapping[str, Any]) -> str:
    """The script, made to print one JSON object as its last line, however its shell exits.

    The remote shell expands each value inside double quotes, which therefore are removed from it. What comes out is
    escaped as JSON wants it. Source: docs/actions.md, "auto-result".
    """
    if not result:
        return script
    pairs = []
    for key, value in result.items():
        name = shlex.quote(_json_text(key.replace('"', "")))
        text = value.replace('"', "")
        pairs.append(f'printf \'%s:"%s"\' {name} "$(printf %s "{text}" | utask_json)"')
    return _PROLOGUE.replace("PAIRS", "; printf ,; ".join(pairs)) + script


def _json_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return f'"{escaped}"'


#: POSIX shell and sed. Control characters other than tab, newline and carriage return are dropped.
_PROLOGUE = r"""exec 2>&1
utask_json() {
  tr -d '\000-\010\013\014\016-\037' | sed -e ':a' -e '$!{' -e 'N' -e 'ba' -e '}' \
    -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/TAB/\\t/g' -e 's/CR/\\r/g' -e 's/\n/\\n/g'
}
utask_result() {
  utask_code=$?
  printf '\n{'; PAIRS; printf '}\n'
  exit $utask_code
}
trap utask_result EXIT
""".replace("CR", "\r").replace("TAB", "\t")
