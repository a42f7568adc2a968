"""An OpenTelemetry collector of a test's own: takes OTLP over HTTP and keeps the spans, decoded by OpenTelemetry's own shapes."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Received:
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    events: tuple[str, ...]
    links: tuple[str, ...]
    service: str


@dataclass
class Collector:
    spans: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Collector:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Content-Encoding") == "gzip":
                    data = gzip.decompress(data)
                collector._take(self.path, ExportTraceServiceRequest.FromString(data))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def of(self, trace_id: str) -> list[Received]:
        """The trace, oldest first."""
        with self.lock:
            return sorted((span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.start)

    def _take(self, path: str, request: Any) -> None:
        assert path == "/v1/traces", path
        for group in request.resource_spans:
            resource = {item.key: item.value.string_value for item in group.resource.attributes}
            found = [_received(span, resource["service.name"]) for scope in group.scope_spans for span in scope.spans]
            with self.lock:
                self.spans += found


def one_tree(spans: list[Received], root_parent: str) -> dict[str, Received]:
    """The spans by id; fails unless they are one tree under that parent, with each span in it once."""
    twice = [name for name, count in Counter(span.span_id for span in spans).items() if count > 1]
    assert not twice, f"told twice: {[span.name for span in spans if span.span_id in twice]}"
    by_id = {span.span_id: span for span in spans}
    assert [span.name for span in spans if span.parent_id == root_parent] != [], "no root"
    orphans = [span.name for span in spans if span.parent_id != root_parent and span.parent_id not in by_id]
    assert orphans == []
    assert len([span for span in spans if span.parent_id == root_parent]) == 1
    for span in spans:
        assert span.end >= span.start, span
    return by_id


def path_to(span: Received, by_id: dict[str, Received]) -> list[str]:
    """The names from the root to this span."""
    above = by_id.get(span.parent_id)
    return [*(path_to(above, by_id) if above is not None else []), span.name]


def _received(span: Any, service: str) -> Received:
    values = {}
    for item in span.attributes:
        kind = item.value.WhichOneof("value")
        values[item.key] = getattr(item.value, kind)
    return Received(
        span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
        span.start_time_unix_nano, span.end_time_unix_nano, span.status.code == 2, values,
        tuple(event.name for event in span.events), tuple(link.trace_id.hex() for link in span.links), service,
    )  # fmt: skip
