"""The page of one task: where it stands, graph and time line, steps, what was given and said, what can be done."""

import uuid
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse

from tasks.admin.forms import InputsForm
from tasks.admin.page import Page
from tasks.admin.pictures import graph_picture, timeline_picture
from tasks.models import MemberKind, MemberRole, Task
from tasks.services import (
    acts,
    comments,
    journal_pages,
    resolutions,
    task_graph,
    task_pages,
    task_timeline,
    template_pages,
    templates,
)
from tasks.services import tasks as task_services
from tasks.services.acts import Deed
from tasks.services.errors import BadRequest, PermissionDenied, ServiceError

_JOURNAL_SIZE = 100


class OneTask(Page):
    """One task."""

    route, name, section = "tasks/<uuid:public_id>/", "task", "tasks"
    template = "pages/task.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        task = task_services.read_task(self.actor, public_id)
        resolution = task_services.resolution_of(task)
        details = task_pages.may_see_details(self.actor, task)
        chosen = request.GET.get("step", "")
        offered = acts.offers(self.actor, task)
        children, children_number = task_pages.children_of(task)
        over = task_services.is_over(task)
        return self.show(
            title=task.title or "(no title)",
            task=task,
            resolution=resolution,
            over=over,
            events=f"{get_script_prefix()}task/{task.public_id}/events",
            api_task=f"{get_script_prefix()}task/{task.public_id}",
            api_resolution=f"{get_script_prefix()}resolution/{resolution.public_id}" if resolution else "",
            waiting_for=task_services.waiting_for(task),
            failed=task_services.failed_steps(task),
            offers=offered,
            resolve_form=self._resolve_form(task, offered),
            graph=graph_picture(
                task_graph.graph_of_task(task),
                link=lambda name: "?" + urlencode({"step": name}),
                title="Steps and what they wait for",
                chosen=chosen,
            ),
            timeline=timeline_picture(task_timeline.timeline_of_task(task, is_over=over), title="What ran when"),
            lines=task_pages.step_lines(task),
            chosen=chosen,
            step=task_pages.step_view(self.actor, task, chosen) if chosen else None,
            inputs=task_services.shown_input(task),
            resolver_inputs=resolutions.resolver_inputs(resolution) if resolution and details else {},
            result=task_services.shown_result(task),
            people=_people(task),
            children=children,
            children_number=children_number,
            comments=[(said, self._may_change(said.username, said.automatic)) for said in task.comments.all()],
            journal=journal_pages.newest_of_journal(self.actor, task, size=_JOURNAL_SIZE),
            callbacks=task_pages.waiting_callbacks(self.actor, task),
            may_retry=acts.may_retry_steps(self.actor, task),
        )

    def _resolve_form(self, task: Task, offered: list[acts.Offer]) -> InputsForm | None:
        """The resolver's form, where this reader may resolve the task now."""
        if not any(offer.deed is Deed.RESOLVE and offer.is_open for offer in offered):
            return None
        definition = templates.definition_of(task.version_id)
        return InputsForm(template_pages.input_documents(definition.resolver_inputs))

    def _may_change(self, author: str, automatic: bool) -> bool:
        return not automatic and (author == self.actor.username or self.actor.is_admin)


def _people(task: Task) -> dict[str, list[str]]:
    return {
        "Watchers": task.names(MemberRole.WATCHER, MemberKind.USER),
        "Watching groups": task.names(MemberRole.WATCHER, MemberKind.GROUP),
        "Resolvers": task.names(MemberRole.RESOLVER, MemberKind.USER),
        "Resolving groups": task.names(MemberRole.RESOLVER, MemberKind.GROUP),
    }


class Do(Page):
    """A deed of one button."""

    route, name, section = "tasks/<uuid:public_id>/do/", "task-do", "tasks"

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        back = reverse("admin:task", args=[public_id])
        deed, reason = request.POST.get("deed", ""), request.POST.get("reason", "").strip()
        if deed not in frozenset(Deed):
            raise BadRequest("choose what to do")
        try:
            if deed == Deed.ASSIGN:
                names = [request.POST.get(key, "").replace(",", " ").split() for key in ("usernames", "groups")]
                task_services.read_task(self.actor, public_id)
                task_services.assign(self.actor, public_id, usernames=names[0], groups=names[1])
            else:
                acts.do(self.actor, public_id, Deed(deed), reason=reason)
        except ServiceError as refusal:
            return self.go(back, str(refusal), failed=True)
        return self.go(reverse("admin:tasks") if deed == Deed.DELETE else back, acts.DONE[Deed(deed)])

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.go(reverse("admin:task", args=[public_id]))


class StepDo(Page):
    """Try one step again, or give it another state."""

    route, name, section = "tasks/<uuid:public_id>/step/", "task-step-do", "tasks"

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        step, state = request.POST.get("step", ""), request.POST.get("state", "")
        reason = request.POST.get("reason", "").strip()
        back = f"{reverse('admin:task', args=[public_id])}?step={quote(step)}"
        try:
            if state:
                acts.set_step_state(self.actor, public_id, step, state, reason=reason)
                told = f"Step {step} is now {state}."
            else:
                acts.retry_step(self.actor, public_id, step, reason=reason)
                told = f"Step {step} is tried again."
        except ServiceError as refusal:
            return self.go(back, str(refusal), failed=True)
        return self.go(back, told)


class CommentDo(Page):
    """Say something, change it, take it back."""

    route, name, section = "tasks/<uuid:public_id>/comment/", "task-comment", "tasks"

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        back = f"{reverse('admin:task', args=[public_id])}#comments"
        task = task_services.read_task(self.actor, public_id)
        content, which = request.POST.get("content", "").strip(), request.POST.get("comment", "")
        try:
            if not which:
                comments.add_comment(self.actor, task, content)
            elif request.POST.get("delete"):
                comments.delete_comment(self.actor, task, uuid.UUID(which))
            else:
                comments.edit_comment(self.actor, task, uuid.UUID(which), content)
        except (BadRequest, PermissionDenied) as refusal:
            return self.go(back, str(refusal), failed=True)
        return self.go(back)
