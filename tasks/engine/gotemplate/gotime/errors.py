"""Why a text is no time, no duration, or no zone."""

from tasks.engine.gotemplate.golang import GoError


class TimeError(GoError, ValueError):
    """A text is no time by its layout, or no zone; the message says what was expected where."""


class DurationError(TimeError):
    """A text is no duration, or one beyond 64 bits of nanoseconds."""
