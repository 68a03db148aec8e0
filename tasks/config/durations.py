"""Spans of time as the configuration writes them, which is as Go does: ``720h``, ``1m30s``; no days."""

import re
from datetime import timedelta

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
#: The largest span that Go's durations hold, about 292 years; moments this far from now still exist.
_LONGEST_SECONDS = (2**63 - 1) / 1e9
_WHOLE = re.compile(rf"[+-]?(0|({_PART.pattern})+)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The span that ``text`` names, to the microsecond. Raises ValueError that says what is wrong with it."""
    if not _WHOLE.fullmatch(text):
        unknown = re.search(r"\d([a-zA-Z]+)", text)
        why = f'unknown unit "{unknown[1]}" in' if unknown and unknown[1] not in _SECONDS else "invalid"
        raise ValueError(f'{why} duration "{text[:40]}"; write it like 90s, 1m30s or 720h')
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text))
    return span_of(-seconds if text.startswith("-") else seconds)


def span_of(seconds: float) -> timedelta:
    """A number of seconds as a span. Raises ValueError for one that is too long."""
    if not abs(seconds) <= _LONGEST_SECONDS:
        raise ValueError("duration is too long: at most 292 years")
    return timedelta(seconds=seconds)
