"""The audit log: list. Everyone signed in may read it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.audit_export import shown
from governance.selectors.audit import AuditFilter, entries
from portal.api.pages import PageQuery, ProblemShape, page, read_query

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 422), ProblemShape)


class AuditQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    actor = serializers.CharField(
        max_length=150, required=False, default="", allow_blank=True, help_text="a sign-in name"
    )
    action = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    kind = serializers.CharField(max_length=64, required=False, default="", allow_blank=True, help_text="of the object")
    name = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="of the object"
    )
    since = serializers.DateTimeField(required=False, default=None, help_text="at or after")
    until = serializers.DateTimeField(required=False, default=None, help_text="before")
    bulk = serializers.CharField(
        max_length=9, required=False, default="", allow_blank=True, help_text="number of a bulk change"
    )


class AuditEntryShape(serializers.Serializer[Any]):
    """One entry. `hash` is sha256 of `previous` and the entry's canonical bytes."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="a sign-in name, or `system`")
    via = serializers.CharField(
        help_text="`person`, `token <name>` or `system`; behind it `, bulk <number>` if it was part of one"
    )
    action = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    before = serializers.JSONField(allow_null=True, help_text="the fields that changed, as they were")
    after = serializers.JSONField(allow_null=True, help_text="the same as they are")
    previous = serializers.CharField()
    hash = serializers.CharField()


class AuditPageShape(serializers.Serializer[Any]):
    """A page of the log."""

    items = AuditEntryShape(many=True)
    next = serializers.CharField(allow_null=True)


class Audit(APIView):
    """/audit"""

    @extend_schema(operation_id="listAudit", parameters=[AuditQuery], responses={200: AuditPageShape, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Entries of the audit log, newest first."""
        query = read_query(AuditQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = entries(AuditFilter(**query), cursor=cursor, limit=limit)
        return Response(page(found.items, shown, found.next))
