"""The http step: one request to a Dependency. Maps what comes back to an outcome. Never retries and never writes state.

Sent with every request: Idempotency-Key (writes; one per run, step and item, the same for all attempts), traceparent
(W3C Trace Context level 1) and X-Deadline (Unix milliseconds at which the answer is no longer wanted).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpcore


from orchestration.limits import MAX_PAYLOAD
from orchestration.policies.retry import ALWAYS_LATER
from orchestration.selectors.targets import UnknownDependency, target_of
from orchestration.states import Effect
from orchestration.steps.egress import Refused, pool
from orchestration.steps.outcome import Call, Completed, Failed, Outcome

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PATH_SAFE = "/%:@!$&'()*+,;=-._~?"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def run(call: Call) -> Outcome:
    """One request, redirects of safe methods followed, within `call.limit` seconds in all."""
    try:
        target = target_of(call.dependency or "", call.secrets_used)
        method, url, headers, content = _request_of(call, target.base_url, target.headers)
    except (UnknownDependency, ValueError) as error:
        return Failed("http.request", str(error), retryable=False)
    lost = Effect.UNKNOWN if call.writes else Effect.NONE
    try:
        answer = _send(method, url, headers, content, call.limit)
    except Refused as error:
        return Failed("http.refused", str(error), retryable=False)
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
        return Failed("connection", f"no connection to {call.dependency}: {error}", effect=Effect.NONE)
    except httpcore.TimeoutException:
        return Failed("timeout", f"no answer from {call.dependency} within {call.limit:g} s", effect=lost, timed_out=True)
    except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
        return Failed("connection", f"the connection to {call.dependency} broke: {error}", effect=lost)
    except httpcore.LocalProtocolError as error:
        return Failed("http.request", f"the request is not valid HTTP: {error}", retryable=False)
    return _outcome_of(answer, call)


def _request_of(
    call: Call, base_url: str, base_headers: dict[str, str]
) -> tuple[str, str, list[tuple[str, str]], bytes]:
    method = str(call.body.get("method") or "GET").upper()
    path = str(call.body.get("path") or "/")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"path {path[:80]!r} must begin with one slash")
    if any(part in {".", ".."} for part in path.split("?")[0].split("/")):
        raise ValueError(f"path {path[:80]!r} may not contain '.' or '..' segments")
    url = base_url.rstrip("/") + quote(path, safe=_PATH_SAFE)
    query = call.body.get("query")
    if isinstance(query, dict) and query:
        pairs = {key: _scalar(value) for key, value in query.items() if value is not None}
        url += ("&" if "?" in url else "?") + urlencode(pairs)
    headers = {"accept": "application/json", "user-agent": "plumbline", **base_headers}
    headers |= {str(key).lower(): _scalar(value) for key, value in (call.body.get("headers") or {}).items()}
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
    return method, url, list(headers.items()), content


def _scalar(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _send(method: str, url: str, headers: list[tuple[str, str]], content: bytes, limit: float) -> _Answer:
    ends = time.monotonic() + limit
    for _ in range(MAX_REDIRECTS + 1):
        answer = _once(method, url, headers, content, ends)
        location = answer.headers.get("location")
        if answer.status not in REDIRECTS or location is None or method not in SAFE_METHODS:
            return answer
        new = urljoin(url, location)
        if urlsplit(new).scheme not in {"http", "https"}:
            return answer
        if urlsplit(new).netloc != urlsplit(url).netloc:
            headers = [(name, value) for name, value in headers if name not in {"authorization", "cookie"}]
        url = new
    raise httpcore.RemoteProtocolError(f"more than {MAX_REDIRECTS} redirects")


def _once(method: str, url: str, headers: list[tuple[str, str]], content: bytes, ends: float) -> _Answer:
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("out of time")
    timeouts = {"connect": left, "read": left, "write": left, "pool": left}
    encoded = [(name.encode("latin-1", "replace"), value.encode("utf-8")) for name, value in headers]
    chunks, size = [], 0
    with pool().stream(method, url, headers=encoded, content=content, extensions={"timeout": timeouts}) as response:
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > MAX_PAYLOAD:
                raise httpcore.RemoteProtocolError(f"the answer is larger than {MAX_PAYLOAD} bytes")
            if time.monotonic() > ends:  # a server that drips bytes resets the read timeout for ever
                raise httpcore.ReadTimeout("out of time")
            chunks.append(chunk)
        named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return _Answer(response.status, named, b"".join(chunks))


def _outcome_of(answer: _Answer, call: Call) -> Outcome:
    if answer.status >= 300:
        error_type = f"http.{answer.status}"
        retryable = answer.status >= 500 or error_type in ALWAYS_LATER
        text = answer.body[:500].decode("utf-8", "replace").replace("\x00", "")
        message = f"{call.dependency} answered {answer.status}: {text}".rstrip(": ")
        return Failed(error_type, message, retryable, retry_after=_retry_after(answer.headers.get("retry-after")))
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
    if value.strip().isdigit():
        return min(float(value), 86_400.0)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0), 86_400.0)
    except (TypeError, ValueError):
        return None
