"""Data contracts in the Open Data Contract Standard: in, as versions of contracts, and out, of any version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.selectors.contracts import find_contract, find_version
from governance.services.data_contracts import export_odcs, import_odcs
from governance.services.documents import find_team
from governance.yaml_text import as_yaml
from orchestration.services.applying import Signature
from orchestration.services.governed import require_reason
from portal.api.change_shapes import WRITES
from portal.api.manifest_shapes import DocumentsShape, documents_of
from portal.api.pages import ProblemShape, actor_of, read_body
from portal.manifest_permissions import require_appliable
from portal.permissions import Verb


class ImportOdcsShape(DocumentsShape):
    """ODCS documents, as YAML or JSON. `name`: of the contract, where the document's is not wanted."""

    owner = serializers.CharField(max_length=63, help_text="the team that is to own what is new")
    name = serializers.CharField(max_length=63, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=2000)
    dry_run = serializers.BooleanField(required=False, default=False)


class OdcsLineShape(serializers.Serializer[Any]):
    """What came of one document. `change`: the one that it waits in."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field, here
    name = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    action = serializers.ChoiceField(choices=["publish", "propose", "unchanged", "refused"])
    change = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)


class OdcsReportShape(serializers.Serializer[Any]):
    """The report of an import."""

    lines = OdcsLineShape(many=True)
    refused = serializers.IntegerField(help_text="how many documents were")


class OdcsTextShape(serializers.Serializer[Any]):
    """A document as YAML."""

    text = serializers.CharField()


class Odcs(APIView):
    """/odcs"""

    @extend_schema(operation_id="importOdcs", request=ImportOdcsShape, responses={200: OdcsReportShape, **WRITES})
    def post(self, request: Request) -> Response:
        """Import data contracts, each by itself: a version of a contract, published or put to the gate."""
        body, actor = read_body(ImportOdcsShape, request), actor_of(request)
        owner = find_team(body["owner"])
        actor.require(Verb.MAINTAIN, owner)
        signature = Signature(request.user, require_reason(body["reason"]))
        lines = import_odcs(
            documents_of(body), owner=owner.name, signature=signature, name=body["name"],
            authorise=lambda planned: require_appliable(actor, planned), dry_run=body["dry_run"],
        )  # fmt: skip
        return Response(
            {"lines": [asdict(one) for one in lines], "refused": sum(one.action == "refused" for one in lines)}
        )


class OneOdcs(APIView):
    """/contracts/{name}/versions/{version}/odcs"""

    @extend_schema(operation_id="exportOdcs", responses={200: OdcsTextShape, 401: ProblemShape, 404: ProblemShape})
    def get(self, request: Request, name: str, version: str) -> Response:
        """A version of a contract, of any format, as a data contract."""
        found = find_version(find_contract(name), version)
        return Response({"text": as_yaml(export_odcs(found))})
