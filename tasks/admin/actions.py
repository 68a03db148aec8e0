"""Actions and functions with their documentation: what a step can call."""

from django.http import HttpRequest, HttpResponse

from tasks.admin.page import Page
from tasks.services import action_pages


class Actions(Page):
    """All of them."""

    route, name, section, title = "actions/", "actions", "actions", "Actions and functions"
    template = "pages/actions.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(
            actions=action_pages.actions(),
            functions=action_pages.functions(),
            problems=action_pages.source_problems(self.actor),
        )


class OneAction(Page):
    """Its configuration, key by key, and its metadata."""

    route, name, section = "actions/<path:action_name>/", "action", "actions"
    template = "pages/action.html"

    def get(self, request: HttpRequest, action_name: str) -> HttpResponse:
        return self.show(title=action_name, action=action_pages.action(action_name))


class OneFunction(Page):
    """Its text and what it is made of."""

    route, name, section = "functions/<path:function_name>/", "function", "actions"
    template = "pages/function.html"

    def get(self, request: HttpRequest, function_name: str) -> HttpResponse:
        return self.show(title=function_name, function=action_pages.function(function_name))
