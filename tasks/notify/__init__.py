"""Channels: how one message reaches one backend. A channel is one small file with one function; copy one for another.

Knows nothing of tasks, rows or configuration: a message and a backend's settings in, nothing out, ``DeliveryFailed``
when it did not arrive. Source: docs/operating.md, "Notifications".
"""

from collections.abc import Callable, Mapping
from typing import Any

from tasks.notify import opsgenie, slack, webhook
from tasks.notify.message import DeliveryFailed, Message

__all__ = ["Channel", "DeliveryFailed", "Message", "add_channel", "deliver"]

#: Sends the message as the settings say, or raises DeliveryFailed.
Channel = Callable[[Message, Mapping[str, Any]], None]

_channels: dict[str, Channel] = {"webhook": webhook.send, "slack": slack.send, "opsgenie": opsgenie.send}


def add_channel(type: str, channel: Channel) -> None:
    """Make another type of backend known; an init plugin does."""
    _channels[type] = channel


def deliver(type: str, message: Message, settings: Mapping[str, Any]) -> None:
    """Send one message by a backend of this type. Raises DeliveryFailed, whose text holds no secret."""
    channel = _channels.get(type)
    if channel is None:
        raise DeliveryFailed(f"no channel of type {type}")
    channel(message, settings)
