"""What is sent, and what is raised when it did not arrive."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one backend. The same ``delivery`` may arrive twice; receivers tell it by that."""

    delivery: str
    kind: str
    backend: str
    text: str
    fields: Mapping[str, str]


class DeliveryFailed(Exception):
    """The message did not arrive; worth another try. The text names no address, key or password."""
