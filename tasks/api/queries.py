"""Query parameters: an empty one counts as absent, one given twice where one is expected is refused.

Source: docs/api.md, "Parameters".
"""

import re
import uuid
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_LARGEST = (1 << 63) - 1
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def single(request: Request, name: str) -> str:
    """The parameter's text, "" where it is absent or empty."""
    given = request.query_params.getlist(name)
    if len(given) > 1:
        raise ParseError(f"query parameter {name!r} is given more than once")
    if given and "\x00" in given[0]:
        raise ParseError(f"query parameter {name!r} holds a character that no value can hold")
    return given[0] if given else ""


def unsigned(request: Request, name: str) -> int | None:
    """A whole number from 0; None where absent."""
    text = single(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _LARGEST:
        raise ParseError(f"query parameter {name!r} must be a whole number from 0")
    return int(text)


def flag(request: Request, name: str) -> bool:
    """A boolean as Go reads it; False where absent."""
    text = single(request, name)
    if text in _TRUE:
        return True
    if text and text not in _FALSE:
        raise ParseError(f"query parameter {name!r} must be true or false")
    return False


def moment(request: Request, name: str) -> datetime | None:
    """An RFC 3339 time, in UTC; None where absent."""
    text = single(request, name)
    if not text:
        return None
    try:
        parsed = parse_datetime(text.upper()) if _RFC3339.fullmatch(text) else None
    except (ValueError, OverflowError):
        parsed = None
    if parsed is None:
        raise ParseError(f"query parameter {name!r} must be a time like 2024-05-01T12:00:00Z")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        # Only in its own zone does it lie within the years 1 to 9999.
        return (datetime.min if parsed.year == 1 else datetime.max).replace(tzinfo=UTC)


def identifier(text: str, name: str) -> uuid.UUID:
    """A UUID in its usual form. Raises ParseError."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        found = None
    if found is None or len(text) != 36:
        raise ParseError(f"{name}: {text[:64]!r} is no identifier (a UUID is expected)")
    return found


def tags(request: Request) -> dict[str, str]:
    """All ``tag=key=value``; of a key given twice the last counts."""
    found = {}
    for text in request.query_params.getlist("tag"):
        if not text:
            continue
        key, separator, value = text.partition("=")
        if not (key and separator and value) or "=" in value or "\x00" in text:
            raise ParseError("query parameter 'tag' must be key=value, with one '=' and neither side empty")
        found[key] = value
    return found
