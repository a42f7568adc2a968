"""What a decision supersedes, amends and relates to: said and taken back. What may be said is services.relations' to tell."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.selectors.decisions import find_decision
from governance.services.relations import MOST, Named, relate
from portal.api.decision_shapes import MOST_NUMBER, DecisionShape, whole
from portal.api.document_shapes import IF_MATCH, WRITE_PROBLEMS, conflict_as_412, required_revision, tagged
from portal.api.enums import RELATIONS_NAMED
from portal.api.pages import actor_of, read_body
from portal.permissions import Verb

EXAMPLE = OpenApiExample(
    "It amends 3, and no longer relates to 7",
    value={
        "add": [{"kind": "amends", "number": 3}], "remove": [{"kind": "relates", "number": 7}],
        "reason": "Said at the review.", "revision": 4,
    },
    request_only=True,
)  # fmt: skip


class RelationNamedShape(serializers.Serializer[Any]):
    """A relation, seen from this decision, by the other's number."""

    kind = serializers.ChoiceField(choices=RELATIONS_NAMED)
    number = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER)


class RelateShape(serializers.Serializer[Any]):
    """What to add and what to take away, all or nothing. Both ends get a revision."""

    add = serializers.ListField(child=RelationNamedShape(), max_length=MOST, required=False, default=list)
    remove = serializers.ListField(child=RelationNamedShape(), max_length=MOST, required=False, default=list)
    reason = serializers.CharField(max_length=2000)
    revision = serializers.IntegerField(
        min_value=1, max_value=MOST_NUMBER, required=False, help_text="the current revision, if not sent as If-Match"
    )


class DecisionRelations(APIView):
    """/decisions/{number}/relations"""

    @extend_schema(
        operation_id="relateDecision", request=RelateShape, parameters=[IF_MATCH],
        examples=[EXAMPLE], responses={200: DecisionShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Say what it supersedes, amends and relates to, and take that back; for maintainers of both ends."""
        decision, actor = find_decision(number), actor_of(request)
        actor.require(Verb.MAINTAIN, decision.owner)
        body = read_body(RelateShape, request)
        with conflict_as_412():
            related = relate(
                decision=decision, revision=required_revision(request, body), add=_named(body["add"]),
                remove=_named(body["remove"]), require=lambda team: actor.require(Verb.MAINTAIN, team), actor=request.user,
                reason=body["reason"],
            )  # fmt: skip
        return tagged(related, whole(find_decision(number)))


def _named(given: list[dict[str, Any]]) -> list[Named]:
    return [Named(one["kind"], one["number"]) for one in given]
