"""Signing off a periodic review of a dependency. Never asks who may: portal does, of the owning team's approvers."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db import transaction

from governance.models import DependencyReview
from governance.selectors.dependency_reviews import find_standing
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Dependency
from orchestration.services.governed import hold, require_reason, save


def sign_off(*, dependency: Dependency, area: str, findings: str, seen: int | None, person: Any) -> DependencyReview:
    """The area is reviewed as of now. `seen`: the sign-off that its reader took for the last one, None for none.

    Raises NotFound for an area that its manifest doesn't name, InvalidInput for findings that say nothing, Conflict when somebody
    else was first.
    """
    text = require_reason(findings)
    with transaction.atomic():
        hold()  # one after the other: the second of two clicks sees the first
        now = clock.now()
        last = find_standing(dependency, area, now.astimezone(UTC).date()).last
        if last is not None and last.pk != seen:
            when = f"{last.signed_at:%-d %B %Y at %H:%M} UTC"
            raise Conflict(f"{last.person} signed off {area} of {dependency.name} on {when}; read that first")
        review = DependencyReview(dependency=dependency, area=area, person=person, findings=text, signed_at=now)
        save(review, actor=person, reason=text)
    return review
