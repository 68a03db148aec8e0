"""Templates and functions, read-only. Source: docs/api.md, "Template"."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.api import queries
from tasks.api.paging import page_answer, page_size
from tasks.api.serializers.answers import in_order
from tasks.api.serializers.templates import FunctionAnswer, TemplateAnswer, TemplateInList
from tasks.api.views.base import Endpoint
from tasks.api.views.documentation import PAGE_PARAMETERS, described
from tasks.services import template_pages as templates


class Templates(Endpoint):
    """Templates in the order in which they were first loaded; hidden ones for administrators only."""

    operations = {"GET": "ListTemplates"}
    tag = "04 - template"

    @extend_schema(parameters=PAGE_PARAMETERS, responses=described(TemplateInList(many=True)))
    def get(self, request: Request) -> Response:
        size, last = page_size(request), queries.single(request, "last")
        found = templates.page_of_templates(self.actor, size=size, after=last)
        return page_answer(request, found, size=size, last=found[-1]["name"] if found else "")


class OneTemplate(Endpoint):
    """A template whole."""

    operations = {"GET": "GetTemplate"}
    tag = "04 - template"

    @extend_schema(responses=described(TemplateAnswer))
    def get(self, request: Request, template_name: str) -> Response:
        return Response(templates.shown_template(template_name))


class Functions(Endpoint):
    """Functions by name."""

    operations = {"GET": "ListFunctions"}
    tag = "05 - function"

    @extend_schema(parameters=PAGE_PARAMETERS, responses=described(FunctionAnswer(many=True)))
    def get(self, request: Request) -> Response:
        size, last = page_size(request), queries.single(request, "last")
        found = templates.page_of_functions(size=size, after=last)
        shown = [in_order(function, FunctionAnswer) for function in found]
        return page_answer(request, shown, size=size, last=found[-1]["name"] if found else "")


class OneFunction(Endpoint):
    """One function."""

    operations = {"GET": "GetFunction"}
    tag = "05 - function"

    @extend_schema(responses=described(FunctionAnswer))
    def get(self, request: Request, function_name: str) -> Response:
        return Response(in_order(templates.shown_function(function_name), FunctionAnswer))
