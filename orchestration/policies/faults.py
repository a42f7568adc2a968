"""Whose fault a failed call is. Pure: the error type of an attempt is all it looks at.

Owns the one answer that breakers, retry budgets, health and the dependencies' error rates share. Never decides whether
an error is retried: policies/retry.py does.
"""

from __future__ import annotations

from typing import Literal

Fault = Literal["", "error", "timeout"]

#: The call was made, or should have been, and no answer came in its time.
_TIMEOUTS = frozenset({"timeout", "timeout.heartbeat"})
#: No connection, or it broke; an answer that says JSON and is none comes from a service that is broken itself.
_ERRORS = frozenset({"connection", "http.body"})
#: A gateway's own words for "it did not answer in time" (RFC 9110 §15.6.5).
_GATEWAY_TIMEOUTS = frozenset({"http.504"})
_SERVER = "http.5"
#: 501 and 505 refuse this one request, whatever state the service is in.
_REFUSALS = frozenset({"http.501", "http.505"})


def fault_of(error_type: str) -> Fault:
    """How the dependency failed, '' when it is not to blame.

    Not to blame are a 4xx (429 included: it answers and says "later"), whatever this side found wrong with a payload,
    an expression or a contract, and a worker that died. Of a python step that talks to a dependency, an exception that
    says `connection` or `timeout` in TaskError's terms counts, and so do the classes of Python's own network errors.
    """
    if error_type in _TIMEOUTS or error_type in _GATEWAY_TIMEOUTS or error_type == "python.TimeoutError":
        return "timeout"
    if error_type in _ERRORS or error_type.startswith("connection."):
        return "error"
    if error_type.startswith(_SERVER) and len(error_type) == len("http.500") and error_type not in _REFUSALS:
        return "error"
    if error_type.startswith("python.Connection") and error_type.endswith("Error"):
        return "error"
    return ""


#: The attempt ended before there was a call, or without anybody knowing of its answer. `contract.violation` and `payload` are
#: said of what would have been sent and of what was answered alike: those that were answered are missed, a few.
_UNCALLED = (
    "breaker", "capacity", "expression", "flag", "secret", "http.request", "http.refused", "python.unknown", "python.import",
    "python.transactional", "worker", "contract", "payload", "timeout.schedule_to_close", "timeout.schedule_to_start",
)  # fmt: skip


def was_called(error_type: str) -> bool:
    """Whether an attempt that ended so is known to have been a call that its dependency answered, or should have."""
    return not any(error_type == one or error_type.startswith(one + ".") for one in _UNCALLED)
