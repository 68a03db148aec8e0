"""Editing what is there: a request that is not resolved or paused, and a paused run with its steps."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.forms import ExtrasForm, InputsForm
from tasks.admin.page import Page
from tasks.models import MemberKind, MemberRole, Resolution, Task
from tasks.services import permissions, run_edits, secrets, template_pages, templates
from tasks.services import tasks as task_services
from tasks.services.errors import BadRequest, NotFound, ServiceError
from tasks.services.permissions import Operation


class EditTask(Page):
    """Inputs, watchers and tags of a request."""

    route, name, section = "tasks/<uuid:public_id>/edit/", "task-edit", "tasks"
    template = "pages/edit_task.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task = self._task(public_id)
        tags = task.tag_map()
        extras = ExtrasForm(
            initial={
                "tag_keys": list(tags),
                "tag_values": list(tags.values()),
                "watcher_usernames": task.names(MemberRole.WATCHER, MemberKind.USER),
                "watcher_groups": task.names(MemberRole.WATCHER, MemberKind.GROUP),
            }
        )
        return self._show(task, InputsForm(_documents(task), values=task_services.shown_input(task)), extras)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task = self._task(public_id)
        form, extras = InputsForm(_documents(task), request.POST), ExtrasForm(request.POST)
        if form.is_valid() and extras.is_valid():
            change = task_services.TaskChange(
                input=_with_kept_passwords(task, form.values()),
                watcher_usernames=extras.names("watcher_usernames"),
                watcher_groups=extras.names("watcher_groups"),
                tags=extras.tags(),
            )
            try:
                task_services.edit_task(self.actor, public_id, change, reason=request.POST.get("reason", "").strip())
            except BadRequest as refusal:
                form.take_refusal(refusal)
            except ServiceError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self.go(reverse("admin:task", args=[public_id]), "The request is changed.")
        return self._show(task, form, extras)

    def _task(self, public_id: uuid.UUID) -> Task:
        task = task_services.read_task(self.actor, public_id)
        permissions.require(self.actor, Operation.EDIT_TASK, task, task_services.resolution_of(task))
        return task

    def _show(self, task: Task, form: InputsForm, extras: ExtrasForm) -> HttpResponse:
        has_passwords = any(document["type"] == "password" for document in form.documents)
        return self.show(title=f"Edit: {task.title}", task=task, form=form, extras=extras, has_passwords=has_passwords)


def _documents(task: Task) -> list[dict[str, Any]]:
    return template_pages.input_documents(templates.definition_of(task.version_id).inputs)


def _with_kept_passwords(task: Task, given: Mapping[str, Any]) -> dict[str, Any]:
    """A password that is left empty stays as it is: the mask comes back for it."""
    shown = task_services.shown_input(task)
    kept = {name: value for name, value in shown.items() if value == secrets.MASK and name not in given}
    return {**kept, **given}


class EditRun(Page):
    """Steps, states and resolver's inputs of a paused run, as YAML; what would change is shown before it is saved."""

    route, name, section = "tasks/<uuid:public_id>/run/edit/", "task-edit-run", "tasks"
    template = "pages/edit_run.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task, resolution = self._resolved(public_id)
        run = run_edits.editable_run(self.actor, resolution.public_id)
        return self._show(task, resolution, text=run.text, mark=run.mark)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task, resolution = self._resolved(public_id)
        text = request.POST.get("text", "").replace("\r\n", "\n")
        mark, reason = request.POST.get("mark", ""), request.POST.get("reason", "").strip()
        shown: dict[str, Any] = {"text": text, "mark": mark, "reason": reason}
        try:
            diff = run_edits.changes(self.actor, resolution.public_id, text, mark)
            if request.POST.get("save") and diff:
                run_edits.save(self.actor, resolution.public_id, text, mark, reason=reason)
                return self.go(reverse("admin:task", args=[public_id]), "The run is changed. Run it to go on.")
        except BadRequest as refusal:
            return self._show(task, resolution, **shown, problems=_problems(refusal))
        except ServiceError as refusal:
            return self._show(task, resolution, **shown, problems=[("", str(refusal))])
        return self._show(task, resolution, **shown, diff=diff, is_checked=True)

    def _resolved(self, public_id: uuid.UUID) -> tuple[Task, Resolution]:
        permissions.require_admin(self.actor, Operation.EDIT_RESOLUTION)
        task = task_services.read_task(self.actor, public_id)
        resolution = task_services.resolution_of(task)
        if resolution is None:
            raise NotFound("nobody has resolved this task yet")
        return task, resolution

    def _show(self, task: Task, resolution: Resolution, **shown: Any) -> HttpResponse:
        return self.show(title=f"Edit the run: {task.title}", task=task, resolution=resolution, **shown)


def _problems(refusal: BadRequest) -> list[tuple[str, str]]:
    """Place and text of each problem; a single one is told in the service's own sentence, which says more."""
    found = [(place, what) for place, texts in refusal.fields.items() for what in texts]
    return found if len(found) > 1 else [("", str(refusal))]
