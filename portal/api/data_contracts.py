"""Any version of a contract in the Open Data Contract Standard."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.selectors.contracts import find_contract, find_version
from governance.services.data_contracts import export_odcs
from governance.yaml_text import as_yaml
from portal.api.pages import ProblemShape


class OdcsTextShape(serializers.Serializer[Any]):
    """A document as YAML."""

    text = serializers.CharField()


class OneOdcs(APIView):
    """/contracts/{name}/versions/{version}/odcs"""

    @extend_schema(
        operation_id="exportOdcs",
        responses={200: OdcsTextShape, 401: ProblemShape, 404: ProblemShape, 409: ProblemShape},
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """A version of a contract, of any format but OpenAPI, as a data contract."""
        found = find_version(find_contract(name), version)
        return Response({"text": as_yaml(export_odcs(found))})
