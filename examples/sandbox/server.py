"""HTTP for the sandbox: keep-alive, bounded bodies, JSON whatever happens.

Owns sockets and sleeping. Listens on 127.0.0.1 and nowhere else.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from examples.sandbox.app import Sandbox
from examples.sandbox.wire import Refused, Reply, Request

HOST = "127.0.0.1"
MOST_BYTES = 1_000_000
MOST_DRAINED = 16_000_000
ENDS_CONNECTION = {400, 411, 413}  # the body was not read, so what follows on the wire can't be told from it


class SandboxServer(ThreadingHTTPServer):
    """A thread per connection: the callers are a handful of workers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, sandbox: Sandbox, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__((HOST, port), Handler)
        self.sandbox = sandbox
        self.sleep = sleep

    def server_bind(self) -> None:
        """As the base class, but without asking the name service who 127.0.0.1 is, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def url(self) -> str:
        """Where it listens; with port 0 the system chose the port."""
        return f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that gave up is everyday life here, not worth a traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    timeout = 75  # seconds that an idle connection is kept
    disable_nagle_algorithm = True  # or small answers wait 40 ms for a delayed ACK
    wbufsize = -1  # head and body leave in one write

    def answer(self) -> None:
        """Read, judge, wait the latency, answer."""
        try:
            request = Request(
                self.command,
                self.path.partition("?")[0],
                {name.lower(): value for name, value in self.headers.items()},
                self._body(),
            )
            reply, delay = self.server.sandbox.respond(request)
        except Refused as refusal:
            reply, delay = refusal.reply, 0.0
            self.close_connection = self.close_connection or reply.status in ENDS_CONNECTION
        except RecursionError:
            reply, delay = Refused(400, "invalid_json", "the body is nested too deeply").reply, 0.0
        except OSError:
            self.close_connection = True  # the caller is gone or silent: nobody to answer
            return
        except Exception:
            traceback.print_exc()
            reply, delay = Refused(500, "internal", "the sandbox failed; its log says why").reply, 0.0
        if delay:
            self.server.sleep(delay)
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - names of the base class

    def _body(self) -> Any:
        if self.headers.get("Transfer-Encoding"):
            raise Refused(411, "length_required", "send Content-Length instead of Transfer-Encoding")
        given = self.headers.get("Content-Length", "0")
        if not (given.isascii() and given.isdigit()):
            raise Refused(400, "invalid_length", "Content-Length is not a number")
        if len(given) > 12 or int(given) > MOST_BYTES:
            self._drain(min(int(given[:12]), MOST_DRAINED))
            raise Refused(413, "body_too_large", f"a body has at most {MOST_BYTES} bytes")
        raw = self.rfile.read(int(given))
        if len(raw) < int(given):
            raise Refused(400, "body_cut_off", "the body is shorter than its Content-Length")
        if not raw:
            return None
        try:
            return json.loads(raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Refused(400, "invalid_json", "the body is not JSON") from None

    def _drain(self, left: int) -> None:
        """Read on for a while, or closing with unread bytes resets the connection before the 413 is seen."""
        while left > 0 and (chunk := self.rfile.read1(min(left, 65_536))):
            left -= len(chunk)

    def _send(self, reply: Reply) -> None:
        payload = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself (a broken request line, say), as JSON too."""
        self.close_connection = True
        self.request_version = self.protocol_version  # a line it can't read counts as HTTP/0.9, which has no head
        self.command = getattr(self, "command", None) or "GET"
        self._send(Refused(code, "bad_request", message or HTTPStatus(code).phrase).reply)

    def version_string(self) -> str:
        return "sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the runs tell what was called."""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
