"""Spans of time as people write them, in Go's notation. Source: docs/templates.md, "Durations"."""

from datetime import timedelta

from tasks.engine.gotemplate.times import parse_duration


def read_span(text: str) -> timedelta:
    """The span of ``300ms``, ``-1.5h``, ``2h45m``; whole microseconds of it. Raises ValueError for anything else."""
    nanoseconds = int(parse_duration(text))
    whole = abs(nanoseconds) // 1000
    return timedelta(microseconds=whole if nanoseconds >= 0 else -whole)
