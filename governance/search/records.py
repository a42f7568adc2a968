"""What search knows of what people write and what happened: decisions, runbooks, changes, alerts.

Owns those texts. Of a change its reason is known, never its witness, which is made of payloads; of an alert its rule.
"""

from __future__ import annotations

from django.db.models import QuerySet

from governance.models import Change, Decision, Pattern, Postmortem, Runbook
from governance.search.excerpts import headings, plain
from governance.search.kinds import Entry, Kind, registry
from orchestration.models import Alert, AlertEvent

_SETTLED = {Change.State.APPLIED, Change.State.REJECTED, Change.State.WITHDRAWN, Change.State.EXPIRED}
_NOT_IN_FORCE = {Decision.Status.SUPERSEDED, Decision.Status.REJECTED, Decision.Status.DEPRECATED}


@registry.register
class Runbooks(Kind):
    """A runbook."""

    name, word, icon, page = "runbook", "Runbook", "book", "runbook"
    model = Runbook

    def rows(self) -> QuerySet[Runbook]:
        """See Kind."""
        return Runbook.objects.select_related("owner")

    def key(self, row: Runbook) -> str:
        """See Kind."""
        return row.slug

    def entry(self, row: Runbook) -> Entry:
        """See Kind."""
        return Entry(
            self.name, row.slug, row.title, row.updated_at, body=plain(row.body), headings=headings(row.body),
            team=row.owner.name, status=row.status, is_over=row.status == Runbook.Status.RETIRED,
        )  # fmt: skip


@registry.register
class Decisions(Kind):
    """A decision record, also found as `ADR 12`."""

    name, word, icon, page = "decision", "Decision", "decision", "decision"
    model = Decision

    def rows(self) -> QuerySet[Decision]:
        """See Kind."""
        return Decision.objects.select_related("owner")

    def key(self, row: Decision) -> str:
        """See Kind."""
        return str(row.number)

    def entry(self, row: Decision) -> Entry:
        """See Kind."""
        number = row.number
        return Entry(
            self.name, str(number), row.title, row.updated_at, body=plain(row.body), headings=headings(row.body),
            names=(f"adr {number}", f"decision {number}", row.slug), team=row.owner.name, status=row.status,
            is_over=row.status in _NOT_IN_FORCE,
        )  # fmt: skip


@registry.register
class Postmortems(Kind):
    """A postmortem: its text, never its timeline, which is asked anew each time."""

    name, word, icon, page = "postmortem", "Postmortem", "pulse", "postmortem"
    model = Postmortem

    def rows(self) -> QuerySet[Postmortem]:
        """See Kind."""
        return Postmortem.objects.select_related("owner")

    def key(self, row: Postmortem) -> str:
        """See Kind."""
        return str(row.number)

    def entry(self, row: Postmortem) -> Entry:
        """See Kind."""
        return Entry(
            self.name, str(row.number), row.title, row.updated_at, body=plain(row.body), headings=headings(row.body),
            names=(f"postmortem {row.number}",), team=row.owner.name, status=row.status,
        )  # fmt: skip


@registry.register
class Patterns(Kind):
    """A pattern of the library."""

    name, word, icon, page = "pattern", "Pattern", "compass", "pattern"
    model = Pattern

    def rows(self) -> QuerySet[Pattern]:
        """See Kind."""
        return Pattern.objects.select_related("owner")

    def key(self, row: Pattern) -> str:
        """See Kind."""
        return row.slug

    def entry(self, row: Pattern) -> Entry:
        """See Kind."""
        return Entry(
            self.name, row.slug, row.title, row.updated_at, body=f"{row.summary}\n{plain(row.body)}",
            headings=headings(row.body), team=row.owner.name if row.owner else "", status=row.status,
            is_over=row.status == Pattern.Status.RETIRED,
        )  # fmt: skip


@registry.register
class Changes(Kind):
    """A change at the gate."""

    name, word, icon, page = "change", "Change", "pull", "change"
    model = Change

    def rows(self) -> QuerySet[Change]:
        """See Kind."""
        return Change.objects.select_related("owner", "base")

    def key(self, row: Change) -> str:
        """See Kind."""
        return str(row.pk)

    def entry(self, row: Change) -> Entry:
        """See Kind."""
        return Entry(
            self.name, str(row.pk), row.title, row.decided_at or row.opened_at, body=row.reason,
            names=(f"change {row.pk}",), team=row.owner.name, status=row.state, is_over=row.state in _SETTLED,
        )  # fmt: skip


@registry.register
class Alerts(Kind):
    """An alert. Its rows change beside Django's signals, but each time an event is written that tells of it."""

    name, word, icon, page = "alert", "Alert", "bell", "alert"
    model = Alert
    follows = {AlertEvent: "alert_id"}

    def rows(self) -> QuerySet[Alert]:
        """See Kind."""
        return Alert.objects.select_related("team")

    def key(self, row: Alert) -> str:
        """See Kind."""
        return str(row.pk)

    def entry(self, row: Alert) -> Entry:
        """See Kind."""
        return Entry(
            self.name, str(row.pk), f"Alert {row.pk}: {row.subject}", row.resolved_at or row.opened_at,
            body=f"{row.severity} {row.rule} {row.workflow}", names=(f"alert {row.pk}",), team=row.team.name,
            status=row.state, is_over=row.resolved_at is not None,
        )  # fmt: skip
