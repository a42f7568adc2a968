"""Bulk changes of documents: one thing for up to a hundred at once, with an outcome for each; and one of them, read again.

Owns the two endpoints and their shapes. What becomes of a document is services.bulk's to say.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import BulkChange
from governance.selectors.bulk import find_bulk
from governance.services.bulk import MOST, OUTCOMES, Target, begin, carry_out, count, own_key, plan
from governance.services.bulk_nouns import find_noun, read_wanted
from portal.api.document_shapes import READ_PROBLEMS, WRITE_PROBLEMS
from portal.api.enums import BULK_FIELDS, BULK_KINDS, BULK_OUTCOMES
from portal.api.pages import actor_of, read_body
from portal.permissions import Actor, Verb

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key again gives what came of the first call."
)
EXAMPLE = OpenApiExample(
    "Two runbooks go to another team",
    value={
        "kind": "runbook", "field": "owner", "value": "payments", "reason": "The team took the service over.",
        "items": [{"name": "payments-slow", "revision": 4}, {"name": "refunds-stuck", "revision": 1}], "dry_run": False,
    },
    request_only=True,
)  # fmt: skip


class BulkTargetShape(serializers.Serializer[Any]):
    """A document, and the revision that was read."""

    name = serializers.RegexField(
        r"^[a-zA-Z0-9_-]+$", max_length=120, help_text="number of a decision or postmortem, else the slug"
    )
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class BulkRequestShape(serializers.Serializer[Any]):
    """What each of them is to have, and why. `status` as each kind allows by hand without a gate."""

    kind = serializers.ChoiceField(choices=BULK_KINDS)
    field = serializers.ChoiceField(choices=BULK_FIELDS)
    value = serializers.CharField(
        max_length=63, allow_blank=True, help_text="a team, a status or a day; an empty owner: everybody, for patterns"
    )
    reason = serializers.CharField(max_length=2000, help_text="why, for each history")
    items = serializers.ListField(child=BulkTargetShape(), max_length=MOST, allow_empty=False)
    dry_run = serializers.BooleanField(default=False, help_text="say only what would become of each")


class BulkLineShape(serializers.Serializer[Any]):
    """What became of one."""

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True, help_text="empty where there is no such document")
    revision = serializers.IntegerField(help_text="that was read")
    becomes = serializers.IntegerField(allow_null=True, help_text="the revision that it is at then")
    was = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(choices=BULK_OUTCOMES, help_text="pending: it was broken off before this one")
    detail = serializers.CharField(allow_blank=True, help_text="why it is refused, or what else comes of it")
    url = serializers.CharField(allow_blank=True)


class BulkReportShape(serializers.Serializer[Any]):
    """A line for each document. `number` names it in the audit log; null for a dry run."""

    number = serializers.IntegerField(allow_null=True)
    dry_run = serializers.BooleanField()
    kind = serializers.ChoiceField(choices=BULK_KINDS)
    field = serializers.ChoiceField(choices=BULK_FIELDS)
    value = serializers.CharField(allow_blank=True)
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="by outcome")
    lines = BulkLineShape(many=True)


class BulkChanges(APIView):
    """/bulk"""

    @extend_schema(
        operation_id="changeInBulk", request=BulkRequestShape, parameters=[KEY], examples=[EXAMPLE],
        responses={200: BulkReportShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Change owner, status or review date of up to a hundred documents; each by itself, over the revision you read."""
        body, actor = read_body(BulkRequestShape, request), actor_of(request)
        noun = find_noun(body["kind"])
        wanted = read_wanted(noun, body["field"], body["value"])
        targets = [Target(one["name"], one["revision"]) for one in body["items"]]
        asked: dict[str, Any] = {"noun": noun, "targets": targets, "wanted": wanted, "actor": actor.user}
        if body["dry_run"]:
            lines = [asdict(line) for line in plan(require=lambda team: actor.require(Verb.MAINTAIN, team), **asked)]
            return Response(_report(None, body, lines))
        bulk = begin(key=_key(request, actor), reason=body["reason"], **asked)
        return Response(_show(carry_out(bulk, require=lambda team: actor.require(Verb.MAINTAIN, team))))


class OneBulkChange(APIView):
    """/bulk/{number}"""

    @extend_schema(operation_id="getBulkChange", responses={200: BulkReportShape, **READ_PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """What became of each of its documents."""
        return Response(_show(find_bulk(number)))


def _key(request: Request, actor: Actor) -> uuid.UUID:
    sent = request.headers.get("Idempotency-Key", "")
    return own_key(actor.user, sent) if sent else uuid.uuid4()


def _show(bulk: BulkChange) -> dict[str, Any]:
    return _report(bulk.pk, {"kind": bulk.kind, "field": bulk.field, "value": bulk.value}, bulk.lines)


def _report(number: int | None, asked: Mapping[str, str], lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": number,
        "dry_run": number is None,
        **{name: asked[name] for name in ("kind", "field", "value")},
        "counts": {outcome: count(lines, outcome) for outcome in OUTCOMES},
        "lines": [_line(asked["kind"], line) for line in lines],
    }


def _line(kind: str, line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": line["key"],
        **{name: line[name] for name in ("title", "revision", "was", "detail")},
        "becomes": line["becomes"] or None,
        "outcome": line["outcome"] or "pending",
        "url": reverse(kind, args=[line["key"]]) if line["title"] else "",
    }
