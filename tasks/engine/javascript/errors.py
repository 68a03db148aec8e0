"""Why an expression has no value."""

from enum import StrEnum


class Reason(StrEnum):
    SYNTAX = "syntax"
    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    #: Not the expression's fault: no interpreter could be started.
    UNAVAILABLE = "unavailable"


class JavaScriptError(Exception):
    """An expression that came to no value; ``reason`` is for code, the message for the author."""

    def __init__(self, reason: Reason, what: str) -> None:
        super().__init__(f"JavaScript expression: {what}")
        self.reason = reason
