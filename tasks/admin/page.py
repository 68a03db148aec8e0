"""How a page is declared: a class with a place, a section and a template; ``get`` and ``post`` do the rest.

    class Functions(Page):
        route, name, section, title = "functions/", "functions", "functions", "Functions"
        template = "pages/functions.html"

        def get(self, request: HttpRequest) -> HttpResponse:
            return self.show(functions=template_pages.page_of_functions(size=1000, after=""))

and one line in ``pages.py``. Its template extends ``pages/base.html``. Refusals of services need no code: what is not
there, not permitted or not possible now is answered with a page that says so, and no write happens in maintenance mode.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.views import View

from tasks.admin.actors import actor_of
from tasks.admin.navigation import shell
from tasks.services import maintenance
from tasks.services.actors import Actor
from tasks.services.errors import (
    BadRequest,
    Conflict,
    Maintenance,
    NotFound,
    PermissionDenied,
    ServiceError,
    TooMany,
    WrongState,
)
from tasks.services.permissions import require_admin

#: What a refusal is called in HTTP; the first class that fits counts.
_STATUSES: tuple[tuple[type[ServiceError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (PermissionDenied, 403, "Not permitted"),
    (Maintenance, 503, "Under maintenance"),
    (TooMany, 429, "Too often"),
    (Conflict, 409, "Somebody else was first"),
    (WrongState, 409, "Not possible now"),
    (BadRequest, 400, "Not accepted"),
)


class Page(View):
    """One address of the admin."""

    #: Below ``/admin/``; ``name`` as in ``{% url 'admin:name' %}``.
    route: ClassVar[str]
    name: ClassVar[str]
    section: ClassVar[str] = ""
    title: ClassVar[str] = ""
    template: ClassVar[str] = ""
    administrators_only: ClassVar[bool] = False
    #: Whether it may write in maintenance mode too.
    maintained: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if self.administrators_only:
                require_admin(self.actor)
            if request.method == "POST" and not self.maintained:
                maintenance.require_writable()
            return super().dispatch(request, *args, **kwargs)
        except ServiceError as refusal:
            return self.refuse(refusal)

    @property
    def actor(self) -> Actor:
        """Who asks, with his rights."""
        return actor_of(self.request)

    def show(self, *, status: int = 200, title: str = "", template: str = "", **context: Any) -> HttpResponse:
        """The page with this context."""
        frame = {"shell": shell(self.request, section=self.section), "title": title or self.title, "actor": self.actor}
        return render(self.request, template or self.template, {**frame, **context}, status=status)

    def refuse(self, refusal: ServiceError) -> HttpResponse:
        """A page that says why not."""
        status, heading = status_of(refusal)
        return self.show(status=status, title=heading, template="pages/refused.html", refusal=str(refusal))

    def go(self, address: str, told: str = "", *, failed: bool = False) -> HttpResponseRedirect:
        """On to another page, with a message on top of it."""
        if told:
            (messages.error if failed else messages.success)(self.request, told)
        return HttpResponseRedirect(address)


def status_of(refusal: ServiceError) -> tuple[int, str]:
    """HTTP's number for a refusal, and a heading for people."""
    return next(
        ((status, heading) for kind, status, heading in _STATUSES if isinstance(refusal, kind)), (400, "Refused")
    )


def json_answer(value: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """An answer for our own scripts."""
    return HttpResponse(json.dumps(value), content_type="application/json", status=status)
