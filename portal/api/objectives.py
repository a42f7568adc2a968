"""Objectives: list, read, make, change, retire; and OpenSLO out and in. Writes need the maintainer of the owner."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration import clock
from orchestration.models import Objective
from orchestration.openslo import write
from orchestration.selectors import budgets
from orchestration.services import objectives as services
from orchestration.services.openslo import Line, import_openslo
from portal.api.manifest_shapes import DocumentsShape, documents_of
from portal.api.objective_shapes import (
    READS,
    WRITES,
    EditObjectiveShape,
    NewObjectiveShape,
    ObjectivePageShape,
    ObjectiveQuery,
    ObjectiveReasonShape,
    ObjectiveShape,
    show,
    wanted,
)
from portal.api.pages import actor_of, read_body, read_query
from portal.permissions import Verb


class Objectives(APIView):
    """/objectives"""

    @extend_schema(
        operation_id="listObjectives", parameters=[ObjectiveQuery], responses={200: ObjectivePageShape, **READS}
    )
    def get(self, request: Request) -> Response:
        """Objectives by name, each with its budget."""
        query = read_query(ObjectiveQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        rows = budgets.objectives(**query)
        found = list((rows.filter(name__gt=cursor) if cursor else rows)[: limit + 1])
        shown = [show(one) for one in budgets.budgets(found[:limit], clock.now())]
        return Response({"items": shown, "next": found[limit - 1].name if len(found) > limit else None})

    @extend_schema(operation_id="createObjective", request=NewObjectiveShape, responses={201: ObjectiveShape, **WRITES})
    def post(self, request: Request) -> Response:
        """Make one."""
        body = read_body(NewObjectiveShape, request)
        asked = wanted(body)
        actor_of(request).require(Verb.MAINTAIN, asked.owner)
        made = services.create(wanted=asked, actor=request.user, reason=body["reason"])
        return Response(_shown(made), status=201)


class OneObjective(APIView):
    """/objectives/{name}"""

    @extend_schema(operation_id="getObjective", responses={200: ObjectiveShape, **READS})
    def get(self, request: Request, name: str) -> Response:
        """An objective and its budget."""
        return Response(_shown(budgets.find_objective(name)))

    @extend_schema(
        operation_id="changeObjective", request=EditObjectiveShape, responses={200: ObjectiveShape, **WRITES}
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change it; of one that a manifest declares, how it alerts."""
        found, body = budgets.find_objective(name), read_body(EditObjectiveShape, request)
        asked = wanted(body, found)
        for team in {found.owner_id: found.owner, asked.owner.pk: asked.owner}.values():
            actor_of(request).require(Verb.MAINTAIN, team)
        changed = services.change(objective=found, wanted=asked, actor=request.user, reason=body["reason"])
        return Response(_shown(changed))


class RetireObjective(APIView):
    """/objectives/{name}/retire"""

    @extend_schema(
        operation_id="retireObjective", request=ObjectiveReasonShape, responses={200: ObjectiveShape, **WRITES}
    )
    def post(self, request: Request, name: str) -> Response:
        """Count it no more."""
        found, body = budgets.find_objective(name), read_body(ObjectiveReasonShape, request)
        actor_of(request).require(Verb.MAINTAIN, found.owner)
        return Response(_shown(services.retire(objective=found, actor=request.user, reason=body["reason"])))


class OpenSLOQuery(serializers.Serializer[Any]):
    """Which objectives; all without a team."""

    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)


class OpenSLOText(serializers.Serializer[Any]):
    """OpenSLO v1 documents as YAML."""

    text = serializers.CharField(allow_blank=True)
    objectives = serializers.IntegerField(help_text="how many")


class ImportShape(DocumentsShape):
    """OpenSLO texts to be imported. `dry_run`: say what would come of them."""

    reason = serializers.CharField(max_length=2000)
    dry_run = serializers.BooleanField(required=False, default=False)


class ImportLineShape(serializers.Serializer[Any]):
    """What came of one objective of a document. `notes`: what of the document does not fit. `problem`: why it was refused."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field, here
    document = serializers.IntegerField(help_text="its number in the text; 0 where the text can't be read")
    kind = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    action = serializers.ChoiceField(choices=["create", "change", "unchanged", "nothing", "refused"])
    notes = serializers.ListField(child=serializers.CharField())
    problem = serializers.CharField(allow_blank=True)


class ImportReportShape(serializers.Serializer[Any]):
    """The report of an import."""

    lines = ImportLineShape(many=True)
    refused = serializers.IntegerField(help_text="how many lines were")


class OpenSLO(APIView):
    """/openslo"""

    @extend_schema(operation_id="exportOpenSLO", parameters=[OpenSLOQuery], responses={200: OpenSLOText, **READS})
    def get(self, request: Request) -> Response:
        """Objectives that are counted now, as OpenSLO v1."""
        found = list(budgets.objectives(team=read_query(OpenSLOQuery, request)["team"]))
        return Response({"text": write((one, one.owner.name) for one in found), "objectives": len(found)})

    @extend_schema(operation_id="importOpenSLO", request=ImportShape, responses={200: ImportReportShape, **WRITES})
    def post(self, request: Request) -> Response:
        """Import documents, each by itself: one that can't be had keeps no other from it."""
        body, actor = read_body(ImportShape, request), actor_of(request)
        lines = import_openslo(
            documents_of(body), actor=actor.user, reason=body["reason"], dry_run=body["dry_run"],
            may=lambda team: actor.require(Verb.MAINTAIN, team),
        )  # fmt: skip
        refused = sum(line.action == "refused" for line in lines)
        return Response({"lines": [_line(line) for line in lines], "refused": refused})


def _shown(one: Objective) -> dict[str, Any]:
    return show(budgets.budget_of(one, clock.now()))


def _line(line: Line) -> dict[str, Any]:
    return {
        "source": line.source, "document": line.document, "kind": line.kind, "name": line.name, "action": line.action,
        "notes": line.notes, "problem": line.problem,
    }  # fmt: skip
