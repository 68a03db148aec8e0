"""Why a regular expression is refused."""

from typing import Final

_SHOWN: Final = 60


class RegexpError(ValueError):
    """A pattern that Go's regular expressions (RE2) refuse; the message says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        shown = pattern if len(pattern) <= _SHOWN else pattern[:_SHOWN] + "…"
        super().__init__(f'illegal regular expression "{shown}": {reason}')
        self.pattern = pattern
        self.reason = reason
