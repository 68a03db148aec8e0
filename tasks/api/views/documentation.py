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
    (414, "text/html"): OpenApiResponse(str, description="Path and query are too long for the web server."),
    429: _refusal("Too many failed log-ins.", "too many failed log-ins; wait five minutes"),
    500: _refusal("A fault of the server.", "something went wrong in the server; it was logged"),
    503: _refusal("The database is away.", "the database cannot be reached at the moment; nothing was changed"),
}
OUTDATED = {412: _refusal("`If-Match` does not fit.", "somebody else changed it since you read it; read it again")}
TOO_MANY = {429: _refusal("Too many wrong tokens.", "too many wrong tokens; wait a minute")}


def described(answer: Any, *, status: int = 200, media_type: str = "") -> dict[Any, Any]:
    """The answers of a route: what it gives, and the refusals that any route may give."""
    done = OpenApiResponse(description="Done; no content.") if answer is None else answer
    return {(status, media_type) if media_type else status: done, **_REFUSALS}


def described_page() -> dict[Any, Any]:
    """The answers of a page for people: refusals are pages too."""
    pages = {200: "The page.", 400: "It cannot be used.", 404: "There is none.", 405: "Maintenance.", 429: "Too many."}
    told = {(status, "text/html"): OpenApiResponse(str, description=text) for status, text in pages.items()}
    return {**_REFUSALS, **TOO_MANY, **told}


def _query(name: str, kind: Any, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, **more)


def _header(name: str, text: str, example: str, schema: Any = OpenApiTypes.STR) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        schema,
        OpenApiParameter.HEADER,
        description=text,
        examples=[OpenApiExample("header", example)],
    )


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """An empty parameter counts as none."""
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


_NATURAL = _or_empty({"type": "integer", "minimum": 0})
_MOMENT = _or_empty({"type": "string", "format": "date-time"})
_ID = _or_empty({"type": "string", "format": "uuid"})
_PAGE_SIZE = _query("page_size", _NATURAL, "Elements a page, 10 to 10,000; else 1000.")
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
_LAST = "The last element of the page before; take it from the `Link` header."
PAGE_PARAMETERS = [_PAGE_SIZE, _query("last", OpenApiTypes.STR, _LAST), *_PAGE_HEADERS]
PAGE_BY_ID_PARAMETERS = [_PAGE_SIZE, _query("last", _ID, _LAST), *_PAGE_HEADERS]
NUMBERED_PAGES = [
    _PAGE_SIZE,
    _query("last", _NATURAL, "The number of the last entry of the page before."),
    *_PAGE_HEADERS,
]
_TAG = _query(
    "tag",
    {"type": "array", "items": {"type": "string", "pattern": "^([^=]+=[^=]+)?$"}},
    "`key=value`; all that are given must hold.",
)
LIST_PARAMETERS = [
    _query("type", OpenApiTypes.STR, "Which tasks; `own` unless given.", enum=["", *map(str, ListType)]),
    _query("state", OpenApiTypes.STR, "Only tasks in this state: " + ", ".join(TaskState) + "."),
    _query("batch", _ID, "Only tasks of this batch."),
    _query("template", OpenApiTypes.STR, "Only tasks of this template."),
    _TAG,
    _query("after", _MOMENT, "Only tasks whose last activity is later."),
    _query("before", _MOMENT, "Only tasks whose last activity is earlier."),
    *PAGE_BY_ID_PARAMETERS,
]
RESOLUTION_PARAMETERS = [
    _query("type", OpenApiTypes.STR, "Those that you created, or all (administrators).", enum=["", "own", "all"]),
    _query("state", OpenApiTypes.STR, "Only resolutions in this state: " + ", ".join(ResolutionState) + "."),
    _query("instance_id", _NATURAL, "Only resolutions that this runner had last."),
    *PAGE_BY_ID_PARAMETERS,
]
STATISTICS_PARAMETERS = [_TAG]
_FLAGS = ["", "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"]
FORCE = _query(
    "force", {"type": "string", "enum": _FLAGS}, "Whatever its state, even while it runs; for administrators."
)
TOKEN = _query("t", {"type": "string", "minLength": 1}, "The token of the address that was given out.", required=True)
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "Any text of your choice: a request that is sent again with the same key within a day makes nothing new and gets "
    "the first answer again, with the header `Idempotency-Replayed: true`.",
    "order-4711",
    {"type": "string", "pattern": "^[ -~]{0,255}$"},
)
IF_MATCH = _header(
    "If-Match",
    "The `ETag` of what you have read: refused with 412 where it is not that any more.",
    '"0b1f4a7d6c1e4b3f9a5d2c8e7f601234"',
)
