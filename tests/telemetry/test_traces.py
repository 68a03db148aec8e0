"""Traces: request, task, step, and what the step calls, told to a collector on loopback."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tasks import apps
from tasks.models import Task
from tasks.runner.coordinator import Coordinator
from tasks.telemetry import traces
from tests.peers.web import Reply, WebPeer
from tests.runner.conftest import document, load, runner, runners, test_actions
from tests.runner.turns import settle

__all__ = ["load", "runner", "runners", "test_actions"]

CANARY = "canary-9f2c"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STEPS = """
call:
  description: one
  action: {{type: http, configuration: {{url: "{url}/thing?token={{{{.input.secret}}}}", method: GET}}}}
fail:
  description: two
  max_retries: 1
  action: {{type: http, configuration: {{url: "{url}/bad", method: POST, body: "{{{{.input.secret}}}}"}}}}
own:
  description: three
  action:
    type: http
    configuration: {{url: "{url}/own", method: GET, headers: [{{name: Traceparent, value: mine}}]}}
"""


@pytest.fixture
def web() -> Iterator[WebPeer]:
    with WebPeer().serving() as peer:
        for path, status in (("/thing", 200), ("/own", 200), ("/bad", 400), ("/v1/traces", 200)):
            peer.on(path, Reply(status))
        yield peer


@pytest.fixture
def traced(web: WebPeer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", web.url)
    traces._provider.cache_clear()
    yield
    traces._provider().shutdown()
    traces._provider.cache_clear()


def spans(web: WebPeer) -> list[Any]:
    traces.flush()
    found = []
    for got in web.received:
        if got.path == "/v1/traces":
            told = ExportTraceServiceRequest.FromString(got.body)
            found += [span for each in told.resource_spans for scope in each.scope_spans for span in scope.spans]
    return found


def attributes(span: Any) -> dict[str, Any]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


@pytest.fixture
def made(load: Callable[..., None], web: WebPeer, settings: Any) -> Callable[[], Task]:
    """Asks the API for a task, as somebody whose request is traced."""
    settings.UTASK_REMOTE_USER_HEADER = "X-Remote-User"
    load(document("played", STEPS.format(url=web.url), "inputs: [{name: secret, description: d, type: password}]\n"))

    def make() -> Task:
        body = {"template_name": "played", "input": {"secret": CANARY}}
        headers = {"X-Remote-User": "ann", "traceparent": CALLER}
        answer = Client().post("/task", body, content_type="application/json", headers=headers)
        return Task.objects.get(public_id=answer.json()["id"])

    return make


def test_a_task_is_a_trace_from_its_request_to_what_its_steps_call(
    traced: None, made: Callable[[], Task], runner: Coordinator, web: WebPeer
) -> None:
    task = made()
    settle(runner)
    found = spans(web)
    [request] = [span for span in found if span.name == "CreateTask"]
    assert request.trace_id.hex() == CALLER.split("-")[1]
    assert request.parent_span_id.hex() == CALLER.split("-")[2]
    [first] = [span for span in found if span.name == "task"]
    assert uuid.UUID(bytes=first.trace_id) == task.public_id
    assert [link.span_id for link in first.links] == [request.span_id]
    steps = {attributes(span)["utask.step_name"]: span for span in found if span.name == "step http"}
    assert set(steps) == {"call", "fail", "own"}
    for span in steps.values():
        assert (span.trace_id, span.parent_span_id) == (first.trace_id, first.span_id)
    sent = {got.path: got.headers.get("traceparent") for got in web.received}
    assert sent["/thing"] == f"00-{first.trace_id.hex()}-{steps['call'].span_id.hex()}-01"
    assert sent["/own"] == "mine"
    assert (steps["call"].status.code, steps["fail"].status.code) == (0, 2)
    assert attributes(steps["fail"])["error.type"] == "ClientError"


def test_no_span_holds_a_value(traced: None, made: Callable[[], Task], runner: Coordinator, web: WebPeer) -> None:
    made()
    settle(runner)
    assert spans(web)
    told = b"".join(got.body for got in web.received if got.path == "/v1/traces")
    assert CANARY.encode() not in told
    assert b"/thing" not in told


def test_nothing_is_sent_where_no_endpoint_is_configured(
    made: Callable[[], Task], runner: Coordinator, web: WebPeer
) -> None:
    made()
    settle(runner)
    assert {got.path for got in web.received} == {"/thing", "/bad", "/own"}
    assert [got.path for got in web.received if "traceparent" in got.headers] == ["/own"]


def test_packages_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert apps.check_traces() == []
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert apps.check_traces() == []
    monkeypatch.setattr(traces, "is_installed", lambda: False)
    assert [message.id for message in apps.check_traces()] == ["utask.W005"]
