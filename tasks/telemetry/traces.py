"""Traces by OpenTelemetry, where an endpoint is configured and its packages are installed; else nothing at all.

A task is a trace: its id is the task's own, so that nothing has to be stored or carried for it. The request that made
the task is a trace of its caller's, to which the task's first span is linked; below that first span are the tries of
its steps, and what they call over HTTP goes on from there by ``traceparent``. Names and ids only, never a value.
Source: docs/operating.md, "Traces".
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from uuid import UUID

log = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_EXPORT_EVERY_MS = 1000
#: The ids that the next span is to have, instead of random ones: (trace, span).
_given_ids: ContextVar[tuple[int, int] | None] = ContextVar("given_ids", default=None)


def is_wanted() -> bool:
    """Whether an endpoint is configured."""
    return any(os.environ.get(name) for name in _ENDPOINTS) and os.environ.get("OTEL_SDK_DISABLED", "") != "true"


def is_installed() -> bool:
    """Whether the packages are there."""
    try:
        return all(find_spec(name) is not None for name in _PACKAGES)
    except ModuleNotFoundError:
        return False


@contextmanager
def request_span(name: str, headers: Mapping[str, str]) -> Iterator[Any]:
    """Around one request; goes on from the caller's ``traceparent``. Gives a span to name, or None."""
    tracer = _tracer()
    if tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {key: headers[key] for key in ("traceparent", "tracestate") if key in headers}
    parent = TraceContextTextMapPropagator().extract(carrier)
    with tracer.start_as_current_span(name, parent, SpanKind.SERVER, record_exception=False) as span:
        yield span


def request_ended(span: Any, *, operation: str, status: int, metadata: Mapping[str, str]) -> None:
    """Say what the request was; harmless with None."""
    if span is None:
        return
    from opentelemetry.trace import StatusCode

    if operation:
        span.update_name(operation)
    span.set_attribute("http.response.status_code", status)
    span.set_attributes({f"utask.{key}": value for key, value in metadata.items() if key.endswith(("_id", "_name"))})
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def task_created(task_id: str, template: str) -> None:
    """The first span of a task's trace, linked to what made it."""
    tracer = _tracer()
    if tracer is None:
        return
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, get_current_span

    made_by = get_current_span().get_span_context()
    token = _given_ids.set(_ids_of(task_id))
    try:
        span = tracer.start_span("task", Context(), links=[Link(made_by)] if made_by.is_valid else [])
    finally:
        _given_ids.reset(token)
    span.set_attributes({"utask.task_id": task_id, "utask.template_name": template})
    span.end()


@contextmanager
def step_span(task_id: str, resolution_id: str, step: str, action: str, tries: int) -> Iterator["StepSpan"]:
    """Around one try of a step. Gives what its outgoing requests carry as ``traceparent``."""
    tracer = _tracer()
    if tracer is None:
        yield StepSpan(None)
        return
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    trace, root = _ids_of(task_id)
    parent = NonRecordingSpan(SpanContext(trace, root, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
    attributes: dict[str, Any] = {
        "utask.task_id": task_id,
        "utask.resolution_id": resolution_id,
        "utask.step_name": step,
        "utask.action": action,
        "utask.try": tries,
    }
    context = set_span_in_context(parent)
    with tracer.start_as_current_span(
        f"step {action}", context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        yield StepSpan(span)


class StepSpan:
    """One try of a step, as it is traced; or nothing."""

    def __init__(self, span: Any) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """The header of W3C trace context; "" without traces."""
        if self._span is None:
            return ""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def failed(self, kind: str) -> None:
        """Say that it failed, by the name of the failure alone: the text may hold values."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", kind)


def flush() -> None:
    """Send what is waiting."""
    tracer = _tracer()
    if tracer is not None:
        _provider().force_flush()


def _ids_of(task_id: str) -> tuple[int, int]:
    """Trace and first span of a task: they follow from its id."""
    digest = hashlib.sha256(b"utask task span" + task_id.encode()).digest()
    return UUID(task_id).int, int.from_bytes(digest[:8], "big") or 1


def _tracer() -> Any:
    """The tracer of this process; None: no traces."""
    if not is_wanted() or not is_installed():
        return None
    return _provider().get_tracer("utask")


@lru_cache(maxsize=1)
def _provider() -> Any:
    """Made at first use: its thread must not be there before a worker is forked."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Random ids, but for a task's first span."""

        def generate_trace_id(self) -> int:
            given = _given_ids.get()
            return given[0] if given else super().generate_trace_id()

        def generate_span_id(self) -> int:
            given = _given_ids.get()
            return given[1] if given else super().generate_span_id()

    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "utask")})
    provider = TracerProvider(resource=resource, id_generator=Ids())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_EXPORT_EVERY_MS))
    log.info("traces are sent")
    return provider
