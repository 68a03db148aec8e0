"""Static pages at the original's paths: the API's own page, and a dashboard that an operator brings.

Source: docs/api.md, "Pages".
"""

import mimetypes
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils._os import safe_join
from django.views.decorators.http import require_safe

from tasks.api.views.base import unknown_route
from tasks.config.current import configuration

_DASHBOARD = "/ui/dashboard/"
#: What a dashboard is served by; its frameworks put styles into the page.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)
_TEXTS = (".html", ".js", ".css", ".json", ".map", ".txt", ".webmanifest")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """The API's description, to be read and tried in a browser."""
    return render(request, "tasks/swagger.html")


@require_safe
def dashboard(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of ``UTASK_DASHBOARD_PATH``, its placeholders replaced; without that folder the admin."""
    folder = settings.UTASK_DASHBOARD_PATH
    if folder is None:
        return HttpResponseRedirect("/admin/")
    try:
        file = Path(safe_join(folder, path or "index.html"))
    except SuspiciousFileOperation:
        return unknown_route()
    if not file.is_file():
        return unknown_route()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    answer: HttpResponseBase
    if file.suffix in _TEXTS:
        content = replaced(file.read_bytes())
        answer = HttpResponse(content, content_type=f"{kind}; charset=utf-8", headers={"Content-Length": len(content)})
    else:
        answer = FileResponse(file.open("rb"), content_type=kind)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def replaced(content: bytes) -> bytes:
    """The page with this installation's prefixes in the place of its placeholders."""
    cfg = configuration().cfg
    values = {
        b"___UTASK_DASHBOARD_BASEHREF___": base_href(cfg.dashboard_path_prefix),
        b"___UTASK_DASHBOARD_PREFIXAPIBASEURL___": api_prefix(cfg.dashboard_api_path_prefix),
        b"___UTASK_DASHBOARD_SENTRY_DSN___": cfg.dashboard_sentry_dsn,
    }
    for placeholder, value in values.items():
        content = content.replace(placeholder, value.encode())
    return content


def base_href(prefix: str) -> str:
    """Where a browser finds the dashboard: ``/ui/dashboard/`` behind the prefix."""
    return prefix.rstrip("/") + _DASHBOARD


def api_prefix(prefix: str) -> str:
    """Where a browser finds the API; it always ends with a slash. ``.`` means the root."""
    return prefix.strip().removeprefix(".").rstrip("/") + "/"
