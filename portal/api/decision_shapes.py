"""Decisions as the API shows and takes them. Owns those shapes. Never reads more than a decision's own selectors give."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from governance.decisions.stored import people_in
from governance.gate.decisions import waiting
from governance.models import Decision
from governance.selectors.decision_files import relations_of
from governance.selectors.decisions import dependencies_of, superseded_numbers, workflows_of
from governance.selectors.documents import contracts_of
from portal.api.document_shapes import LONGEST, linked_field, names_field
from portal.api.enums import RELATION_KINDS
from portal.api.pages import PageQuery

MOST_NUMBER = 2**31 - 1


class DecisionQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    status = serializers.ChoiceField(choices=Decision.Status.values, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    q = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="words, or a number"
    )


class DecisionWriteShape(serializers.Serializer[Any]):
    """The whole record as it is to be."""

    title = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=Decision.Status.values, default=Decision.Status.DRAFT)
    date = serializers.DateField(required=False, help_text="default: today, or the date it has")
    owner = serializers.CharField(max_length=63, help_text="a team")
    workflows = names_field()
    dependencies = linked_field()
    contracts = linked_field()
    superseded_by = serializers.IntegerField(
        min_value=1,
        max_value=MOST_NUMBER,
        required=False,
        allow_null=True,
        default=None,
        help_text="number; with the status superseded only",
    )
    supersedes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_NUMBER), max_length=100, required=False, default=list,
        help_text="numbers of decisions to mark as superseded by this one; those that are already stay so",
    )  # fmt: skip
    body = serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True, help_text="Markdown")
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")


class DecisionEditShape(DecisionWriteShape):
    """The same, with the revision it is made over, if that isn't sent as If-Match."""

    revision = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, required=False)
    correction = serializers.BooleanField(
        default=False, help_text="the text of an accepted decision changes because of a slip of writing alone"
    )


class DecisionSummaryShape(serializers.Serializer[Any]):
    """A decision in a list."""

    number = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Decision.Status.values)
    date = serializers.DateField()
    owner = serializers.CharField()
    superseded_by = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class RelationShape(serializers.Serializer[Any]):
    """Another decision, as it stands to this one."""

    kind = serializers.ChoiceField(choices=RELATION_KINDS)
    words = serializers.CharField(help_text="as its file says it: Clarifies, …")
    number = serializers.IntegerField()
    title = serializers.CharField()
    by_hand = serializers.BooleanField(help_text="written here; otherwise its file says so")


class DecisionShape(DecisionSummaryShape):
    """A decision. `workflows` counts those whose manifest names it. `change`: what is to accept it, while that waits."""

    workflows = serializers.ListField(child=serializers.CharField())
    dependencies = serializers.ListField(child=serializers.CharField())
    contracts = serializers.ListField(child=serializers.CharField())
    supersedes = serializers.ListField(child=serializers.IntegerField())
    change = serializers.IntegerField(allow_null=True)
    people = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), help_text="by role")
    raw_status = serializers.CharField(help_text="as its file writes it, where that is another word")
    relations = RelationShape(many=True)
    front_matter = serializers.JSONField(help_text="what a loaded file said beyond these fields")
    body = serializers.CharField()


class DecisionPageShape(serializers.Serializer[Any]):
    """A page of decisions."""

    items = DecisionSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


def summary(decision: Decision) -> dict[str, Any]:
    """DecisionSummaryShape's values."""
    return {
        "number": decision.number,
        "slug": decision.slug,
        "title": decision.title,
        "status": decision.status,
        "date": decision.date.isoformat(),
        "owner": decision.owner.name,
        "superseded_by": decision.superseded_by.number if decision.superseded_by else None,
        "revision": decision.revision,
        "created_at": decision.created_at.isoformat(),
        "updated_at": decision.updated_at.isoformat(),
        "url": reverse("decision", args=[decision.number]),
    }


def whole(decision: Decision) -> dict[str, Any]:
    """DecisionShape's values."""
    waits = waiting(decision) if decision.status == Decision.Status.PROPOSED else None
    return {
        **summary(decision),
        "workflows": workflows_of(decision),
        "dependencies": dependencies_of(decision),
        "contracts": contracts_of(decision),
        "supersedes": superseded_numbers(decision),
        "change": waits.pk if waits else None,
        "people": {role: list(people) for role, people in people_in(decision.front_matter).items()},
        "raw_status": str(decision.front_matter.get("status") or ""),
        "relations": [
            {
                "kind": row.kind,
                "words": row.words,
                "number": row.decision.number,
                "title": row.decision.title,
                "by_hand": row.by_hand,
            }
            for row in relations_of(decision)
        ],
        "front_matter": decision.front_matter,
        "body": decision.body,
    }
