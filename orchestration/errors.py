"""The errors that the engine's public services raise, each with the place and the remedy in its message.

Owns the classes; portal maps them to HTTP statuses and exit codes. Never touches Django.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PlumblineError(Exception):
    """Base of everything that a caller can put right."""

    code = "error"


class NotFound(PlumblineError):
    """Nothing has that name or id."""

    code = "not_found"


class Conflict(PlumblineError):
    """The state does not allow it: a used idempotency key, a published version, a finished run."""

    code = "conflict"


class Forbidden(PlumblineError):
    """The person or token does not hold the verb for this team."""

    code = "forbidden"


class TooLarge(PlumblineError):
    """A payload or manifest over its limit, which the message names."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault in a payload: a JSON pointer and a sentence."""

    pointer: str
    message: str


class InvalidInput(PlumblineError):
    """Input of the wrong shape. `violations` has every fault, not only the first."""

    code = "invalid_input"

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)


class InvalidManifest(PlumblineError):
    """One or more faults in manifests; nothing was written. `problems` are manifest.Problem values."""

    code = "invalid_manifest"

    def __init__(self, problems: Sequence[object]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
