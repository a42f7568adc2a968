"""The form of postmortems in the API: what is sent, and what is answered. Never reads a request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from governance.models import ActionItem, Postmortem
from governance.postmortems.lines import Line
from governance.postmortems.sections import parse
from governance.selectors.documents import contracts_of
from governance.selectors.evidence import verdict_of
from governance.selectors.incident_impact import Impact
from governance.selectors.postmortems import about
from orchestration import clock
from portal.api import enums
from portal.api.document_shapes import LONGEST, linked_field, names_field
from portal.api.pages import PageQuery


class PostmortemQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    status = serializers.ChoiceField(choices=Postmortem.Status.values, required=False, default="", allow_blank=True)
    severity = serializers.ChoiceField(choices=Postmortem.Severity.values, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    dependency = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    q = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="words, or a number"
    )


class PostmortemWriteShape(serializers.Serializer[Any]):
    """The whole postmortem as it is to be. Publishing freezes timeline and figures."""

    title = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=Postmortem.Status.values, default=Postmortem.Status.DRAFT)
    severity = serializers.ChoiceField(choices=Postmortem.Severity.values, default=Postmortem.Severity.MAJOR)
    owner = serializers.CharField(max_length=63, help_text="a team")
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="null: it goes on")
    workflows = names_field()
    dependencies = names_field()
    contracts = linked_field()
    body = serializers.CharField(
        max_length=LONGEST, trim_whitespace=False, allow_blank=True,
        help_text="Markdown with the sections Summary, Contributing factors, What went well, Where we were lucky",
    )  # fmt: skip
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")


class PostmortemEditShape(PostmortemWriteShape):
    """The same, with the revision it is made over, if that isn't sent as If-Match."""

    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class PostmortemSummaryShape(serializers.Serializer[Any]):
    """A postmortem in a list."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Postmortem.Status.values)
    severity = serializers.ChoiceField(choices=Postmortem.Severity.values)
    owner = serializers.CharField()
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    workflows = serializers.ListField(child=serializers.CharField())
    dependencies = serializers.ListField(child=serializers.CharField())
    contracts = serializers.ListField(child=serializers.CharField())
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class LineShape(serializers.Serializer[Any]):
    """One line of the timeline."""

    key = serializers.CharField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    kind = serializers.ChoiceField(choices=enums.LINE_KINDS)
    text = serializers.CharField()
    shown = serializers.ChoiceField(choices=enums.LINES_SHOWN)
    note = serializers.CharField()


class WorkflowImpactShape(serializers.Serializer[Any]):
    """What it came to for one workflow; `late` is null where it has no latency objective."""

    workflow = serializers.CharField()
    team = serializers.CharField()
    ended = serializers.IntegerField()
    bad = serializers.IntegerField()
    degraded = serializers.IntegerField()
    ended_before = serializers.IntegerField()
    bad_before = serializers.IntegerField()
    late = serializers.IntegerField(allow_null=True)
    compensated = serializers.IntegerField()
    not_undone = serializers.IntegerField()


class BudgetImpactShape(serializers.Serializer[Any]):
    """What it took of one error budget, as a share of 1."""

    objective = serializers.CharField()
    team = serializers.CharField()
    bad = serializers.IntegerField()
    total = serializers.IntegerField()
    spent = serializers.FloatField(allow_null=True)


class ImpactShape(serializers.Serializer[Any]):
    """The figures."""

    workflows = WorkflowImpactShape(many=True)
    budgets = BudgetImpactShape(many=True)
    teams = serializers.ListField(child=serializers.CharField())


class ActionShape(serializers.Serializer[Any]):
    """An action. `is_met` and `said`: its evidence as it is now, or as it was when it was closed."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    owner = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    due = serializers.DateField()
    state = serializers.ChoiceField(choices=ActionItem.State.values)
    check = serializers.ChoiceField(choices=ActionItem.Check.values)
    target = serializers.CharField()
    days = serializers.IntegerField(allow_null=True)
    is_met = serializers.BooleanField()
    said = serializers.CharField()
    link = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)


class PostmortemShape(PostmortemSummaryShape):
    """A postmortem with its text, the sections found in it, timeline, figures and actions."""

    body = serializers.CharField()
    summary = serializers.CharField()
    factors = serializers.ListField(child=serializers.CharField())
    timeline = LineShape(many=True)
    impact = ImpactShape()
    actions = ActionShape(many=True)


class PostmortemPageShape(serializers.Serializer[Any]):
    """A page of postmortems."""

    items = PostmortemSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


def summary(postmortem: Postmortem) -> dict[str, Any]:
    """PostmortemSummaryShape's values."""
    linked = about(postmortem)
    moments = ("began_at", "ended_at", "published_at", "created_at", "updated_at")
    return {
        **{name: getattr(postmortem, name) for name in ("number", "title", "status", "severity", "revision")},
        **{name: _iso(getattr(postmortem, name)) for name in moments},
        "owner": postmortem.owner.name,
        "workflows": linked.workflows,
        "dependencies": linked.dependencies,
        "contracts": contracts_of(postmortem),
        "url": reverse("postmortem", args=[postmortem.number]),
    }


def whole(postmortem: Postmortem, lines: list[Line], impact: Impact) -> dict[str, Any]:
    """PostmortemShape's values."""
    sections = parse(postmortem.body)
    items = postmortem.actions.select_related("owner", "person", "postmortem")
    return {
        **summary(postmortem),
        "body": postmortem.body,
        "summary": sections.summary,
        "factors": list(sections.factors),
        "timeline": [_line(line) for line in lines],
        "impact": asdict(impact),
        "actions": [_action(item) for item in items],
    }


def _line(line: Line) -> dict[str, Any]:
    shown = {name: getattr(line, name) for name in ("key", "kind", "text", "shown", "note")}
    return {**shown, "at": _iso(line.at), "until": _iso(line.until)}


def _action(item: ActionItem) -> dict[str, Any]:
    verdict = verdict_of(item, clock.now()) if item.state == ActionItem.State.OPEN else None
    return {
        **{name: getattr(item, name) for name in ("text", "state", "target", "days", "link")},
        "id": item.pk,
        "owner": item.owner.name,
        "person": item.person.get_username() if item.person else None,
        "due": item.due.isoformat(),
        "check": item.check_kind,
        "is_met": verdict.is_met if verdict else item.state == ActionItem.State.DONE,
        "said": verdict.said if verdict else item.evidence,
        "closed_at": _iso(item.closed_at),
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None
