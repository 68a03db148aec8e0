"""What the API's description says beside the shapes: parameters of lists, answers for what goes wrong."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class ErrorAnswer(serializers.Serializer[Any]):
    """Every refusal."""

    error = serializers.CharField()


def described(answer: Any, *, status: int = 200) -> dict[int, Any]:
    """The answers of a route: what it gives, and the refusals that any route may give."""
    return {
        status: answer if answer is not None else OpenApiResponse(description="Done; no content."),
        400: OpenApiResponse(ErrorAnswer, description="The request, or the state, does not allow it; says why."),
        401: OpenApiResponse(description="Not authenticated, or for administrators only."),
        403: OpenApiResponse(ErrorAnswer, description="Not allowed on this object."),
        404: OpenApiResponse(ErrorAnswer, description="There is no such object."),
        405: OpenApiResponse(ErrorAnswer, description="Maintenance mode."),
        409: OpenApiResponse(ErrorAnswer, description="Somebody else is changing it at this moment."),
        503: OpenApiResponse(ErrorAnswer, description="The database cannot be reached; try again."),
    }


def _query(name: str, kind: Any, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, **more)


PAGE_PARAMETERS = [
    _query("page_size", OpenApiTypes.INT, "Elements a page, 10 to 10,000; 1000 unless given."),
    _query("last", OpenApiTypes.STR, "The last element of the page before; take it from the `Link` header."),
]
LIST_PARAMETERS = [
    _query("type", OpenApiTypes.STR, "Which tasks; `own` unless given.", enum=["own", "resolvable", "all"]),
    _query("state", OpenApiTypes.STR, "Only tasks in this state."),
    _query("batch", OpenApiTypes.UUID, "Only tasks of this batch."),
    _query("template", OpenApiTypes.STR, "Only tasks of this template."),
    _query("tag", OpenApiTypes.STR, "`key=value`; all that are given must hold.", many=True),
    _query("after", OpenApiTypes.DATETIME, "Only tasks whose last activity is later."),
    _query("before", OpenApiTypes.DATETIME, "Only tasks whose last activity is earlier."),
    *PAGE_PARAMETERS,
]
