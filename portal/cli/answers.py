"""Reads what the portal answered: JSON it is known to send, or a sentence about what came instead.

Owns the way from an HTTP status and body to a Failure with its exit code. Never sends anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .exits import ExitCode, Failure
from .plain import one_line

NO_PORTAL = "check --url or PLUMBLINE_URL: it should be the address at which the portal's pages open"
_SIGN_IN = "set PLUMBLINE_TOKEN or --token to a token; your account page in the portal makes one"
_RENEW = "the token is unknown, expired or revoked; your account page in the portal makes a new one"
_EXITS = {401: ExitCode.NOT_PERMITTED, 403: ExitCode.NOT_PERMITTED, 404: ExitCode.NOT_FOUND, 400: ExitCode.USAGE}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came over the wire, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. `created` tells a new thing from one that was there (201 from 200)."""

    created: bool
    value: dict[str, Any]


def read_answer(reply: Reply, url: str, *, signed: bool) -> Answer:
    """The answer. Raises Failure for any that is not a success of this API."""
    value = _json(reply)
    if 200 <= reply.status < 300 and isinstance(value, dict):
        return Answer(reply.status == 201, value)
    if isinstance(value, dict) and reply.status >= 400 and ("detail" in value or "title" in value):
        raise _told(reply, value, signed=signed)
    raise _strange(reply, url, signed=signed)


def _told(reply: Reply, problem: Mapping[str, Any], *, signed: bool) -> Failure:
    """The portal said itself what is wrong."""
    problems, violations = _objects(problem.get("problems")), _objects(problem.get("violations"))
    detail = str(problem.get("detail") or problem.get("title"))
    message = "the portal refuses the manifests; nothing was written" if problems else detail
    return Failure(
        message,
        exit_of(reply.status),
        # Of a token that it doesn't take, the portal tells the remedy itself.
        remedy="" if reply.status == 401 and signed else _remedy(reply, signed=signed),
        code=str(problem.get("code") or ""),
        problems=problems,
        violations=violations,
        extra={"status": reply.status},
    )


def _strange(reply: Reply, url: str, *, signed: bool) -> Failure:
    """Something answered that does not speak this API: a proxy, another server, a sign-in page."""
    kind = one_line(reply.headers.get("content-type", "")).partition(";")[0] or "no content type"
    code = ExitCode.NOT_PERMITTED if reply.status in {401, 403} else ExitCode.UNREACHABLE
    said = f"{url} answered {reply.status} with {kind}, which is no answer of a portal"
    remedy = NO_PORTAL
    if 300 <= reply.status < 400:
        said = f"{url} redirects to {one_line(reply.headers.get('location', 'nowhere'))}"
        remedy = "give the final address as --url; the token is not sent on to another one"
    elif reply.status >= 500:
        said = f"{url} answered {reply.status}; the portal behind it is down or failing"
        remedy = "try again in a minute; its /readyz says what is wrong"
    elif code is ExitCode.NOT_PERMITTED:
        remedy = _remedy(reply, signed=signed)
    return Failure(said, code, remedy=remedy, code="unexpected_answer", extra={"status": reply.status})


def exit_of(status: int) -> ExitCode:
    """The exit code of an error status. Too many requests is a portal out of reach, for now."""
    if status == 429 or status >= 500:
        return ExitCode.UNREACHABLE
    return _EXITS.get(status, ExitCode.NO)


def _remedy(reply: Reply, *, signed: bool) -> str:
    if reply.status == 401:
        return _RENEW if signed else _SIGN_IN
    if reply.status == 403 and not signed:
        return _SIGN_IN
    if reply.status == 429:
        wait = one_line(reply.headers.get("retry-after", ""))
        return f"try again in {wait} seconds" if wait.isdigit() else "try again in a minute"
    return "try again in a minute; the portal's log has the cause" if reply.status >= 500 else ""


def _json(reply: Reply) -> Any:
    if "json" not in reply.headers.get("content-type", ""):
        return None
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def report_of(answer: Mapping[str, Any], url: str) -> list[dict[str, Any]]:
    """The lines of an import's report. Raises Failure where the portal sent none."""
    lines = answer.get("lines")
    if not isinstance(lines, list):
        raise Failure(f"{url} sent no report", ExitCode.UNREACHABLE)
    return lines
