"""What a comparison says: the verdict, its findings, the payload that proves a break, and the bump that it takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["safe", "breaking", "undecided"]
Bump = Literal["major", "minor", "patch", "none"]
Direction = Literal["BACKWARD", "FORWARD"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `direction`: the level that it breaks or leaves undecided; empty where it breaks none.

    `rule` never changes its meaning; `pointer` is a JSON pointer into the new schema, or the old one where that lost
    something. `fingerprint` is equal for the same finding about the same texts: a waiver names it.
    """

    rule: str
    pointer: str
    direction: Direction | Literal[""]
    text: str
    fingerprint: str = field(default="", compare=False)

    def signed(self, old: str, new: str, shape: str) -> Finding:
        """With its fingerprint, over the texts of the two values that it is about, and over what makes up its meaning there."""
        told = repr((self.rule, self.pointer, self.direction, old, new, shape))
        return Finding(
            self.rule, self.pointer, self.direction, self.text, hashlib.sha256(told.encode()).hexdigest()[:16]
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of `compare`.

    `witness`: for BACKWARD a document that old accepts and new refuses, for FORWARD the other way round; None where there
    is none (and for a witness that is null, `has_witness` tells). `broken`: the direction that the witness breaks.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    witness: Any
    bump: Bump
    level: str
    policy: str
    has_witness: bool = False
    broken: Direction | Literal[""] = ""
    #: Where in the witness the other side refuses it, and what it says.
    complaint: tuple[str, str] = ("", "")
    #: Why nothing could be proved.
    doubt: str = ""
