"""What happened to a task. Source: docs/api.md, "Journal"."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.paging import page_answer, page_size
from tasks.api.serializers.journal import JournalEntryAnswer, entry_document
from tasks.api.views.base import Endpoint
from tasks.api.views.documentation import NUMBERED_PAGES, described
from tasks.services import journal_pages, tasks


class Journal(Endpoint):
    """Every change of state and every act of a person, oldest first."""

    operations = {"GET": "ListTaskJournal"}
    tag = "01 - task"

    @extend_schema(parameters=NUMBERED_PAGES, responses=described(JournalEntryAnswer(many=True)))
    def get(self, request: Request, task_id: str) -> Response:
        size, last = page_size(request), queries.unsigned(request, "last") or 0
        task = tasks.task_named(queries.identifier(task_id, "task"))
        self.about(task)
        found = journal_pages.page_of_journal(self.actor, task, size=size, after=last)
        elements = [entry_document(entry) for entry in found]
        return page_answer(request, elements, size=size, last=str(found[-1].number) if found else "")
