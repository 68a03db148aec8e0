"""Writing what a client gets: JSON or YAML as the ``Accept`` header asks, and which of them that is.

Source: docs/api.md, "Answers".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request

from tasks.services.values import encode, to_yaml

#: A ``Link`` to the next page of a list.
_NEXT = re.compile("<([^>]+)>; rel=next")


class JSONAnswer(BaseRenderer):
    """JSON with numbers as they were written and ``<``, ``>``, ``&`` escaped, as Go writes it."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else encode(data).encode()


class YAMLAnswer(BaseRenderer):
    """The same value as YAML, keys in alphabetical order; it can be sent back as a request."""

    media_type = "application/x-yaml"
    format = "yaml"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else to_yaml(data).encode()


class _IndentedAnswer(JSONAnswer):
    """JSON as people read it."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else encode(data, indent=4).encode()


class BrowsableAnswer(BrowsableAPIRenderer):
    """The same for a person with a browser; what is sent is written as text, as any client does."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        # Whoever is not known gets no page, so that his browser asks him who he is.
        if renderer_context is not None and renderer_context["response"].status_code == 401 and data is None:
            return b""
        return super().render(data, accepted_media_type, renderer_context)

    def get_context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(*args, **kwargs)
        # Told is what a program gets, in the words in which it gets it.
        context["response_headers"]["Content-Type"] = f"{JSONAnswer.media_type}; charset={JSONAnswer.charset}"
        next_page = _NEXT.match(context["response_headers"].get("Link", ""))
        # Its colours would stand inside the page, which the policy forbids.
        return context | {"code_style": "", "next_page": next_page and next_page[1]}

    def get_default_renderer(self, view: Any) -> Any:
        return _IndentedAnswer()

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        return None


class Negotiation(BaseContentNegotiation):
    """The first of JSON, YAML and a browser's HTML in the order of ``Accept``, ``q`` considered; else JSON."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        by_type = {renderer.media_type: renderer for renderer in renderers}
        for media_type in _by_preference(request.META.get("HTTP_ACCEPT", "")):
            if media_type in by_type:
                return by_type[media_type], media_type
        default = next((renderer for renderer in renderers if renderer.format == "json"), renderers[0])
        return default, str(default.media_type)


def _by_preference(accept: str) -> list[str]:
    """The media types of an ``Accept`` header, best first; the first of equals stays first."""
    weighted: list[tuple[float, str]] = []
    for entry in accept.split(","):
        media_type, *parameters = (part.strip() for part in entry.split(";"))
        weighted.append((_quality(parameters), media_type.lower()))
    return [media_type for _, media_type in sorted(weighted, key=lambda pair: -pair[0])]


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
