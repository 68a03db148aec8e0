"""Templates: what there is, how it goes with each, and for administrators what could not be loaded."""

from typing import Any, get_args

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.page import Page
from tasks.admin.pictures import graph_picture
from tasks.models import clock
from tasks.services import action_pages, task_graph, template_pages, template_statistics, template_switches
from tasks.services import template_upkeep as upkeep
from tasks.services.errors import BadRequest
from tasks.services.template_switches import Switch


class Templates(Page):
    """The list, with use and failures of the last weeks."""

    route, name, section, title = "templates/", "templates", "templates", "Templates"
    template = "pages/templates.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        search = request.GET.get("search", "").strip()
        words = search.lower().split()
        lines = upkeep.overview(self.actor, clock.now())
        found = [line for line in lines if all(word in f"{line.name} {line.description}".lower() for word in words)]
        return self.show(
            lines=found,
            number=len(lines),
            search=search,
            days=template_statistics.DAYS,
            problems=upkeep.load_problems(self.actor),
            action_problems=action_pages.source_problems(self.actor),
        )


class OneTemplate(Page):
    """Documentation, inputs, graph, versions and who may resolve."""

    route, name, section = "templates/<path:template_name>/", "template", "templates"
    template = "pages/template.html"

    def get(self, request: HttpRequest, template_name: str) -> HttpResponse:
        document = template_pages.shown_template(template_name)
        found = upkeep.detail(template_name)
        used = template_statistics.usage(self.actor, clock.now(), template=template_name)
        graph = task_graph.graph_of_template(found.current.pk)
        return self.show(
            title=document["description"] or document["name"],
            document=document,
            found=found,
            usage=used.get(found.row.pk, template_statistics.NONE),
            days=template_statistics.DAYS,
            graph=graph_picture(graph, link=lambda step: f"#step-{step}", title=f"Steps of {template_name}"),
            **self._compared(request, found),
        )

    def _compared(self, request: HttpRequest, found: upkeep.Detail) -> dict[str, Any]:
        """The diff of the two versions that the address names, else nothing."""
        before, after = request.GET.get("from", ""), request.GET.get("to", "")
        if not before.isdecimal() or not after.isdecimal() or len(before + after) > 12:
            numbers = [version.number for version in found.versions[:2]]
            return {"before": numbers[-1], "after": numbers[0], "diff": None}
        diff = upkeep.difference(found.row, int(before), int(after))
        return {"before": int(before), "after": int(after), "diff": diff}


class SwitchTemplate(Page):
    """Block or hide a template by hand."""

    route, name, section = "template-switches/<path:template_name>/", "template-switch", "templates"
    administrators_only = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, template_name: str) -> HttpResponse:
        which, on = request.POST.get("switch", ""), request.POST.get("on") == "yes"
        switch: Switch | None = next((known for known in get_args(Switch) if known == which), None)
        if switch is None:
            raise BadRequest(f'there is no switch "{which}"')
        template_switches.switch(self.actor, template_name, switch, on=on)
        told = f"{template_name} is {switch} by hand." if on else f"{template_name}: its file decides again."
        return self.go(reverse("admin:template", args=[template_name]), told)


class Reload(Page):
    """Load the folders of templates and functions again."""

    route, name, section = "template-reload/", "templates-reload", "templates"
    administrators_only = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        report = upkeep.reload(self.actor)
        words = {"new": report.created, "changed": report.changed, "archived": report.archived}
        words |= {"deleted": report.deleted, "unchanged": report.unchanged}
        told = ", ".join(f"{len(names)} {word}" for word, names in words.items() if names) or "no template"
        told = f"Loaded: {told}; {len(report.functions)} functions."
        if report.has_errors:
            told += " Some files are refused: see below."
        return self.go(reverse("admin:templates"), told, failed=report.has_errors)
