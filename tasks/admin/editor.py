"""The editor of templates: its page, and what its script asks while one types."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from tasks.admin.forms import InputsForm
from tasks.admin.page import Page, json_answer, status_of
from tasks.admin.pictures import graph_picture
from tasks.drawing import look_of
from tasks.services import dry_runs, editor, template_pages
from tasks.services.dry_runs import Called, DryRun
from tasks.services.errors import BadRequest, ServiceError
from tasks.services.task_graph import TaskGraph
from tasks.services.values import encode, to_yaml

#: What a new text begins with.
_EXAMPLE = """\
name: hello
description: Greets somebody
title_format: Hello {{.input.name}}
auto_runnable: true
allow_all_resolver_usernames: true

inputs:
  - name: name
    description: Whom to greet

steps:
  compose:
    description: Write the greeting
    action:
      type: echo
      configuration:
        output:
          text: Hello {{.input.name}}!
  deliver:
    description: Say it to the world
    dependencies: [compose]
    retry_pattern: minutes
    action:
      type: http
      configuration:
        url: https://example.org/greetings
        method: POST
        body: |-
          {"text": "{{.step.compose.output.text}}"}

result_format:
  said: "{{.step.compose.output.text}}"
"""


class Editor(Page):
    """The page."""

    route, name, section, title = "editor/", "editor", "editor", "Template editor"
    template = "pages/editor.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("template", "")
        opened = editor.opened(wanted) if wanted else editor.Opened(_EXAMPLE, "")
        return self.show(
            opened=opened,
            wanted=wanted,
            names=[each["name"] for each in template_pages.page_of_templates(self.actor, size=1000, after="")],
            why_not_save=editor.why_not_save(self.actor),
        )


class _Asked(Page):
    """An address of the editor's script: answers and refusals are JSON."""

    section = "editor"

    def refuse(self, refusal: ServiceError) -> HttpResponse:
        fields = refusal.fields if isinstance(refusal, BadRequest) else {}
        return json_answer({"refused": str(refusal), "fields": fields}, status=status_of(refusal)[0])


class Known(_Asked):
    """What completion knows."""

    route, name = "editor/known/", "editor-known"

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(encode(editor.completion()), content_type="application/json")


class Check(_Asked):
    """Problems and graph of a text; and inputs and answers to begin a dry run with."""

    route, name, maintained = "editor/check/", "editor-check", True

    def post(self, request: HttpRequest) -> HttpResponse:
        checked = editor.check(_text(request))
        begin = None if checked.definition is None else dry_runs.suggestion(checked.definition)
        return json_answer(
            {
                "accepted": checked.definition is not None,
                "name": checked.definition.name if checked.definition else "",
                "problems": [
                    {"line": each.line, "step": each.step, "what": each.what, "mend": each.mend, "level": each.level}
                    for each in checked.problems
                ],
                "graph": _graph(checked.graph, ""),
                "forms": _forms(checked),
                "begin": begin
                and {
                    "inputs": _yaml(begin.inputs),
                    "resolver_inputs": _yaml(begin.resolver_inputs),
                    "script": _yaml(begin.script),
                },
            }
        )


class TryOut(_Asked):
    """A dry run of a text."""

    route, name, maintained = "editor/dry-run/", "editor-dry-run", True

    def post(self, request: HttpRequest) -> HttpResponse:
        checked = editor.check(_text(request))
        if checked.definition is None:
            raise BadRequest("the template is refused: mend it first")
        given = {name: _value(name, request.POST.get(name, "")) for name in ("inputs", "resolver_inputs", "script")}
        done = dry_runs.run(checked.definition, **given)
        return json_answer({"graph": _graph(checked.graph, "TODO"), **_told(done)})


class Save(_Asked):
    """Into the folder of templates, where that is allowed."""

    route, name = "editor/save/", "editor-save"

    def post(self, request: HttpRequest) -> HttpResponse:
        saved = editor.save(self.actor, _text(request), request.POST.get("mark", ""))
        return json_answer(
            {
                "name": saved.name,
                "mark": editor.opened(saved.name).mark,
                "page": reverse("admin:template", args=[saved.name]),
            }
        )


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n")


def _value(name: str, text: str) -> Any:
    try:
        return editor.document_of(text)
    except BadRequest as bad:
        raise BadRequest(f"{name}: {bad}", fields={name: [str(bad)]}) from None


def _yaml(value: Mapping[str, Any]) -> str:
    return to_yaml(value) if value else ""


def _forms(checked: editor.Checked) -> dict[str, str] | None:
    """What requester and resolver will be asked, as the pages of a task ask it; None where the text is refused."""
    if checked.definition is None:
        return None
    asked = {"inputs": (checked.definition.inputs, "in"), "resolver_inputs": (checked.definition.resolver_inputs, "re")}
    return {
        name: render_to_string(
            "parts/inputs.html",
            {"form": InputsForm(template_pages.input_documents(inputs), prefix=prefix), "nothing": "Nothing is asked."},
        )
        for name, (inputs, prefix) in asked.items()
    }


def _graph(found: TaskGraph, state: str) -> str:
    if not found.nodes:
        return ""
    nodes = tuple(type(node)(node.name, state, "", node.loop) for node in found.nodes)
    drawn = TaskGraph(nodes, found.edges)
    return str(graph_picture(drawn, link=lambda step: f"#step-{step}", title="Steps and what they wait for"))


def _told(done: DryRun) -> dict[str, Any]:
    return {
        "moments": [
            {
                "kind": moment.move.kind,
                "event": moment.move.event,
                "step": moment.move.step,
                "before": moment.move.before,
                "after": moment.move.after,
                "look": _look(moment.move.after),
                "attempt": moment.move.attempt,
                "detail": moment.move.detail,
                "seconds": moment.after_start.total_seconds(),
                "calls": _calls(moment.calls),
            }
            for moment in done.moments
        ],
        "state": done.state,
        "look": _look(done.state),
        "title": done.title,
        "result": "" if done.result is None else to_yaml(done.result),
        "result_error": done.result_error,
        "tags": dict(done.tags),
        "outputs": {step: to_yaml(output) for step, output in done.outputs.items()},
        "errors": dict(done.errors),
        "cut_off": done.cut_off,
    }


def _look(state: str) -> dict[str, str]:
    look = look_of(state)
    return {"family": look.family, "sign": look.sign}


def _calls(calls: Sequence[Called]) -> list[dict[str, Any]]:
    return [
        {
            "step": called.step,
            "action": called.action,
            "attempt": called.attempt,
            "pre_hook": called.is_pre_hook,
            "configuration": "" if called.configuration is None else to_yaml(called.configuration),
        }
        for called in calls
    ]
