"""How the API's description is made: operation ids and tags stand on the views, shapes on the serializers.

Source: docs/api.md, "Description".
"""

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from tasks.api.bodies import Body
from tasks.api.serializers.answers import Answer
from tasks.config.current import configuration

_PATH_PARAMETERS = {
    "task_id": "Id of the task.",
    "resolution_id": "Id of the resolution.",
    "comment_id": "Id of the comment.",
    "callback_id": "Id of the callback.",
    "template_name": "Name of the template, in lower case.",
    "function_name": "Name of the function.",
    "step_name": "Name of the step; children of a loop are named `STEP-INDEX`.",
}


class OperationSchema(AutoSchema):
    """Takes the operation's id and tag from the view, and the request's forms from what the parser reads."""

    def get_operation_id(self) -> str:
        operations: dict[str, str] = getattr(self.view, "operations", {})
        return operations.get(self.method) or str(super().get_operation_id())

    def get_summary(self) -> str:
        words = re.findall("[A-Z][a-z]*", self.get_operation_id())
        return " ".join(words).capitalize()

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "x-misc")]

    def map_parsers(self) -> list[Any]:
        return ["application/json", "application/x-yaml"]

    def map_renderers(self, attribute: str) -> list[Any]:
        return ["application/json", "application/x-yaml"]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "in": "path",
                "name": name,
                "required": True,
                "description": _PATH_PARAMETERS[name],
                "schema": {"type": "string"} | ({"format": "uuid"} if name.endswith("_id") else {}),
            }
            for name in variables
        ]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Answer):
            # What may be left out is the answer's own affair; what is there is not null then.
            schema["required"] = serializer.always_there()
            for name, described in schema["properties"].items():
                described.pop("readOnly", None)
                if name not in schema["required"]:
                    described.pop("nullable", None)
        if isinstance(serializer, Body):
            for name, described in schema["properties"].items():
                # Null counts as absent, and as an empty body.
                described |= {} if name in schema.get("required", ()) else {"nullable": True}
            if not schema.get("required"):
                schema["nullable"] = True
        return schema


class _Basic(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    target_class = "tasks.api.authentication.BasicAuthentication"
    name = "basic"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "basic"}


class _Token(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tasks.api.authentication.TokenAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token that the admin made for you."}


class _Session(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tasks.api.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class _Header(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tasks.api.authentication.HeaderAuthentication"
    name = "proxy"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        header = settings.UTASK_REMOTE_USER_HEADER or "X-Remote-User"
        return {"type": "apiKey", "in": "header", "name": header, "description": "Set by a proxy that is trusted."}


class _Plugin(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tasks.api.authentication.PluginAuthentication"
    name = "plugin"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "plugin", "description": "What an init plugin of this installation asks for."}


def document() -> dict[str, Any]:
    """The OpenAPI 3 document of this process's configuration."""
    cfg = configuration().cfg
    return _document(cfg.application_name or "µTask", cfg.dashboard_api_path_prefix or "/")


@lru_cache(maxsize=1)
def _document(title: str, server: str) -> dict[str, Any]:
    generator: Any = SchemaGenerator
    made: dict[str, Any] = generator(urlconf="tasks.api.urls").get_schema(request=None, public=True)
    made["info"] = {**made["info"], "title": title, "version": settings.UTASK_VERSION}
    made["servers"] = [{"url": server}]
    made["components"]["responses"] = _shared_refusals(made["paths"])
    return made


def _shared_refusals(paths: dict[str, Any]) -> dict[str, Any]:
    """The refusals that all operations have in common, each told once; operations refer to them."""
    shared: dict[str, Any] = {}
    for operations in paths.values():
        for operation in operations.values():
            responses = operation["responses"]
            for status in responses:
                if status >= "400" and shared.setdefault(f"Refused{status}", responses[status]) == responses[status]:
                    responses[status] = {"$ref": f"#/components/responses/Refused{status}"}
    return shared
