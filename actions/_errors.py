"""How an action fails. Source: docs/actions.md, "Errors"."""

from __future__ import annotations

from typing import Any


class ActionError(Exception):
    """An action's failure; its class decides the step's state, its message is the step's error, word for word.

    ``output`` and ``metadata`` are kept with the step, as after a success; None is "none".
    Source: docs/actions.md, "Errors".
    """

    def __init__(self, message: str = "", *, output: Any = None, metadata: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.output = output
        self.metadata = metadata


class ClientError(ActionError):
    """The request itself is wrong: CLIENT_ERROR. The task is blocked until a human looks; no automatic retry."""


class ServerError(ActionError):
    """The other side failed: SERVER_ERROR, tried again later. Any exception that is no ActionError counts as this."""


class NotReady(ActionError):
    """Nothing is wrong, somebody else has to act first: WAITING, until the step is woken."""


class ToRetry(ActionError):
    """Not possible just now: TO_RETRY, tried again later."""


class Stopped(ToRetry):
    """The action gave up because ``ctx.cancelled`` was set. Whoever set it knows why, and decides the step's state."""
