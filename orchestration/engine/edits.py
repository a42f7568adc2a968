"""Edited inputs: what a step of a retried run is given in place of what its manifest makes.

Owns which part of a body an edit stands for, and the reading of edits. Never checks one: services/input_edits.py did.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.engine.claim import FORWARD, Claim
from orchestration.engine.payloads import load
from orchestration.manifest.templates import Template
from orchestration.models import InputEdit

#: The part of a body that goes to the other side, by kind of step.
EDITABLE: Mapping[str, str] = {"http": "json", "python": "with", "celery": "with", "workflow": "with"}


def body_of(claim: Claim) -> Template:
    """What the attempt's body is made from. Only a retry can have an edit, so other runs cost no query."""
    body = claim.action.body
    if claim.phase != FORWARD or claim.run.retry_of_id is None or claim.action.kind not in EDITABLE:
        return body
    edit = InputEdit.objects.filter(run_id=claim.run.id, step=claim.step.name).values_list("input", flat=True).first()
    return body if edit is None else body.with_part(EDITABLE[claim.action.kind], load(edit))
