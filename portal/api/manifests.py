"""Manifests: validate, plan, apply; and the JSON Schema that editors complete them by."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.errors import InvalidManifest
from orchestration.manifest import json_schema, load
from orchestration.services.manifests import Signature, apply, plan
from portal.api.manifest_shapes import (
    ApplyShape,
    ChangesShape,
    DocumentsShape,
    ValidationShape,
    documents_of,
    show_change,
)
from portal.api.pages import ProblemShape, actor_of, read_body
from portal.manifest_permissions import require_appliable

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 403, 413, 415, 422), ProblemShape)


class Validate(APIView):
    """/manifests/validate"""

    @extend_schema(
        operation_id="validateManifests", request=DocumentsShape, responses={200: ValidationShape, **PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        """Everything that is wrong, at once. 200 either way: the question was answered."""
        documents = documents_of(read_body(DocumentsShape, request))
        resources = [resource for item in documents for resource in load(item.text, item.source).resources]
        shown = [{"kind": item.kind, "name": item.name, "version": item.version} for item in resources]
        problems: list[dict[str, Any]] = []
        notices: list[dict[str, Any]] = []
        try:
            notices = [notice.as_dict() for change in plan(documents) for notice in change.notices]
        except InvalidManifest as error:
            problems = [item.as_dict() for item in error.problems]  # type: ignore[attr-defined]
        return Response({"valid": not problems, "problems": problems, "notices": notices, "resources": shown})


class Plan(APIView):
    """/manifests/plan"""

    @extend_schema(operation_id="planManifests", request=DocumentsShape, responses={200: ChangesShape, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """What applying would change."""
        changes = plan(documents_of(read_body(DocumentsShape, request)))
        return Response({"changes": [show_change(change) for change in changes]})


class Apply(APIView):
    """/manifests/apply"""

    @extend_schema(operation_id="applyManifests", request=ApplyShape, responses={200: ChangesShape, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Apply all of them or none."""
        body = read_body(ApplyShape, request)
        documents = documents_of(body)
        actor = actor_of(request)
        signature = Signature(actor.user, body["reason"], dict(body.get("source", {})))
        changes = apply(documents, signature, authorise=lambda found: require_appliable(actor, found))
        return Response({"changes": [show_change(change) for change in changes]})


class ManifestSchema(APIView):
    """/manifest-schema"""

    @extend_schema(operation_id="getManifestSchema", responses={200: OpenApiTypes.OBJECT, 401: ProblemShape})
    def get(self, request: Request) -> Response:
        """JSON Schema 2020-12 of every kind."""
        return Response(json_schema())
