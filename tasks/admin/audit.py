"""Who did what: the acts of people on all tasks, for administrators."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse

from tasks.admin.page import Page
from tasks.services import audit
from tasks.services.audit import Wanted

_SIZE = 50


class Audit(Page):
    """Newest first, a page at a time."""

    route, name, section, title = "audit/", "audit", "operations", "Who did what"
    template = "pages/audit.html"
    administrators_only = True

    def get(self, request: HttpRequest) -> HttpResponse:
        given = {name: request.GET.get(name, "").strip() for name in ("who", "act", "until", "before")}
        wanted = Wanted(
            actor=given["who"],
            event=given["act"],
            until=_end_of(given["until"]),
            before=int(given["before"]) if given["before"].isdecimal() and len(given["before"]) < 19 else None,
        )
        found = audit.acts(self.actor, wanted, size=_SIZE + 1)
        return self.show(
            acts=found[:_SIZE],
            next_before=found[_SIZE - 1].number if len(found) > _SIZE else None,
            given=given,
            is_narrowed=any(given[name] for name in ("who", "act", "until")),
        )


def _end_of(day: str) -> datetime | None:
    """The end of a day in UTC; None for what is none."""
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
