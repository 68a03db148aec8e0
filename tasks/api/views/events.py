"""A task's changes of state as they happen, as server-sent events. Source: docs/api.md, "Events"."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from tasks.api import queries
from tasks.api.connections import release
from tasks.api.events import hub
from tasks.api.serializers.journal import entry_document
from tasks.api.views.base import Endpoint
from tasks.api.views.documentation import described
from tasks.doorbell import NEWS
from tasks.models import Task
from tasks.services import journal_pages, tasks
from tasks.services.actors import Actor
from tasks.services.values import encode

#: Entries told at once, and how long a stream may live before its reader has to ask anew.
_AT_ONCE, _LONGEST_SECONDS = 500, 600.0
#: Between two looks when nobody rings, and between two signs of life: only a write notices a reader that is gone.
_LOOK_SECONDS, _SIGN_SECONDS = 1.0, 10.0


class Events(Endpoint):
    """Entries of the task's journal as they are written: `id` is the entry's number, `event` its kind."""

    operations = {"GET": "StreamTaskEvents"}
    tag = "01 - task"

    @extend_schema(
        responses=described(None, status=204)
        | {(200, "text/event-stream"): OpenApiResponse(str, description="The stream; it ends with event `end`.")}
    )
    def get(self, request: Request, task_id: str) -> Any:
        task = tasks.read_task(self.actor, queries.identifier(task_id, "task"))
        self.about(task)
        last = _last_number(request)
        if last and tasks.is_over(task) and not journal_pages.page_of_journal(self.actor, task, size=1, after=last):
            return HttpResponse(status=204)
        stack = ExitStack()
        rung = stack.enter_context(hub.subscribed(f"{NEWS}:{task.public_id}", most=settings.UTASK_MAX_STREAMS))
        if rung is None:
            return HttpResponse(status=204)
        answer = _Stream(_told(self.actor, task, last, rung), content_type="text/event-stream; charset=utf-8")
        answer.on_close = stack.close
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Accel-Buffering"] = "no"
        return answer


class _Stream(StreamingHttpResponse):
    """Gives up its subscription when it ends, whether it was read or not."""

    on_close: Any = None

    def close(self) -> None:
        super().close()
        if self.on_close is not None:
            self.on_close()


def _last_number(request: Request) -> int:
    text = str(request.META.get("HTTP_LAST_EVENT_ID", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _told(actor: Actor, task: Task, last: int, rung: Any) -> Iterator[str]:
    until = time.monotonic() + _LONGEST_SECONDS
    signed = time.monotonic()
    yield "retry: 2000\n\n"
    while time.monotonic() < until:
        rung.clear()
        task.refresh_from_db(fields=["state", "steps_done", "steps_total", "last_activity"])
        is_over = tasks.is_over(task)
        entries = journal_pages.page_of_journal(actor, task, size=_AT_ONCE, after=last)
        release()
        for entry in entries:
            last = entry.number
            yield f"id: {entry.number}\nevent: {entry.kind}\ndata: {encode(entry_document(entry))}\n\n"
        if entries:
            signed = time.monotonic()
            yield f"event: progress\ndata: {encode(_progress(task))}\n\n"
            continue
        if is_over:
            yield f"event: end\ndata: {encode(_progress(task))}\n\n"
            return
        rung.wait(_LOOK_SECONDS)
        if time.monotonic() - signed >= _SIGN_SECONDS:
            signed = time.monotonic()
            yield ":\n\n"


def _progress(task: Task) -> dict[str, Any]:
    return {"state": task.state, "steps_done": task.steps_done, "steps_total": task.steps_total}
