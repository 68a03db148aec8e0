"""What the API's description says beside the shapes: parameters, answers for what goes wrong."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from tasks.services.task_lists import ListType
from tasks.states import ResolutionState, TaskState


class ErrorAnswer(serializers.Serializer[Any]):
    """Every refusal: one sentence for people; programs go by the status."""

    error = serializers.CharField(help_text="What was refused, and why.")


def _refusal(description: str, text: str) -> OpenApiResponse:
    return OpenApiResponse(
        ErrorAnswer, description=description, examples=[OpenApiExample("refused", {"error": text}, response_only=True)]
    )


_REFUSALS = {
    400: _refusal("The request, or the state, does not allow it.", "input id: missing: a value is required"),
    401: OpenApiResponse(description="Not authenticated (no body), or for administrators only (with an error)."),
    403: _refusal("Not allowed on this object.", "ann may not run the resolution"),
    404: _refusal("There is no such object.", "no such task: 6f1c2d1e-0c5b-4b7e-9d53-1f4f0f6f9d55"),
    405: _refusal("Maintenance mode: nothing is written.", "Maintenance mode activated"),
    409: _refusal("Somebody else is changing it.", "somebody else is changing this at the moment; try again"),
    500: _refusal("A fault of the server.", "something went wrong in the server; it was logged"),
    503: _refusal("The database is away.", "the database cannot be reached at the moment; nothing was changed"),
}
OUTDATED = {412: _refusal("`If-Match` does not fit.", "somebody else changed it since you read it; read it again")}
TOO_MANY = {429: _refusal("Too many wrong tokens.", "too many wrong tokens; wait a minute")}


def described(answer: Any, *, status: int = 200, media_type: str = "") -> dict[Any, Any]:
    """The answers of a route: what it gives, and the refusals that any route may give."""
    done = OpenApiResponse(description="Done; no content.") if answer is None else answer
    return {(status, media_type) if media_type else status: done, **_REFUSALS}


def _query(name: str, kind: Any, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, **more)


def _header(name: str, text: str, example: str) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=text,
        examples=[OpenApiExample("header", example)],
    )


_PAGE_SIZE = _query("page_size", {"type": "integer", "minimum": 0}, "Elements a page, 10 to 10,000; else 1000.")
_PAGE_HEADERS = [
    OpenApiParameter(
        "X-Paging-PageSize",
        OpenApiTypes.INT,
        OpenApiParameter.HEADER,
        response=[200],
        description="The effective size of the page.",
    ),
    OpenApiParameter(
        "Link",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=[200],
        description="Where a full page goes on: `</task?last=ID&page_size=10>; rel=next`.",
    ),
]
PAGE_PARAMETERS = [
    _PAGE_SIZE,
    _query("last", OpenApiTypes.STR, "The last element of the page before; take it from the `Link` header."),
    *_PAGE_HEADERS,
]
NUMBERED_PAGES = [
    _PAGE_SIZE,
    _query("last", {"type": "integer", "minimum": 0}, "The number of the last entry of the page before."),
    *_PAGE_HEADERS,
]
_TAG = _query("tag", OpenApiTypes.STR, "`key=value`; all that are given must hold.", many=True)
LIST_PARAMETERS = [
    _query("type", OpenApiTypes.STR, "Which tasks; `own` unless given.", enum=[str(each) for each in ListType]),
    _query("state", OpenApiTypes.STR, "Only tasks in this state: " + ", ".join(TaskState) + "."),
    _query("batch", OpenApiTypes.UUID, "Only tasks of this batch."),
    _query("template", OpenApiTypes.STR, "Only tasks of this template."),
    _TAG,
    _query("after", OpenApiTypes.DATETIME, "Only tasks whose last activity is later."),
    _query("before", OpenApiTypes.DATETIME, "Only tasks whose last activity is earlier."),
    *PAGE_PARAMETERS,
]
RESOLUTION_PARAMETERS = [
    _query("type", OpenApiTypes.STR, "Those that you created, or all (administrators).", enum=["own", "all"]),
    _query("state", OpenApiTypes.STR, "Only resolutions in this state: " + ", ".join(ResolutionState) + "."),
    _query("instance_id", {"type": "integer", "minimum": 0}, "Only resolutions that this runner had last."),
    *PAGE_PARAMETERS,
]
STATISTICS_PARAMETERS = [_TAG]
FORCE = _query("force", OpenApiTypes.BOOL, "Whatever its state, even while it runs; for administrators.")
TOKEN = _query("t", OpenApiTypes.STR, "The token of the address that was given out.", required=True)
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "Any text of your choice: a request that is sent again with the same key within a day makes nothing new and gets "
    "the first answer again, with the header `Idempotency-Replayed: true`.",
    "order-4711",
)
IF_MATCH = _header(
    "If-Match",
    "The `ETag` of what you have read: refused with 412 where it is not that any more.",
    '"0b1f4a7d6c1e4b3f9a5d2c8e7f601234"',
)
