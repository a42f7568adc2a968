"""Teams and ownership from Backstage catalogs and CODEOWNERS files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.services.ownership import import_ownership
from orchestration.services.applying import Signature
from orchestration.services.governed import require_reason
from portal.api.change_shapes import WRITES
from portal.api.manifest_shapes import DocumentsShape, documents_of
from portal.api.pages import actor_of, read_body
from portal.manifest_permissions import require_appliable
from portal.permissions import Verb


class ImportOwnershipShape(DocumentsShape):
    """Backstage catalogs and CODEOWNERS files. `names`: what the portal calls a team that a file calls otherwise."""

    names = serializers.DictField(child=serializers.CharField(max_length=63), required=False, default=dict)
    reason = serializers.CharField(max_length=2000)
    dry_run = serializers.BooleanField(required=False, default=False)


class OwnershipLineShape(serializers.Serializer[Any]):
    """What came of one thing. `differs`: its owner is said by its newest version, so somebody has to publish one."""

    action = serializers.ChoiceField(choices=["create", "change", "same", "differs", "note", "refused"])
    what = serializers.CharField()
    text = serializers.CharField()
    place = serializers.CharField(allow_blank=True)


class OwnershipReportShape(serializers.Serializer[Any]):
    """The report of an import."""

    lines = OwnershipLineShape(many=True)
    refused = serializers.IntegerField(help_text="how many lines were")


class Ownership(APIView):
    """/ownership"""

    @extend_schema(
        operation_id="importOwnership", request=ImportOwnershipShape, responses={200: OwnershipReportShape, **WRITES}
    )
    def post(self, request: Request) -> Response:
        """Make the teams that are missing, hand dependencies over, and say what else is owned by others there."""
        body, actor = read_body(ImportOwnershipShape, request), actor_of(request)
        if not actor.may_somewhere(Verb.MAINTAIN):
            actor.require(Verb.MAINTAIN)
        lines = import_ownership(
            documents_of(body), signature=Signature(request.user, require_reason(body["reason"])), names=body["names"],
            authorise=lambda planned: require_appliable(actor, planned), dry_run=body["dry_run"],
        )  # fmt: skip
        return Response(
            {"lines": [asdict(one) for one in lines], "refused": sum(one.action == "refused" for one in lines)}
        )
