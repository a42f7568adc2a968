"""A stub of the portal that speaks the API's shapes over real HTTP.

Owns the shapes and the recording of requests; each test sets the answers that it is about.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RUN_ID = "0198a1b2-c3d4-7e5f-8a6b-7f3c91a27f3c"
TOKEN = "plb_test"


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes = b""


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    #: Close the connection without a word.
    hang_up: bool = False

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def problem(status: int, detail: str, code: str = "", **extra: Any) -> Reply:
    body = {"type": f"urn:plumbline:problem:{code}", "title": "No", "status": status, "detail": detail, "code": code}
    return Reply(status, body | extra, "application/problem+json")


class StubPortal:
    """Answers by (method, path): a reply, a list of replies used one by one (the last stays), or a function."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[tuple[str, str], Any] = {}
        self.arrived = threading.Condition()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                stub.serve(self)

            do_POST = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def on(self, method: str, path: str, *replies: Reply | Callable[[Request], Reply]) -> None:
        self.answers[method, f"/api/v1{path}"] = list(replies)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in handler.headers.items()}
        is_json = bool(raw) and headers.get("content-type") == "application/json"
        request = Request(handler.command, parts.path, query, headers, json.loads(raw) if is_json else None, raw)
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
            replies = self.answers.get((request.method, request.path), [problem(404, "no such endpoint", "not_found")])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if headers.get("authorization") not in {f"Bearer {TOKEN}", None}:
            reply = problem(401, "the token is unknown, expired or revoked", "authentication_failed")
        self.send(handler, reply(request) if callable(reply) else reply)

    @staticmethod
    def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.hang_up:
            handler.close_connection = True
            return
        data = reply.data()
        handler.send_response(reply.status)
        for name, value in {"Content-Type": reply.kind, "Content-Length": str(len(data)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def of(self, method: str, path: str) -> list[Request]:
        return [it for it in self.requests if (it.method, it.path) == (method, f"/api/v1{path}")]

    def wait_for(self, method: str, path: str, times: int = 1) -> None:
        """Block until so many such requests have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.of(method, path)) >= times, timeout=20), (
                "no such request came"
            )


def a_run(**changes: Any) -> dict[str, Any]:
    run = {
        "id": RUN_ID, "short_id": "91a2-7f3c", "workflow": "order-fulfilment", "version": "2.3.0", "team": "checkout",
        "status": "finished", "result": "succeeded", "compensation": "none", "key": None,
        "created_at": "2031-05-01T12:00:00Z", "started_at": "2031-05-01T12:00:01Z",
        "finished_at": "2031-05-01T12:00:04Z", "duration_seconds": 3.2, "failed_step": "", "error_type": "",
        "error_message": "", "retry_of": None, "started_by": None, "trace_id": "a" * 32, "url": f"/runs/{RUN_ID}",
    }  # fmt: skip
    return run | changes


def a_step(**changes: Any) -> dict[str, Any]:
    step = {
        "name": "charge", "kind": "http", "status": "succeeded", "waiting_kind": "", "attempt": 1,
        "started_at": "2031-05-01T12:00:01Z", "finished_at": "2031-05-01T12:00:04Z", "not_before": None,
        "duration_seconds": 3.0, "error_type": "", "error_message": "", "effect": "happened", "compensation": "none",
        "idempotency_key": "k", "input": None, "output": None, "attempts": [],
    }  # fmt: skip
    return step | changes


def a_detail(steps: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    return a_run(input={"id": 1}, output=None, masked=False, sentence="", steps=steps or [], events=[]) | changes
