"""A service that logs every request and never deduplicates: what the engine did is what stands here.

`/fast`, `/slow?seconds=…`, `/fail?status=…`. Each answer carries an id of its own.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Recorded:
    method: str
    path: str
    key: str
    body: Any
    given: int
    at: datetime
    answered: bool = False
    traceparent: str = ""


@dataclass
class Recorder:
    port: int = 0
    requests: list[Recorded] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    hold: threading.Event = field(default_factory=threading.Event)
    released: set[int] = field(default_factory=set)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Recorder:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                recorder._answer(self)

            do_GET = do_POST = do_DELETE = do_PUT = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that was killed is what the tests are about."""

        self.hold.set()
        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        with self.lock:
            key = handler.headers.get("Idempotency-Key", "")
            recorded = Recorded(handler.command, parts.path, key, body, next(self._ids), datetime.now(UTC))
            recorded.traceparent = handler.headers.get("traceparent", "")
            self.requests.append(recorded)
        if parts.path.startswith("/held"):
            while not self.hold.wait(0.02) and recorded.given not in self.released:
                pass
        time.sleep(float(query.get("seconds", ["0"])[0]))
        status = int(query.get("status", ["200"])[0])
        data = json.dumps({"id": recorded.given, "path": parts.path}).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
        recorded.answered = True

    def all(self) -> list[Recorded]:
        with self.lock:
            return list(self.requests)

    def of(self, path: str) -> list[Recorded]:
        return [request for request in self.all() if request.path == path]
