"""Changes as the API shows them: the shapes, and the rows that fill them. Owns their fields, and never decides anything."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from governance.gate.waiving import waived_teams
from governance.models import Change, Comment, Review
from governance.selectors.reviews import approvals
from portal.api.contract_shapes import FindingShape, finding
from portal.api.pages import PageQuery, ProblemShape

READS: dict[int, Any] = dict.fromkeys((400, 401, 404, 422), ProblemShape)
WRITES: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ProblemShape)


class ChangeQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    state = serializers.ChoiceField(choices=Change.State.values, required=False, default="", allow_blank=True)
    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True, help_text="an asked team")


class ChangeRequestShape(serializers.Serializer[Any]):
    """A change in a list. `object`: what it is about, as name@version."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    object = serializers.CharField()
    owner = serializers.CharField()
    state = serializers.ChoiceField(choices=Change.State.values)
    verdict = serializers.ChoiceField(choices=["safe", "breaking", "undecided"])
    author = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    opened_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(help_text="path of its page")


class AskedShape(serializers.Serializer[Any]):
    """A team that is asked; `waived`: it waived what hits it, and need not review."""

    team = serializers.CharField()
    why = serializers.CharField()
    needed = serializers.IntegerField()
    approvals = serializers.IntegerField()
    waived = serializers.BooleanField()


class ReviewShape(serializers.Serializer[Any]):
    """A vote. `counts`: it is about the content as it is."""

    person = serializers.CharField()
    team = serializers.CharField()
    vote = serializers.ChoiceField(choices=Review.Vote.values)
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    counts = serializers.BooleanField()


class CommentShape(serializers.Serializer[Any]):
    """A comment; `finding` is a fingerprint, empty for the change as a whole."""

    id = serializers.IntegerField()
    author = serializers.CharField()
    text = serializers.CharField()
    finding = serializers.CharField(allow_blank=True)
    answer_to = serializers.IntegerField(allow_null=True, help_text="the comment above it")
    at = serializers.DateTimeField()


class ChangeDetailShape(ChangeRequestShape):
    """A change with what a reviewer sees. A review names `content_hash` as `seen`."""

    content_hash = serializers.CharField()
    proposal = serializers.JSONField()
    rollout = serializers.ChoiceField(choices=Change.Rollout.values)
    apply_at = serializers.DateTimeField(allow_null=True)
    findings = FindingShape(many=True)
    asked = AskedShape(many=True)
    reviews = ReviewShape(many=True)
    comments = CommentShape(many=True)


class ChangePageShape(serializers.Serializer[Any]):
    """A page of changes, newest first."""

    items = ChangeRequestShape(many=True)
    next = serializers.CharField(allow_null=True)


class VoteShape(serializers.Serializer[Any]):
    """A vote for one team on what was seen."""

    team = serializers.CharField(max_length=63)
    vote = serializers.ChoiceField(choices=Review.Vote.values)
    reason = serializers.CharField(max_length=2000)
    seen = serializers.CharField(max_length=64, help_text="`content_hash` as it was read")


class SayShape(serializers.Serializer[Any]):
    """A comment to be made."""

    text = serializers.CharField(max_length=10_000)
    finding = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    answer_to = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class ChangeReasonShape(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)


class ScheduleShape(ChangeReasonShape):
    """When it is done once it is approved; `apply_at` with `scheduled` alone."""

    rollout = serializers.ChoiceField(choices=Change.Rollout.values)
    apply_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


def show(one: Change) -> dict[str, Any]:
    """A change in a list, as ChangeRequestShape says."""
    return {
        "number": one.pk, "kind": one.kind, "object": one.object, "owner": one.owner.name, "state": one.state,
        "verdict": one.verdict, "author": one.author.get_username() if one.author else None, "reason": one.reason,
        "opened_at": one.opened_at.isoformat(), "expires_at": one.expires_at.isoformat(),
        "decided_at": one.decided_at.isoformat() if one.decided_at else None, "url": f"/changes/{one.pk}/",
    }  # fmt: skip


def detail(one: Change) -> dict[str, Any]:
    """A change whole, as ChangeDetailShape says."""
    waived, given = waived_teams(one), approvals(one)
    asked = [
        {
            "team": request.team.name, "why": request.why, "needed": request.needed, "waived": request.team_id in waived,
            "approvals": given[request.team_id],
        }
        for request in one.requests.all()
    ]  # fmt: skip
    reviews = [
        {
            "person": vote.person.get_username(), "team": vote.team.name, "vote": vote.vote, "reason": vote.reason,
            "at": vote.at.isoformat(), "counts": vote.content_hash == one.content_hash,
        }
        for vote in one.reviews.all()
    ]  # fmt: skip
    return {
        **show(one), "content_hash": one.content_hash, "proposal": one.proposal, "rollout": one.rollout,
        "apply_at": one.apply_at.isoformat() if one.apply_at else None,
        "findings": [finding(item) for item in one.report.get("findings", [])], "asked": asked, "reviews": reviews,
        "comments": [show_comment(said) for said in one.comments.select_related("author")],
    }  # fmt: skip


def show_comment(said: Comment) -> dict[str, Any]:
    """A comment, as CommentShape says."""
    return {
        "id": said.pk, "author": said.author.get_username(), "text": said.text, "finding": said.finding,
        "answer_to": said.parent_id, "at": said.at.isoformat(),
    }  # fmt: skip
