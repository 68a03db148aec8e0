"""``GET /unsecured/spec.json``: valid, complete, with examples that are what they show."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from tasks.api import openapi
from tasks.api.serializers.examples import VALUES
from tests.api.clients import Person

#: Operations that are open to everybody.
OPEN = {
    "/unsecured/callback/{callback_id}",
    "/unsecured/mon/ping",
    "/unsecured/mon/live",
    "/unsecured/mon/ready",
    "/unsecured/spec.json",
    "/unsecured/time",
}
#: Paths that are made for pages, not for clients.
PAGES = {"", "ui/swagger/", "ui/dashboard/", "ui/dashboard/<path:path>"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    reset_generator_stats()
    openapi._document.cache_clear()
    return openapi.document()


def test_it_is_valid_and_nothing_was_left_open(document: dict[str, Any]) -> None:
    validate(document)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_path_is_described(document: dict[str, Any]) -> None:
    routes = {str(pattern.pattern) for pattern in get_resolver("tasks.api.urls").url_patterns} - PAGES
    described = {path.lstrip("/").replace("{", "<str:").replace("}", ">") for path in document["paths"]}
    assert described == routes


def test_every_operation_says_what_it_is_and_how_it_may_end(document: dict[str, Any]) -> None:
    ids = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            ids.append(operation["operationId"])
            assert operation["description"], (method, path)
            assert operation["summary"], (method, path)
            assert all(parameter.get("description") for parameter in operation.get("parameters", [])), (method, path)
            if not path.startswith("/unsecured/"):
                assert {"400", "401", "403", "404", "405", "409", "503"} <= set(operation["responses"]), (method, path)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", VALUES)
def test_every_example_is_what_it_shows(document: dict[str, Any], name: str) -> None:
    # References of the shape lead to the document's components.
    shape = document["components"]["schemas"][name] | {"components": document["components"]}
    OAS30Validator(shape).validate(VALUES[name])


def test_no_operation_ignores_who_asks(
    document: dict[str, Any], someone: Callable[[str], Person], settings: Any
) -> None:
    settings.UTASK_OPEN_METRICS = False
    ignoring = set()
    for path, operations in document["paths"].items():
        for method in operations:
            target = re.sub(r"{\w+_id}", "00000000-0000-4000-8000-000000000000", path)
            answer = someone("")._send("", method.upper(), re.sub(r"{\w+}", "x", target), b"{}", {})
            if answer.status_code != 401:
                ignoring.add(path)
            else:
                assert answer.content == b""
    assert ignoring == OPEN


def test_it_is_open_and_told_in_yaml_too(someone: Callable[[str], Person]) -> None:
    nobody = someone("")
    assert nobody.read("/unsecured/spec.json")["openapi"].startswith("3.")
    assert nobody.get("/unsecured/spec.json", Accept="application/x-yaml").status_code == 200
