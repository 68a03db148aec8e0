"""One line for each request to the API: who asked for what, from where, and how it ended.

Ids and names only, never a value from a task: what a request was refused for may quote one. The token of a callback is
masked in the query. Source: docs/api.md, "Audit".
"""

import logging
import socket
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

log = logging.getLogger(__name__)

_MASKED = frozenset({"t", "token"})
_LONGEST_REQUEST_ID = 128


@dataclass
class Audit:
    """What is told of one request; filled in as far as the request gets."""

    #: The name of the operation; "" until one was reached.
    action: str = ""
    user: str = ""
    #: Allowed only because he is an administrator.
    sudo: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """The request, as it came."""

    method: str
    path: str
    query: str
    host: str
    address: str
    user_agent: str
    request_id: str


def write(asked: Asked, audit: Audit, *, status: int, seconds: float) -> None:
    """Write the line: level info with "success", or level error with "error" where the status says so."""
    success = status < 400
    line: dict[str, object] = {
        "status": status,
        "method": asked.method,
        "path": asked.path,
        "query": without_tokens(asked.query),
        "user_agent": asked.user_agent,
        "duration": round(seconds, 6),
        "duration_ms": round(seconds * 1000),
        "request_host": asked.host,
        "remote_ip": asked.address,
        "runner_instance": socket.gethostname(),
        "request_id": asked.request_id,
        "log_type": "api",
        "success": success,
        **({"action": audit.action} if audit.action else {}),
        **({"user": audit.user} if audit.user else {}),
        **({"sudo": True} if audit.sudo else {}),
        **{f"action_metadata_{key}": value for key, value in audit.metadata.items()},
    }
    log.log(logging.INFO if success else logging.ERROR, "success" if success else "error", extra=line)


def without_tokens(query: str) -> str:
    """The query, decoded, with the values of tokens masked."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{name}={'***' if name.lower() in _MASKED else value}" for name, value in pairs)


def request_id_of(given: str, made: str) -> str:
    """The caller's id for his request where it is plain and short, else the one ``made`` here."""
    return given if given.isascii() and given.isprintable() and 0 < len(given) <= _LONGEST_REQUEST_ID else made
