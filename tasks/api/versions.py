"""Which state of an object a client has seen: ``ETag`` tells it, ``If-Match`` asks that it still is so.

Source: docs/api.md, "Two editors".
"""

import hashlib
from typing import Any

from rest_framework.request import Request

from tasks.services.errors import Outdated
from tasks.services.values import encode


def etag_of(document: Any) -> str:
    """A name for this very content, the same in JSON and YAML."""
    return f'"{hashlib.sha256(encode(document).encode()).hexdigest()[:32]}"'


def asks_for_match(request: Request) -> bool:
    """Whether the client wants to change only what it has seen."""
    return bool(request.META.get("HTTP_IF_MATCH"))


def require_match(request: Request, document: Any) -> None:
    """Raise Outdated unless ``If-Match`` names the document as it is now."""
    given = [tag.strip().removeprefix("W/") for tag in str(request.META["HTTP_IF_MATCH"]).split(",")]
    if "*" not in given and etag_of(document) not in given:
        raise Outdated("somebody else changed it since you read it; read it again")
