"""The list of tasks, a page at a time from indexes, and what is done to many of them at once."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.filters import SIZES, TYPES, read_query
from tasks.admin.page import Page
from tasks.admin.pictures import shares_picture
from tasks.services import acts, batch_pages, task_lists, throughput
from tasks.services.acts import Deed
from tasks.services.errors import BadRequest, NotFound
from tasks.states import TaskState

#: Tasks are counted no further: a list says "1000+".
_MOST_COUNTED = 1000
#: Tasks of one act in bulk; each is an operation of its own.
_MOST_AT_ONCE = 500


class Tasks(Page):
    """Tasks that concern me, newest activity first."""

    route, name, section, title = "tasks/", "tasks", "tasks", "Tasks"
    template = "pages/tasks.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = read_query(self.actor, request.GET)
        after = task_lists.place_of(asked.last) if asked.last else None
        found = task_lists.page_of_tasks(self.actor, asked.wanted, size=asked.size + 1, after=after)
        # A first page that is not full has been counted.
        is_whole = after is None and len(found) <= asked.size
        number = len(found) if is_whole else task_lists.count_tasks(self.actor, asked.wanted, at_most=_MOST_COUNTED)
        return self.show(
            tasks=found[: asked.size],
            next_last=found[asked.size - 1].public_id if len(found) > asked.size else None,
            number=f"{number}+" if number == _MOST_COUNTED else str(number),
            asked=asked,
            **self._batch(asked.wanted.batch),
            types=TYPES,
            sizes=SIZES,
            states=list(TaskState),
            names=throughput.template_names(self.actor),
            deeds=[(deed, acts.BULK_LABELS[deed]) for deed in acts.IN_BULK if self._may_offer(deed)],
        )

    def _batch(self, public_id: uuid.UUID | None) -> dict[str, Any]:
        """The head of a batch's list: how far it is."""
        if public_id is None:
            return {}
        found = batch_pages.progress_of_batch(self.actor, public_id)
        told = ", ".join(f"{number} {state}" for state, number in found.counts.items())
        return {"batch": found, "batch_bar": shares_picture(found.counts, title=f"Tasks of the batch by state: {told}")}

    def _may_offer(self, deed: Deed) -> bool:
        return deed is not Deed.DELETE or self.actor.is_admin


class Bulk(Page):
    """One act for many tasks, with a result for each."""

    route, name, section, title = "tasks/bulk/", "tasks-bulk", "tasks", "Done in bulk"
    template = "pages/bulk.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = _identifiers(request.POST.getlist("task"))
        deed = request.POST.get("deed", "")
        if deed not in acts.IN_BULK:
            raise BadRequest("choose what to do")
        outcomes = acts.do_for_all(
            self.actor,
            ids,
            Deed(deed),
            reason=request.POST.get("reason", "").strip(),
            usernames=_words(request.POST.get("usernames", "")),
            groups=_words(request.POST.get("groups", "")),
        )
        return self.show(
            outcomes=outcomes,
            label=acts.BULK_LABELS[Deed(deed)],
            deed=deed,
            done=sum(not outcome.refused for outcome in outcomes),
            failed=[outcome for outcome in outcomes if outcome.refused],
            back=f"{reverse('admin:tasks')}?{request.POST.get('query', '')}",
            query=request.POST.get("query", ""),
            reason=request.POST.get("reason", ""),
            usernames=request.POST.get("usernames", ""),
            groups=request.POST.get("groups", ""),
        )

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.go(reverse("admin:tasks"))


def _identifiers(texts: list[str]) -> list[uuid.UUID]:
    if not texts:
        raise BadRequest("no task is chosen")
    if len(texts) > _MOST_AT_ONCE:
        raise BadRequest(f"at most {_MOST_AT_ONCE} tasks at once")
    try:
        return [uuid.UUID(text) for text in dict.fromkeys(texts)]
    except ValueError:
        raise NotFound("no such task") from None


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]
