"""Where items of the inbox come from: one small class for each kind of thing that can wait for a person.

An item is what waits at this moment, so nothing is in the inbox that somebody has settled already. Its key says as of when: what
waits anew (a change was edited, a review is due once more) is a new item. A new kind is a class, entered with `register`.
Owns the registry and the items. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from django.db.models import Q
from django.urls import reverse

from governance.models import ActionItem, Decision
from governance.selectors.changes import waiting_for
from governance.selectors.dependency_reviews import due_of
from orchestration.models import Alert
from orchestration.selectors.alerts import waiting_for_teams
from portal.models import User
from portal.selectors.needs import questions_for, stale_runbooks

#: Of each kind. Who has more waiting works through the list behind.
MOST = 50


@dataclass(frozen=True, slots=True)
class Who:
    """Whose inbox, and when."""

    person: User
    team_ids: frozenset[int]
    now: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits."""

    kind: str
    key: str
    title: str
    url: str
    note: str = ""
    since: datetime | date | None = None
    icon: str = "bell"


class Source:
    """One kind. `word` is the heading of its choice in the preferences."""

    kind: ClassVar[str]
    word: ClassVar[str]
    icon: ClassVar[str]

    def items(self, who: Who) -> Iterable[Item]:
        """What waits, the most urgent first, no more than MOST."""
        raise NotImplementedError


@dataclass(slots=True)
class Registry:
    """The sources, in the order of urgency."""

    _sources: dict[str, Source] = field(default_factory=dict)

    def register(self, source: type[Source]) -> type[Source]:
        """Enter one; usable as a decorator."""
        self._sources[source.kind] = source()
        return source

    def forget(self, kind: str) -> None:
        """Take one out: for tests that bring one of their own."""
        del self._sources[kind]

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources.values())

    @property
    def words(self) -> dict[str, str]:
        """Kind → its word."""
        return {source.kind: source.word for source in self}


sources = Registry()


@sources.register
class Alerts(Source):
    """Open alerts of one's teams."""

    kind, word, icon = "alert", "Open alerts of my teams", "bell"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        for alert in waiting_for_teams(who.team_ids, MOST):
            what = (
                "burns its budget too fast" if alert.kind == Alert.Kind.BURN else "has a run that could not be undone"
            )
            url = reverse("alert", args=[alert.pk])
            yield Item(
                self.kind, f"alert:{alert.pk}", f"{alert.subject} {what}", url, f"{alert.severity}, {alert.team.name}",
                alert.opened_at, self.icon,
            )  # fmt: skip


@sources.register
class Approvals(Source):
    """Changes that wait for one's review."""

    kind, word, icon = "approval", "Changes that wait for my review", "pull"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        for change in waiting_for(who.person)[:MOST]:
            url = reverse("change", args=[change.pk])
            key = f"change:{change.pk}:{change.content_hash[:16]}"
            yield Item(self.kind, key, f"Review {change.title}", url, change.reason, change.opened_at, self.icon)


@sources.register
class Questions(Source):
    """Runs that wait for the word of one's teams."""

    kind, word, icon = "question", "Runs that wait for my approval", "user"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        for one in questions_for(who.person, MOST):
            url, title = reverse("approval", args=[one.pk]), f"Decide {one.step.name} of {one.run.workflow.name}"
            note = f"{one.team.name}, run {one.run.short_id}"
            yield Item(self.kind, f"question:{one.pk}", title[:300], url, note, one.requested_at, self.icon)


@sources.register
class ActionItems(Source):
    """Open action items of postmortems: one's own, and those of one's teams that name nobody."""

    kind, word, icon = "action", "Action items of mine and my teams", "check"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        mine = Q(person=who.person) | Q(person=None, owner_id__in=who.team_ids)
        waits = ActionItem.objects.filter(mine, state=ActionItem.State.OPEN).select_related("postmortem")
        for item in waits.defer("postmortem__body", "postmortem__frozen").order_by("due", "pk")[:MOST]:
            url = f"{reverse('postmortem', args=[item.postmortem.number])}#actions"
            late = "overdue" if item.due < who.today else "due"
            yield Item(
                self.kind, f"action:{item.pk}:{item.due}", item.text, url,
                f"{late} {item.due:%-d %b %Y}, {item.postmortem}", item.due, self.icon,
            )  # fmt: skip


@sources.register
class StaleRunbooks(Source):
    """Runbooks of one's teams past their review date."""

    kind, word, icon = "runbook", "Stale runbooks of my teams", "book"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        stale = stale_runbooks(who.today).filter(owner_id__in=who.team_ids).select_related("owner")
        for runbook in stale.defer("body", "front_matter").order_by("review_by", "slug")[:MOST]:
            key, url = f"runbook:{runbook.slug}:{runbook.review_by}", reverse("runbook", args=[runbook.slug])
            yield Item(
                self.kind, key, f"Look over {runbook.title}", url, f"runbook of {runbook.owner.name}, review date passed",
                runbook.review_by, self.icon,
            )  # fmt: skip


@sources.register
class DueReviews(Source):
    """Reviews of one's teams' dependencies that are due."""

    kind, word, icon = "review", "Reviews of dependencies that are due", "plug"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        for one in due_of(who.team_ids, who.today)[:MOST]:
            name = one.dependency.name
            yield Item(
                self.kind, f"review:{name}:{one.area}:{one.due}", f"Review {one.area} of {name}"[:300],
                reverse("dependency", args=[name]), f"dependency of {one.dependency.owner.name}", one.due, self.icon,
            )  # fmt: skip


@sources.register
class ProposedDecisions(Source):
    """Decisions of one's teams that are proposed and not yet decided."""

    kind, word, icon = "decision", "Proposed decisions of my teams", "decision"

    def items(self, who: Who) -> Iterable[Item]:
        """See Source."""
        proposed = Decision.objects.filter(status=Decision.Status.PROPOSED, owner_id__in=who.team_ids)
        rows = proposed.select_related("owner").defer("body", "front_matter").order_by("updated_at", "number")
        for one in rows[:MOST]:
            url = reverse("decision", args=[one.number])
            note = f"decision {one.number} of {one.owner.name}, proposed"
            yield Item(
                self.kind,
                f"decision:{one.number}:{one.revision}",
                f"Decide {one.title}",
                url,
                note,
                one.updated_at,
                self.icon,
            )
