"""The contracts of a step's ports: what a payload breaks, and the sentence that says so. Never shows a value.

Owns the question, asked of the versions that the ports resolved to at publish. Never decides what a violation means for
the step: engine/execute.py and engine/fallbacks.py do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestration.engine.claim import Claim
from orchestration.engine.plans import ports_of
from orchestration.errors import Violation
from orchestration.hooks import hooks

#: So many faults are spelt out.
SHOWN = 5


def violations_of(claim: Claim, direction: str, payload: Any) -> Sequence[Violation]:
    """Faults of a payload against the contract version that the port resolved to at publish; they quote no value."""
    port = ports_of(claim.run.version_id).get((claim.step.name, direction))
    return hooks.contracts.validate(port[0], port[1], payload, masked=True) if port else ()


def sentence(what: str, violations: Sequence[Violation]) -> str:
    """`output breaks its contract: /total: …`"""
    shown = "; ".join(f"{item.pointer or '/'}: {item.message}" for item in violations[:SHOWN])
    more = f" and {len(violations) - SHOWN} more" if len(violations) > SHOWN else ""
    return f"{what} breaks its contract: {shown}{more}"
