"""Alerts of Opsgenie: opened by any message, closed when its task is over.

``config``: ``api_key``, ``zone`` (global, eu, sandbox), ``timeout`` in seconds; ``api_url`` (ours) instead of a zone.
The alert's alias is the task's id, so messages of one task count up on one alert.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tasks.notify.message import Message
from tasks.notify.posting import post, require_status_below_400

_ADDRESSES = {
    "global": "https://api.opsgenie.com",
    "eu": "https://api.eu.opsgenie.com",
    "sandbox": "https://api.sandbox.opsgenie.com",
}
_OVER = frozenset({"DONE", "CANCELLED", "WONTFIX"})
#: Limits of Opsgenie, in letters.
_MESSAGE, _DESCRIPTION, _NOTE = 130, 15_000, 25_000


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Every status below 400 counts as arrived: requests are processed later, on the other side."""
    address = str(settings.get("api_url") or _ADDRESSES[settings.get("zone") or "global"])
    alias = message.fields.get("task_id", message.delivery)
    if message.kind == "task_state_update" and message.fields.get("state") in _OVER:
        path, body = f"/v2/alerts/{quote(alias, safe='')}/close?identifierType=alias", {"source": message.backend}
    else:
        path, body = "/v2/alerts", _alert(message, alias)
    answer = post(
        address + path,
        json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"GenieKey {settings['api_key']}"},
        seconds=_seconds(settings.get("timeout")),
    )
    require_status_below_400(answer)


def _alert(message: Message, alias: str) -> dict[str, Any]:
    return {
        "message": message.text[:_MESSAGE],
        "description": message.text[:_DESCRIPTION],
        "alias": alias,
        "details": dict(message.fields),
        "note": json.dumps(dict(message.fields), sort_keys=True, ensure_ascii=False)[:_NOTE],
        "source": message.backend,
    }


def _seconds(timeout: object) -> float:
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    return float(timeout) if isinstance(timeout, int | float) else 30.0
