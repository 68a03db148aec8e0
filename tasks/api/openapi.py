"""How the API's description is made: operation ids and tags stand on the views. Source: docs/api.md, "Description"."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from tasks.config.current import configuration


class OperationSchema(AutoSchema):
    """Takes the operation's id and tag from the view, and the request's forms from what the parser reads."""

    def get_operation_id(self) -> str:
        operations: dict[str, str] = getattr(self.view, "operations", {})
        return operations.get(self.method) or str(super().get_operation_id())

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "x-misc")]

    def map_parsers(self) -> list[Any]:
        return ["application/json", "application/x-yaml"]

    def map_renderers(self, attribute: str) -> list[Any]:
        assert attribute in ("media_type", "format")
        return ["application/json", "application/x-yaml"]


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
    return made
