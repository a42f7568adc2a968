"""The history of any governed object, and restoring a revision. Who may read and restore is as on the pages.

Documents (decisions, runbooks, postmortems) have endpoints of their own, by revision number.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.document_shapes import READ_PROBLEMS, WRITE_PROBLEMS
from portal.api.enums import REVISION_ACTIONS
from portal.api.pages import PageQuery, ProblemShape, actor_of, page, read_body, read_query
from portal.history.reading import Revision, find, revisions
from portal.history.registry import KINDS
from portal.history.restoring import require_restorable, restore

_ADDRESS = [
    OpenApiParameter("kind", str, OpenApiParameter.PATH, description=f"one of {', '.join(KINDS)}"),
    OpenApiParameter("key", str, OpenApiParameter.PATH, description="the object's name; its number, where it has none"),
]


class FieldChangeShape(serializers.Serializer[Any]):
    """One field; `before` is null in the first revision."""

    field = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class ObjectRevisionShape(serializers.Serializer[Any]):
    """One revision: who, when, why, what. `by` is null for the system itself; `via` names the token, if it came by one."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(choices=REVISION_ACTIONS)
    by = serializers.CharField(allow_null=True)
    via = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    changes = FieldChangeShape(many=True)


class ObjectRevisionPageShape(serializers.Serializer[Any]):
    """A page of a history, newest first."""

    items = ObjectRevisionShape(many=True)
    next = serializers.CharField(allow_null=True)


class ObjectRestoreShape(serializers.Serializer[Any]):
    """Which revision to bring back, and why. `seen`: the newest revision as it was read; 409 when there is a newer one."""

    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="of the revision")
    seen = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="`id` of the newest revision")
    reason = serializers.CharField(max_length=2000)


class ObjectHistory(APIView):
    """/history/{kind}/{key}"""

    @extend_schema(
        operation_id="listObjectHistory", parameters=[*_ADDRESS, PageQuery],
        responses={200: ObjectRevisionPageShape, 403: ProblemShape, **READ_PROBLEMS},
    )  # fmt: skip
    def get(self, request: Request, kind: str, key: str) -> Response:
        """Its revisions, newest first."""
        query = read_query(PageQuery, request)
        found = revisions(find(actor_of(request), kind, key), cursor=query["cursor"], limit=query["limit"])
        return Response(page(found.items, _show, found.next))


class ObjectRestore(APIView):
    """/history/{kind}/{key}/restore"""

    @extend_schema(
        operation_id="restoreObject", parameters=_ADDRESS, request=ObjectRestoreShape,
        responses={200: ObjectRevisionShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, kind: str, key: str) -> Response:
        """Write an earlier revision again, as the newest one; the answer is that one."""
        actor = actor_of(request)
        subject = find(actor, kind, key)
        require_restorable(actor, subject)
        body = read_body(ObjectRestoreShape, request)
        after = restore(subject=subject, revision=body["id"], seen=body["seen"], actor=actor, reason=body["reason"])
        return Response(_show(revisions(after, limit=1).items[0]))


def _show(revision: Revision) -> dict[str, Any]:
    before = revision.before or {}
    return {
        "id": revision.id,
        "at": revision.at.isoformat(),
        "action": revision.action,
        "by": revision.by or None,
        "via": revision.via or None,
        "reason": revision.reason,
        "changes": [
            {"field": name, "before": before.get(name), "after": revision.values[name]} for name in revision.changed
        ],
    }
