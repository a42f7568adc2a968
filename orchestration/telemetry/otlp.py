"""Sends spans to an OpenTelemetry collector, OTLP over HTTP, by the SDK's batch processor. Imported only when there is one.

The processor's queue is bounded and its thread is its own, so a collector that is slow or away costs whoever tells of a span
nothing; what does not fit is dropped. Each process has a processor of its own, a forked child too. Owns the translation into
the SDK's spans. Never decides what is told: telemetry/tracing.py does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from orchestration.telemetry import spans

#: Milliseconds that a span waits for others. A killed process takes along what still waits, so a fifth of the default;
#: OTEL_BSP_SCHEDULE_DELAY says otherwise.
SOON = 1000

_KINDS: Mapping[spans.Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
}
_SCOPE = InstrumentationScope("plumbline")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Otlp:
    """See the module. Endpoint, headers, timeouts, resource and sampler are read by the SDK from its OTEL_* variables."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        self._resource = Resource.create(None if named else {"service.name": "plumbline"})
        # Without a parent every sampler decides by the trace id alone, so all processes decide alike for one trace.
        self._sampler = TracerProvider(resource=self._resource, shutdown_on_exit=False).sampler
        self._delay = None if environ.get("OTEL_BSP_SCHEDULE_DELAY") else SOON
        self._lock = threading.Lock()
        self._mine: tuple[int, BatchSpanProcessor] | None = None

    def emit(self, ended: Sequence[spans.Span]) -> None:
        """Queue them."""
        processor = self._processor()
        for span in ended:
            decision = self._sampler.should_sample(None, int(span.trace_id, 16), span.name).decision
            if decision is Decision.RECORD_AND_SAMPLE:
                processor.on_end(self._translated(span))

    def close(self, patience: float) -> None:
        """Send the rest; a collector that does not answer keeps nobody for longer."""
        if self._mine is not None and self._mine[0] == os.getpid():
            ending = threading.Thread(target=self._mine[1].shutdown, name="spans-end", daemon=True)
            ending.start()
            ending.join(patience)

    def _processor(self) -> BatchSpanProcessor:
        mine = self._mine
        if mine is not None and mine[0] == os.getpid():
            return mine[1]
        with self._lock:
            if self._mine is None or self._mine[0] != os.getpid():
                processor = BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=self._delay)
                self._mine = (os.getpid(), processor)
            return self._mine[1]

    def _translated(self, span: spans.Span) -> ReadableSpan:
        return ReadableSpan(
            span.name,
            context=_context(span.trace_id, span.span_id),
            parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.at) for event in span.events],
            links=[Link(_context(link.trace_id, link.span_id)) for link in span.links],
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.start,
            end_time=max(span.end, span.start),
            instrumentation_scope=_SCOPE,
        )


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED)
