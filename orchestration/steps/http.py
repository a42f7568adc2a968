"""The http step: one request to a Dependency. Maps what comes back to an outcome. Never retries and never writes state.

Sent with every request: Idempotency-Key (writes; one per run, step and item, the same for all attempts), traceparent
(W3C Trace Context level 1) and X-Deadline (Unix milliseconds at which the answer is no longer wanted).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpcore

from orchestration import clock
from orchestration.limits import MAX_PAYLOAD
from orchestration.patience import outlast
from orchestration.policies.retry import ALWAYS_LATER
from orchestration.pooled import give_back
from orchestration.secrets import mask
from orchestration.selectors.targets import UnknownDependency, target_of
from orchestration.states import Effect
from orchestration.steps.announced import heed
from orchestration.steps.egress import Refused, pool, until
from orchestration.steps.outcome import Call, Completed, Failed, Outcome
from orchestration.telemetry import tracing

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Answers to a write that leave open whether it happened: a redirect that was not followed, a service or a gateway that
#: broke in the middle. 501, 503 and 505 say that nothing was done.
UNCLEAR = frozenset({*range(300, 400), 500, 502, 504, *range(506, 600)})
#: Bytes that are read of an answer that is a failure.
SHOWN = 64 * 1024
_PATH_SAFE = "/%:@!$&'()*+,;=-._~?"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOR_ANYONE = frozenset({b"accept", b"accept-encoding", b"user-agent", b"traceparent", b"x-deadline"})

Headers = list[tuple[bytes, bytes]]


class _TooLong(Exception):
    """The answer is over the limit, which the message names."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


#: Method, URL, headers, content and the limit in seconds; raises what httpcore does.
Exchange = Callable[[str, str, Headers, bytes, float], Answer]


def run(call: Call, exchange: Exchange | None = None) -> Outcome:
    """One request, redirects of safe methods followed, within `call.limit` seconds in all.

    `exchange`: who carries it instead of the network; examples/history.py replays without one.
    """
    try:
        target = outlast(lambda: target_of(call.dependency or "", call.secrets_used))
        method, url, headers, content = _request_of(call, target.base_url, target.headers)
    except (UnknownDependency, ValueError) as error:
        return Failed("http.request", str(error), retryable=False)
    give_back()
    call.assure()
    try:
        with tracing.exchange(call.trail, method, urlsplit(url).hostname or "") as told:
            answer = (exchange or _send)(method, url, headers, content, call.limit)
            if told is not None:
                told.status = answer.status
    except (Refused, _TooLong, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        return _failure_of(error, call)
    heed(call.dependency or "", answer.headers)
    return _outcome_of(answer, call)


def _failure_of(error: Exception, call: Call) -> Failed:
    """What an exchange without a whole answer means, and whether the other side may have acted."""
    lost = Effect.UNKNOWN if call.writes else Effect.NONE
    match error:
        case Refused():
            return Failed("http.refused", str(error), retryable=False)
        case _TooLong():
            return Failed("payload.too_large", f"{call.dependency}: {error}", False, lost)
        case httpcore.ConnectError() | httpcore.ConnectTimeout() | httpcore.PoolTimeout():
            return Failed("connection", f"no connection to {call.dependency}: {error}")
        case httpcore.TimeoutException():
            text = f"no answer from {call.dependency} within {call.limit:g} s"
            return Failed("timeout", text, effect=lost, timed_out=True)
        case httpcore.LocalProtocolError():
            return Failed("http.request", f"the request is not valid HTTP: {error}", retryable=False)
        case _:
            return Failed("connection", f"the connection to {call.dependency} broke: {error}", effect=lost)


def _request_of(call: Call, base_url: str, base_headers: dict[str, str]) -> tuple[str, str, Headers, bytes]:
    method = str(call.body.get("method") or "GET").upper()
    path = str(call.body.get("path") or "/")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"path {path[:80]!r} must begin with one slash")
    if any(part in {".", ".."} for part in path.partition("?")[0].split("/")):
        raise ValueError(f"path {path[:80]!r} may not contain '.' or '..' segments")
    url = base_url.rstrip("/") + quote(path, safe=_PATH_SAFE)
    query = call.body.get("query")
    if isinstance(query, dict) and query:
        pairs = {key: _scalar(value) for key, value in query.items() if value is not None}
        url += ("&" if "?" in url else "?") + urlencode(pairs)
    headers = {"accept": "application/json", "user-agent": "plumbline", **base_headers}
    headers |= {str(key).lower(): _scalar(value) for key, value in (call.body.get("headers") or {}).items()}
    headers["accept-encoding"] = "identity"  # without it a server may compress, and nobody here would unpack
    headers["traceparent"] = f"00-{call.trace_id}-{call.span_id}-01"
    headers["x-deadline"] = str(int(call.deadline.timestamp() * 1000))
    if call.writes:
        headers["idempotency-key"] = call.idempotency_key
    content = b""
    if call.body.get("json") is not None:
        content = json.dumps(call.body["json"], ensure_ascii=False, separators=(",", ":")).encode()
        headers["content-type"] = "application/json"
    elif method not in SAFE_METHODS:
        headers["content-length"] = "0"
    return method, url, _encoded(headers), content


def _encoded(headers: dict[str, str]) -> Headers:
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"header {name[:60]!r} is not a header name")
        if _CONTROL.search(value):  # named without its value, which may hold a secret
            raise ValueError(f"the value of header {name!r} has a line break or another control character")
    return [(name.encode("ascii"), value.strip().encode()) for name, value in headers.items()]


def _scalar(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _send(method: str, url: str, headers: Headers, content: bytes, limit: float) -> Answer:
    ends = time.monotonic() + limit
    for _ in range(MAX_REDIRECTS + 1):
        with until(ends):
            answer = _once(method, url, headers, content, limit)
        location = answer.headers.get("location")
        if answer.status not in REDIRECTS or location is None or method not in SAFE_METHODS:
            return answer
        new = _followed(url, location)
        if _origin(new) != _origin(url):  # what was meant for one host is not shown to another
            headers = [(name, value) for name, value in headers if name in _FOR_ANYONE]
        url = new
    raise httpcore.RemoteProtocolError(f"more than {MAX_REDIRECTS} redirects")


def _followed(url: str, location: str) -> str:
    try:
        new = quote(urljoin(url, location), safe=_PATH_SAFE + "#[]")
        if _origin(new)[0] in {"http", "https"} and _origin(new)[1]:
            return new
    except ValueError:
        pass
    raise httpcore.RemoteProtocolError(f"it redirects to {location[:200]!r}, which is no http URL")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _once(method: str, url: str, headers: Headers, content: bytes, limit: float) -> Answer:
    timeouts = {"connect": limit, "read": limit, "write": limit, "pool": limit}
    chunks, size = [], 0
    with pool().stream(method, url, headers=headers, content=content, extensions={"timeout": timeouts}) as response:
        for chunk in response.iter_stream():
            size += len(chunk)
            chunks.append(chunk)
            if size > SHOWN and response.status >= 300:
                break  # of a failure only the beginning is shown
            if size > MAX_PAYLOAD:
                raise _TooLong(f"the answer is larger than the limit of {MAX_PAYLOAD:,} bytes (4 MB)")
        named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, named, b"".join(chunks))


def _outcome_of(answer: Answer, call: Call) -> Outcome:
    if answer.status >= 300:
        error_type = f"http.{answer.status}"
        retryable = answer.status >= 500 or error_type in ALWAYS_LATER
        # Masked before it is cut: half a secret would not be recognised any more.
        text = mask(answer.body.decode("utf-8", "replace"), call.secrets_used)[:500]
        message = f"{call.dependency} answered {answer.status}: {text}".rstrip(": ")
        effect = Effect.UNKNOWN if call.writes and answer.status in UNCLEAR else Effect.NONE
        return Failed(error_type, message, retryable, effect, _retry_after(answer.headers.get("retry-after")))
    if not answer.body:
        return Completed(None)
    if "json" not in answer.headers.get("content-type", ""):
        return Completed(answer.body.decode("utf-8", "replace"))
    try:
        return Completed(json.loads(answer.body))
    except (ValueError, RecursionError) as error:
        effect = Effect.HAPPENED if call.writes else Effect.NONE
        return Failed("http.body", f"{call.dependency} answered with invalid JSON: {error}", False, effect)


def _retry_after(value: str | None) -> float | None:
    """Seconds, from either form of RFC 9110 §10.2.3; None when absent or unreadable."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value), 86_400.0)
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)  # "-0000" means UTC, RFC 5322 §3.3
        return min(max((at - clock.now()).total_seconds(), 0.0), 86_400.0)
    except (TypeError, ValueError, OverflowError):
        return None
