"""What a span is, which ids it has, and the W3C trace context that travels between services. Pure.

Ids that more than one process must know are derived from what they stand for: whoever ends a run or an attempt, and
whoever is called by it meanwhile, names the same span. Owns these shapes and ids; never sends anything: telemetry/otlp.py does.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

Value = str | int | float | bool
Attributes = Mapping[str, Value]
Kind = Literal["internal", "server", "client", "producer"]

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Context:
    """A place in a trace: what is begun there has `span_id` as its parent."""

    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment (nanoseconds of Unix time) of a span."""

    name: str
    at: int
    attributes: Attributes


@dataclass(slots=True)
class Span:
    """Work that ended. Times in nanoseconds of Unix time; `error` says in a word or two what went wrong, "" that nothing did."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: Kind
    start: int
    end: int
    attributes: dict[str, Value]
    error: str = ""
    events: list[Event] = field(default_factory=list)
    links: list[Context] = field(default_factory=list)


#: Where the thread is: the request that it answers, for logs and for what the request starts.
here: ContextVar[Context | None] = ContextVar("trace_context", default=None)


def start_id(run_id: uuid.UUID) -> str:
    """The span in which the run was started: the parent of the run's own."""
    return _derived("start", run_id.bytes)


def run_id_of(run_id: uuid.UUID) -> str:
    """The run's own span: the parent of its attempts."""
    return _derived("run", run_id.bytes)


def attempt_id(run_id: uuid.UUID, step: str, fence: int) -> str:
    """One attempt of a step or of its compensation: each claim has a fence of its own."""
    return _derived("attempt", run_id.bytes, step.encode(), fence.to_bytes(8, "big"))


def call_id(run_id: uuid.UUID, step: str, fence: int) -> str:
    """The request that an attempt sends out."""
    return _derived("call", run_id.bytes, step.encode(), fence.to_bytes(8, "big"))


def new_trace_id() -> str:
    """A random trace."""
    return os.urandom(16).hex()


def new_span_id() -> str:
    """A random span, for what nobody else needs to name."""
    return os.urandom(8).hex()


def read_traceparent(header: str) -> Context | None:
    """Where the caller is (W3C Trace Context, section 3.2); None for no header or one that can't be read.

    Of a version that is not known yet, the fields of version 00 count, as its section 4.3 says.
    """
    parts = header.strip().split("-")
    if len(parts) < 4 or (parts[0] == "00" and len(parts) != 4):
        return None
    version, trace_id, span_id, flags = parts[:4]
    if not (_is_hex(version, 2) and version != "ff" and _is_hex(flags, 2)):
        return None
    if not (_is_hex(trace_id, 32) and _is_hex(span_id, 16)) or set(trace_id) == {"0"} or set(span_id) == {"0"}:
        return None
    return Context(trace_id, span_id)


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and _HEX.issuperset(text)


def _derived(what: str, *parts: bytes) -> str:
    made = hashlib.blake2b(b"\0".join(parts), digest_size=8, person=what.encode()).hexdigest()
    return made if made != "0" * 16 else "0" * 15 + "1"  # all zeros is no span
