"""env, expandenv and getHostByName: shut unless the operator's configuration opens them.

Source: docs/template-language.md, "Functions that reach outside".
"""

import os
import re
import secrets
import socket

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes
from tasks.engine.gotemplate.limits import Run

FUNCTIONS: dict[str, Function] = {}

#: ``${NAME}``, ``$NAME``, or one of the shell's special names; a ``${`` that is never closed.
_VARIABLE = re.compile(rb"\$(?:\{(?:([^}]*)\})?|([A-Za-z_][A-Za-z0-9_]*|[*#$@!?0-9-]))")


@declare(FUNCTIONS, "env", "string", with_run=True)
def _variable(run: Run, name: str) -> str:
    """The variable of the server's environment; nothing where it is not set."""
    _require(run.permissions.environment, "env reads the server's environment")
    return from_bytes(os.environb.get(to_bytes(name), b""))


@declare(FUNCTIONS, "expandenv", "string", with_run=True)
def _expanded(run: Run, text: str) -> str:
    """The text with ``$NAME`` and ``${NAME}`` replaced by variables of the server's environment."""
    _require(run.permissions.environment, "expandenv reads the server's environment")

    def value(match: re.Match[bytes]) -> bytes:
        return os.environb.get(match[1] or match[2] or b"", b"")

    return from_bytes(_VARIABLE.sub(value, to_bytes(text)))


@declare(FUNCTIONS, "getHostByName", "string", with_run=True)
def _address(run: Run, name: str) -> str:
    """One of the host's addresses."""
    _require(run.permissions.network, "getHostByName asks the network")
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise GoError(f"no address for the host {name}: {error}") from error
    return str(secrets.choice(found)[4][0])


def _require(allowed: bool, what: str) -> None:
    if not allowed:
        raise GoError(f"{what}, which the configuration of this server does not allow")
