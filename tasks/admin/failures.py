"""What a browser is shown where no page could answer: an address that is none, a form that is too old, a broken server.

Pages that refuse do so themselves (``page.py``). What is broken may be the database, so the last page asks it nothing.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tasks.admin.navigation import shell
from tasks.config.current import configuration
from tasks.crypto.errors import Unreadable


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: an address of the admin that is none, or about something that is not there."""
    return _inside(request, 404, "Not found", "There is nothing at this address: it may have been deleted or renamed.")


def not_permitted(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: one of Django's own pages, for somebody who is no superuser."""
    return _inside(request, 403, "Not permitted", "This page is for superusers.")


def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without the mark of this session, as another site's page or one from before a log-in sends it."""
    told = (
        "Nothing was done: this form was opened before you logged in here, or the browser keeps no cookies of this "
        "site. Go back, load the page again, and send it once more."
    )
    return _inside(request, 403, "This form is too old", told)


def maintained(request: HttpRequest) -> HttpResponse:
    """503: one of Django's own pages was to write, in maintenance mode."""
    return _inside(request, 503, "Under maintenance", "Nothing was changed: nothing can be while this lasts.")


def no_account_yet() -> HttpResponse:
    """503: somebody whom a proxy names for the first time, in maintenance mode."""
    told = (
        "The service is in maintenance mode, in which nothing is written. You have not been here before, so there is "
        "no account of yours yet: it is made when you come again after the maintenance."
    )
    answer = _outside(503, "Under maintenance", told)
    answer.headers["Retry-After"] = "60"
    return answer


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what no view was asked for, such as a name of this machine that the service does not know."""
    told = "The request cannot be read, or comes by a name that this service does not answer to (UTASK_ALLOWED_HOSTS)."
    return _outside(400, "Not understood", told)


def broken(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database is away: the reason is in the log, and on the page only which key is missing."""
    error = sys.exc_info()[1]
    if isinstance(error, Unreadable):
        return _outside(500, "A stored value cannot be read", f"{str(error).capitalize()}.")
    if isinstance(error, OperationalError | InterfaceError):
        told = "The database cannot be reached at the moment. Nothing was changed; try again in a while."
        answer = _outside(503, "Out of reach", told)
        answer.headers["Retry-After"] = "2"
        return answer
    told = "What happened is in the server's log. Try again; if it stays so, tell those who run this service."
    return _outside(500, "Something went wrong", told)


def _inside(request: HttpRequest, status: int, heading: str, told: str) -> HttpResponse:
    """In the frame of all pages."""
    if not request.path_info.startswith("/admin/") or not hasattr(request, "user"):
        return _outside(status, heading, told)
    frame = {"shell": shell(request, section=""), "title": heading, "refusal": told}
    return render(request, "pages/refused.html", frame, status=status)


def _outside(status: int, heading: str, told: str) -> HttpResponse:
    """Without a frame: nothing is known of who asks, and nothing is asked of the database."""
    application = configuration().cfg.application_name or "µTask"
    context = {"application": application, "title": heading, "refusal": told}
    return HttpResponse(render_to_string("pages/failure.html", context), status=status)
