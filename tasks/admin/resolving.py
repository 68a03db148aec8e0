"""Resolving: the form of the resolver's inputs, and answers to callbacks that wait for one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.forms import InputsForm
from tasks.admin.page import Page
from tasks.models import Callback, Resolution, Task
from tasks.services import callback_forms, callbacks, resolutions, task_pages, template_pages, templates
from tasks.services import tasks as task_services
from tasks.services.callback_forms import Form
from tasks.services.errors import BadRequest, NotFound, ServiceError


class Resolve(Page):
    """Resolve a task, or start it over."""

    route, name, section = "tasks/<uuid:public_id>/resolve/", "task-resolve", "tasks"
    template = "pages/resolve.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task = task_services.read_task(self.actor, public_id)
        return self._show(task, self._form(task))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task = task_services.read_task(self.actor, public_id)
        form, again = self._form(task, request), task_services.resolution_of(task) is not None
        if form.is_valid():
            try:
                resolutions.create_resolution(self.actor, public_id, form.values(), start_over=again)
            except BadRequest as refusal:
                form.take_refusal(refusal)
            except ServiceError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self.go(reverse("admin:task", args=[public_id]), "Resolved; it runs.")
        return self._show(task, form)

    def _form(self, task: Task, request: HttpRequest | None = None) -> InputsForm:
        definition = templates.definition_of(task.version_id)
        documents = template_pages.input_documents(definition.resolver_inputs)
        return InputsForm(documents, None if request is None else request.POST)

    def _show(self, task: Task, form: InputsForm) -> HttpResponse:
        present: Resolution | None = task_services.resolution_of(task)
        heading = "Start over" if present else "Resolve"
        return self.show(title=f"{heading}: {task.title}", task=task, form=form, present=present)


class AnswerCallback(Page):
    """Answer a callback in the place of the one outside."""

    route, name, section = "tasks/<uuid:public_id>/callback/<uuid:callback_id>/", "task-callback", "tasks"
    template = "pages/answer.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID, callback_id: uuid.UUID) -> HttpResponse:
        task, callback = self._waiting(public_id, callback_id)
        return self._show(task, callback, callback_forms.form_of(callbacks.schema_of(callback)))

    def post(self, request: HttpRequest, public_id: uuid.UUID, callback_id: uuid.UUID) -> HttpResponse:
        task, callback = self._waiting(public_id, callback_id)
        form = callback_forms.form_of(callbacks.schema_of(callback)).filled(request.POST)
        try:
            callbacks.answer(callback_id, callback.token, form.value(), address=self.actor.address, by=self.actor)
        except BadRequest as refusal:
            return self._show(task, callback, form, refused=str(refusal))
        return self.go(reverse("admin:task", args=[public_id]), "Answered.")

    def _waiting(self, public_id: uuid.UUID, callback_id: uuid.UUID) -> tuple[Task, Callback]:
        task = task_services.read_task(self.actor, public_id)
        for callback in task_pages.waiting_callbacks(self.actor, task):
            if callback.public_id == callback_id:
                return task, callback
        raise NotFound("no such callback waits for an answer that you could give")

    def _show(self, task: Task, callback: Callback, form: Form, *, refused: str = "") -> HttpResponse:
        return self.show(title=form.title, task=task, callback=callback, form=form, refused=refused)
