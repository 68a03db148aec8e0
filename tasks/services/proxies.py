"""Whom a proxy that is trusted names: a header with his name, another with his groups.

Both faces ask here, so that none believes what the other does not. Source: docs/operating.md, "Authentication".
"""

from typing import Any

from django.conf import settings

from tasks.services.addresses import is_trusted_proxy


def named_by_proxy(meta: dict[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Name and groups, of a WSGI environment; None from an address that is not trusted, or where none is named.

    The headers are those that ``UTASK_REMOTE_USER_HEADER`` and ``UTASK_REMOTE_GROUPS_HEADER`` name.
    """
    header = settings.UTASK_REMOTE_USER_HEADER
    if not header or not is_trusted_proxy(str(meta.get("REMOTE_ADDR", ""))):
        return None
    name = _text(meta, header).strip()
    if not name:
        return None
    groups = _text(meta, settings.UTASK_REMOTE_GROUPS_HEADER).split(",")
    return name, tuple(group.strip() for group in groups if group.strip())


def _text(meta: dict[str, Any], header: str) -> str:
    """The header's text; "" where it is not named or not sent."""
    given = meta.get("HTTP_" + header.upper().replace("-", "_"), "") if header else ""
    return str(given).encode("latin-1", "replace").decode("utf-8", "replace")
