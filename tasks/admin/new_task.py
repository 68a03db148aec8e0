"""New task: a gallery of templates, then a form made of what the chosen one asks for."""

import shlex
import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.forms import ExtrasForm, InputsForm
from tasks.admin.page import Page
from tasks.services import durations, permissions, template_pages, templates
from tasks.services import tasks as task_services
from tasks.services.creation import NewTask
from tasks.services.errors import BadRequest, NotFound, PermissionDenied
from tasks.services.values import encode

_ALL = 10_000


class Gallery(Page):
    """The templates to choose from."""

    route, name, section, title = "new/", "new", "new", "New task"
    template = "pages/gallery.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = request.GET.get("template_name", "")
        if chosen:
            rest = request.GET.copy()
            rest.pop("template_name")
            return self.go(f"{reverse('admin:new-task', args=[chosen])}?{rest.urlencode()}")
        found = template_pages.page_of_templates(self.actor, size=_ALL, after="")
        found.sort(key=lambda document: (document["blocked"], document["description"].lower()))
        return self.show(templates=found)


class New(Page):
    """The form of one template."""

    route, name, section = "new/<str:template_name>/", "new-task", "new"
    template = "pages/new_task.html"

    def get(self, request: HttpRequest, template_name: str) -> HttpResponse:
        document = template_pages.shown_template(template_name)
        form = InputsForm(document.get("inputs") or (), values=self._earlier(request.GET.get("again", "")))
        form.prefill(request.GET)
        people = {name: request.GET.getlist(name) for name in ("watcher_usernames", "watcher_groups")}
        return self._show(document, form, ExtrasForm(initial=people))

    def post(self, request: HttpRequest, template_name: str) -> HttpResponse:
        document = template_pages.shown_template(template_name)
        form, extras = InputsForm(document.get("inputs") or (), request.POST), ExtrasForm(request.POST)
        if form.is_valid() and extras.is_valid():
            if request.POST.get("show") == "call":
                call, link = self._call(document, form, extras), self._link(document, form, extras)
                return self._show(document, form, extras, call=call, link=link)
            try:
                task = task_services.create_task(self.actor, document["name"], form.values(), _new_task(extras))
            except PermissionDenied as refusal:
                form.add_error(None, str(refusal))
            except BadRequest as refusal:
                _tell(refusal, form, extras)
            else:
                return self.go(reverse("admin:task", args=[task.public_id]))
        return self._show(document, form, extras)

    def _earlier(self, public_id: str) -> dict[str, Any] | None:
        """What an earlier task was asked with, for one who may read it: to ask for the like again."""
        if not public_id:
            return None
        try:
            return task_services.shown_input(task_services.read_task(self.actor, uuid.UUID(public_id)))
        except ValueError:
            raise NotFound(f"no such task: {public_id}") from None

    def _show(
        self, document: dict[str, Any], form: InputsForm, extras: ExtrasForm, *, call: str = "", link: str = ""
    ) -> HttpResponse:
        row = templates.template_named(document["name"])
        return self.show(
            title=document["description"] or document["name"],
            document=document,
            form=form,
            extras=extras,
            call=call,
            link=link,
            may_name_resolvers=self.actor.is_admin or permissions.owns(self.actor, row),
        )

    def _call(self, document: dict[str, Any], form: InputsForm, extras: ExtrasForm) -> str:
        """The same request as a call of the API."""
        body: dict[str, Any] = {"template_name": document["name"], "input": form.shown_values()}
        people = ("watcher_usernames", "watcher_groups", "resolver_usernames", "resolver_groups")
        body |= {name: extras.names(name) for name in people if extras.names(name)}
        if extras.tags():
            body["tags"] = extras.tags()
        body |= {name: extras.cleaned_data[name] for name in ("comment", "delay") if extras.cleaned_data[name]}
        address = self.request.build_absolute_uri("/task")
        return (
            f"curl -u {shlex.quote(self.actor.username)} -H 'Content-Type: application/json' \\\n"
            f"  --data {shlex.quote(encode(body))} \\\n  {shlex.quote(address)}"
        )

    def _link(self, document: dict[str, Any], form: InputsForm, extras: ExtrasForm) -> str:
        """An address that opens this form filled so, for a page or a message; without passwords."""
        given = [("template_name", document["name"]), *form.address_values()]
        given += [(name, each) for name in ("watcher_usernames", "watcher_groups") for each in extras.names(name)]
        return self.request.build_absolute_uri(f"{reverse('admin:new')}?{urlencode(given)}")


def _new_task(extras: ExtrasForm) -> NewTask:
    text = extras.cleaned_data["delay"].strip()
    try:
        delay = durations.read_span(text) if text else None
    except ValueError:
        raise BadRequest("delay", fields={"delay": ["write it like 30s, 15m or 2h45m"]}) from None
    return NewTask(
        comment=extras.cleaned_data["comment"],
        delay=delay,
        tags=extras.tags(),
        watcher_usernames=extras.names("watcher_usernames"),
        watcher_groups=extras.names("watcher_groups"),
        resolver_usernames=extras.names("resolver_usernames"),
        resolver_groups=extras.names("resolver_groups"),
    )


#: What services call a field, and where it stands in the form.
_EXTRAS = {"delay": "delay", "content": "comment", "tags": "tag_keys"}


def _tell(refusal: BadRequest, form: InputsForm, extras: ExtrasForm) -> None:
    about_extras = {
        name: texts for name, texts in refusal.fields.items() if name in _EXTRAS and name not in form.fields
    }
    for name, texts in about_extras.items():
        extras.add_error(_EXTRAS[name], list(texts))
    rest = {name: texts for name, texts in refusal.fields.items() if name not in about_extras}
    if rest or not about_extras:
        form.take_refusal(BadRequest(str(refusal), fields=rest))
