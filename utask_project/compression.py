"""Pages and what they load travel compressed: a fifth of the bytes. Answers of the API stay as their clients know them.

A page holds secrets beside what others wrote (the mark of a session's forms); that the length tells nothing of them is
Django's doing: the mark is masked anew for each page, and the compressed text gets an end of random length.
"""

from typing import Any

from django.http import HttpRequest
from django.middleware.gzip import GZipMiddleware

_PAGES = ("/admin/", "/static/", "/ui/")


class CompressPages(GZipMiddleware):
    """For paths of pages alone: streams of events and files of programs are left as they are."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """The answer, compressed where the browser takes it so."""
        return super().process_response(request, response) if request.path_info.startswith(_PAGES) else response
