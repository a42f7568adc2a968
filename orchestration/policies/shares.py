"""Fair shares of the places that runs may take: weighted, max-min. Pure arithmetic on counts.

A team that asks for less than its share gets what it asks for, at once; what it leaves is divided among the others by their
weights. Owns that arithmetic. Never counts anything: engine/places.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Standing:
    """Who holds how many of the places, and who waits for one. Teams by id; a team without a weight has 1."""

    places: int
    active: dict[int, int] = field(default_factory=dict)
    queued: set[int] = field(default_factory=set)
    weights: Mapping[int, float] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """Places that are taken."""
        return sum(self.active.values())

    def weight(self, team: int) -> float:
        """The team's weight."""
        return self.weights.get(team, 1.0)

    def load(self, team: int) -> float:
        """What the team holds for each unit of its weight: the least comes first."""
        return self.active.get(team, 0) / self.weight(team)

    def share(self, team: int) -> int:
        """Places that are the team's whatever the others want: one at least."""
        wanting = {one for one, held in self.active.items() if held} | self.queued | {team}
        return max(1, int(self.places * self.weight(team) / sum(self.weight(one) for one in wanting)))

    def has_room(self, team: int) -> bool:
        """Whether a run of the team may take a place now: one is free, or the team holds less than its share."""
        return self.taken < self.places or self.active.get(team, 0) < self.share(team)

    def take(self, team: int) -> None:
        """A run of the team takes a place."""
        self.active[team] = self.active.get(team, 0) + 1


def may_start(standing: Standing, team: int) -> bool:
    """Whether a new run of the team may run at once: there is room, and none of the team's own waits before it."""
    return team not in standing.queued and standing.has_room(team)


def grants(standing: Standing, waiting: Mapping[int, int], most: int | None = None) -> dict[int, int]:
    """How many of its waiting runs each team may begin now: place by place to the team with the least per weight.

    `most`: in all, if that is given.
    """
    standing = Standing(standing.places, dict(standing.active), set(standing.queued), standing.weights)
    standing.queued.update(team for team, runs in waiting.items() if runs)
    left, given = {team: runs for team, runs in waiting.items() if runs > 0}, dict[int, int]()
    while left and (most is None or sum(given.values()) < most):
        # A full house has room for who is below its share alone, and that may not be who holds the least per weight:
        # of a small share the fraction is cut off, but one place it always has.
        able = [team for team in left if standing.has_room(team)]
        if not able:
            break
        team = min(able, key=lambda one: (standing.load(one), one))
        standing.take(team)
        given[team] = given.get(team, 0) + 1
        left[team] -= 1
        if not left[team]:
            del left[team]
    return given
