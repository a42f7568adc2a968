"""Documents of a standard in: data contracts (ODCS) and APIs (OpenAPI), each document a version of a contract."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.services.apis import APIS
from governance.services.data_contracts import DATA_CONTRACTS
from governance.services.document_imports import Standard, Wanted, import_documents
from governance.services.documents import find_team
from orchestration.services.applying import Signature
from orchestration.services.governed import require_reason
from portal.api.change_shapes import WRITES
from portal.api.manifest_shapes import DocumentsShape, documents_of
from portal.api.pages import actor_of, read_body
from portal.manifest_permissions import require_appliable
from portal.permissions import Verb


class ImportDocumentsShape(DocumentsShape):
    """Documents, as YAML or JSON. `name` and `version`: the contract's, where the document's are not wanted."""

    owner = serializers.CharField(max_length=63, help_text="the team that is to own what is new")
    name = serializers.CharField(max_length=63, required=False, allow_blank=True, default="")
    version = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=2000)
    dry_run = serializers.BooleanField(required=False, default=False)


class DocumentLineShape(serializers.Serializer[Any]):
    """What came of one document. `change`: the one that it waits in."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field, here
    name = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    action = serializers.ChoiceField(choices=["publish", "propose", "unchanged", "refused"])
    change = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)


class DocumentsReportShape(serializers.Serializer[Any]):
    """The report of an import."""

    lines = DocumentLineShape(many=True)
    refused = serializers.IntegerField(help_text="how many documents were")


class Odcs(APIView):
    """/odcs"""

    @extend_schema(
        operation_id="importOdcs", request=ImportDocumentsShape, responses={200: DocumentsReportShape, **WRITES}
    )
    def post(self, request: Request) -> Response:
        """Import data contracts (ODCS), each by itself: a version of a contract, published or put to the gate."""
        return _imported(DATA_CONTRACTS, request)


class Apis(APIView):
    """/apis"""

    @extend_schema(
        operation_id="importApis", request=ImportDocumentsShape, responses={200: DocumentsReportShape, **WRITES}
    )
    def post(self, request: Request) -> Response:
        """Import APIs (OpenAPI 3.0 or 3.1), each by itself: a version of a contract, published or put to the gate."""
        return _imported(APIS, request)


def _imported(standard: Standard, request: Request) -> Response:
    body, actor = read_body(ImportDocumentsShape, request), actor_of(request)
    owner = find_team(body["owner"])
    actor.require(Verb.MAINTAIN, owner)
    lines = import_documents(
        standard, documents_of(body), Wanted(owner.name, body["name"], body["version"]),
        signature=Signature(request.user, require_reason(body["reason"])),
        authorise=lambda planned: require_appliable(actor, planned), dry_run=body["dry_run"],
    )  # fmt: skip
    return Response({"lines": [asdict(one) for one in lines], "refused": sum(one.action == "refused" for one in lines)})
