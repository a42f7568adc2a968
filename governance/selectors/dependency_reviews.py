"""Reviews of dependencies: which areas are due when, and who signed them off last. Reads only.

A dependency's manifest says which areas are reviewed and how often (`review: {every, areas}`). An area is due that long after its
last sign-off; one that nobody has signed off yet is due since the manifest was applied that is in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.db.models import Max

from governance.models import DependencyReview
from governance.runbooks.freshness import Freshness, freshness
from orchestration.errors import NotFound
from orchestration.manifest import parse_duration
from orchestration.models import Dependency
from orchestration.services.world import suggestion

#: Where a manifest asks for reviews without naming areas.
AREAS = ("security", "reliability", "performance")


@dataclass(frozen=True, slots=True)
class Standing:
    """One area of one dependency."""

    dependency: Dependency
    area: str
    every: timedelta
    last: DependencyReview | None
    due: date
    state: Freshness

    @property
    def is_due(self) -> bool:
        """Whether somebody should look at it now: it is late, or soon will be."""
        return self.state in {Freshness.STALE, Freshness.DUE}


def standings_of(dependency: Dependency, today: date) -> list[Standing]:
    """Every area that its manifest has reviewed, in its order; empty where it asks for none. One query."""
    return standings([dependency], today)


def standings(dependencies: Iterable[Dependency], today: date) -> list[Standing]:
    """The same for several; one query."""
    asked = {one.pk: (one, areas, every) for one in dependencies for areas, every in [_asked(one)] if areas}
    newest = (
        DependencyReview.objects.filter(dependency_id__in=asked)
        .values("dependency_id", "area")
        .annotate(newest=Max("pk"))
        .order_by()
        .values("newest")
    )
    signed = DependencyReview.objects.filter(pk__in=newest).select_related("person") if asked else ()
    last = {(one.dependency_id, one.area): one for one in signed}
    return [
        _standing(dependency, area, every, last.get((dependency.pk, area)), today)
        for dependency, areas, every in asked.values()
        for area in areas
    ]


def due_of(team_ids: Collection[int], today: date) -> list[Standing]:
    """What these teams' dependencies have due, the latest first. Two queries."""
    found = Dependency.objects.select_related("owner").filter(owner_id__in=team_ids, document__spec__has_key="review")
    due = [one for one in standings(found, today) if one.is_due]
    return sorted(due, key=lambda one: (one.due, one.dependency.name, one.area))


def find_standing(dependency: Dependency, area: str, today: date) -> Standing:
    """One area. Raises NotFound, which names those that there are."""
    found = {one.area: one for one in standings_of(dependency, today)}
    if area not in found:
        there = f"; there are {', '.join(found)}" if found else "; its manifest asks for no review"
        raise NotFound(f"{dependency.name} has no review of {area[:80]!r}{suggestion(area[:80], found) or there}")
    return found[area]


def _asked(dependency: Dependency) -> tuple[tuple[str, ...], timedelta]:
    review = dependency.spec.get("review")
    if not isinstance(review, dict):
        return (), timedelta()
    return tuple(dict.fromkeys(review.get("areas") or AREAS)), timedelta(seconds=parse_duration(str(review["every"])))


def _standing(
    dependency: Dependency, area: str, every: timedelta, last: DependencyReview | None, today: date
) -> Standing:
    if last is None:
        due = dependency.applied_at.astimezone(UTC).date()
        return Standing(dependency, area, every, None, due, Freshness.STALE)
    due = (last.signed_at.astimezone(UTC) + every).date()
    return Standing(dependency, area, every, last, due, freshness(due, today))
