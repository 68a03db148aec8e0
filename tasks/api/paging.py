"""Pages of lists as the original's: ``page_size``, ``last`` and a ``Link`` to the next page.

Source: docs/api.md, "Lists".
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api.queries import unsigned

DEFAULT_SIZE, SMALLEST, LARGEST = 1000, 10, 10_000


def page_size(request: Request) -> int:
    """The effective size: 1000 unless asked, forced into 10 … 10,000. Raises ParseError for what is no number."""
    asked = unsigned(request, "page_size")
    return min(max(asked, SMALLEST), LARGEST) if asked else DEFAULT_SIZE


def page_answer(request: Request, elements: list[Any], *, size: int, last: str, kept: Sequence[str] = ()) -> Response:
    """The page with its headers; a full page has a link to the next one, which keeps the filters ``kept``.

    ``last`` names the last element; the link's path has no prefix, its relation no quotes, as clients of the original
    expect.
    """
    headers = {"X-Paging-PageSize": str(size)}
    if len(elements) == size:
        query: list[tuple[str, str]] = [("last", last), ("page_size", str(size))]
        query += [(name, value) for name in kept for value in request.query_params.getlist(name) if value]
        headers["Link"] = f"<{request.path_info}?{urlencode(sorted(query, key=lambda pair: pair[0]))}>; rel=next"
    return Response(elements, headers=headers)
