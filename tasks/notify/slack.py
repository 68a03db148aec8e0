"""A message of blocks to a Slack webhook. ``config``: ``webhook_url``."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from tasks.notify.message import DeliveryFailed, Message
from tasks.notify.posting import post

_SECONDS = 10.0
#: Limits of Slack: letters of a section's text and of a field, fields of a section.
_TEXT, _FIELD, _FIELDS = 3000, 2000, 10


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Arrived when the answer is ``ok``, as Slack documents it."""
    body = json.dumps({"blocks": list(_blocks(message))}, ensure_ascii=False).encode()
    answer = post(str(settings["webhook_url"]), body, headers={"Content-Type": "application/json"}, seconds=_SECONDS)
    if answer.text != "ok":
        raise DeliveryFailed(f"status {answer.status_code}: Slack answered {answer.text[:100]!r}")


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    yield {"type": "section", "text": _markdown(_escaped(message.text)[:_TEXT])}
    fields = (_markdown(_field(name, value)) for name, value in message.fields.items() if value)
    while part := list(islice(fields, _FIELDS)):
        yield {"type": "section", "fields": part}
    yield {"type": "divider"}
    yield {"type": "context", "elements": [_markdown(f"🚀 Sent from {_escaped(message.backend)}")]}


def _field(name: str, value: str) -> str:
    title = " ".join(word.capitalize() for word in name.split("_"))
    return f"*{_escaped(title)}:*\n{_escaped(value)}"[:_FIELD]


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _escaped(text: str) -> str:
    """The three characters that Slack's markup gives a meaning."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
