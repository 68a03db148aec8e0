"""What a command left behind: its exit code judged, its output read. The rules that ``script`` and ``ssh`` share.

Source: docs/actions.md, "Reading the output of a command".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import re2

from actions._contract import ClientError, ConfigProblem, Result, ServerError

_CODE = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_QUIET = re2.Options()
_QUIET.log_errors = False


def wrong_exit_code(text: str) -> str | None:
    """What is wrong with an entry of a list of exit codes: ``N`` or ``A-B``."""
    found = _CODE.fullmatch(text)
    if found is None:
        return f'"{text}" is neither an exit code nor a range of them such as "1-3".'
    if found[2] is not None and not 0 < int(found[1]) < int(found[2]):
        return f'"{text}" is no range: the first code must not be 0, the second larger than the first.'
    return None


def is_listed(code: int, listed: Sequence[str]) -> bool:
    """Is a failure's exit code in the list? A single entry is compared as text: ``007`` is not 7."""
    for entry in listed:
        first, dash, last = entry.partition("-")
        if code != 0 and (int(first) <= code <= int(last) if dash else entry == str(code)):
            return True
    return False


def wrong_pattern(text: str) -> str | None:
    """What is wrong with a regular expression, or None."""
    try:
        re2.compile(text, _QUIET)
    except re2.error:
        return f"{text!r} is no regular expression (RE2)."
    return None


def check_delimiters(mode: str, delimiters: Sequence[str]) -> Iterator[ConfigProblem]:
    """The two delimiters and the output mode go together."""
    path = ("output_manual_delimiters",)
    if mode == "manual-delimiters" and len(delimiters) != 2:
        yield ConfigProblem(path, f"needs two regular expressions, has {len(delimiters)}.")
    elif mode != "manual-delimiters" and delimiters:
        yield ConfigProblem(path, "is only for output_mode manual-delimiters.", "Set output_mode, or leave it out.")


def picked(captured: str, mode: str, delimiters: Sequence[str]) -> str:
    """The part of a captured output that holds its result; empty for nothing."""
    if mode == "disabled":
        return ""
    if mode == "manual-delimiters":
        # Greedy on both sides: from the last opening one that is closed later to the last closing one.
        pattern = rf"(?s)^.*(?:{delimiters[0]})(?P<picked>.*)(?:{delimiters[1]})"
        found = re2.compile(pattern, _QUIET).search(captured)
        return str(found.group("picked")) if found else ""
    return captured.removesuffix("\n").rpartition("\n")[2].strip()


def command_result(
    captured: str,
    exit_code: int,
    metadata: dict[str, Any],
    *,
    mode: str,
    delimiters: Sequence[str],
    unrecoverable: Sequence[str],
    failure: str,
    loads: Callable[[str], Any],
) -> Result:
    """The result of a command that ended.

    Raises ClientError for an exit code that is listed as unrecoverable, ServerError for another failure and for an
    output that is no JSON object although the command succeeded. ``failure`` is what the error says.
    """
    output: Any = {}
    readable = True
    if text := picked(captured, mode, delimiters):
        try:
            output = loads(text)
        except ValueError:
            readable = False
    if not readable or not isinstance(output, dict):
        if exit_code == 0:
            raise ServerError("the output holds no JSON object where one was looked for.", metadata=metadata)
        output = {}
    if exit_code == 0:
        return Result(output, metadata)
    kind = ClientError if is_listed(exit_code, unrecoverable) else ServerError
    raise kind(failure, output=output, metadata=metadata)
