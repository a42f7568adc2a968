"""The operations of a version of an API, and who calls them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.selectors.api_operations import Row, operations_of
from governance.selectors.api_uses import ApiUse, api_of_version, api_uses
from governance.selectors.contracts import find_contract, find_version
from orchestration.errors import Conflict
from portal.api.pages import ProblemShape


class ApiCallShape(serializers.Serializer[Any]):
    """A call of a step, or of its compensation (`undo`). `why`: of one that fits no operation."""

    workflow = serializers.CharField()
    version = serializers.CharField()
    step = serializers.CharField()
    direction = serializers.ChoiceField(choices=["call", "undo"])
    dependency = serializers.CharField()
    method = serializers.CharField()
    path = serializers.CharField()
    why = serializers.CharField(allow_blank=True)


class OperationShape(serializers.Serializer[Any]):
    """An operation. `runs`: of the workflows that call it, in 28 days; `at_least`: counting stopped there."""

    method = serializers.CharField()
    path = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    deprecated = serializers.BooleanField()
    calls = ApiCallShape(many=True)
    runs = serializers.IntegerField()
    at_least = serializers.BooleanField()


class OperationsShape(serializers.Serializer[Any]):
    """`astray`: calls of what this version does not offer; `unsure`: which operation they ask for only a run can tell."""

    operations = OperationShape(many=True)
    astray = ApiCallShape(many=True)
    unsure = ApiCallShape(many=True)


class Operations(APIView):
    """/contracts/{name}/versions/{version}/operations"""

    @extend_schema(
        operation_id="listOperations",
        responses={200: OperationsShape, 401: ProblemShape, 404: ProblemShape, 409: ProblemShape},
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """What an API offers, and which steps of workflows call it."""
        found = find_version(find_contract(name), version)
        api = api_of_version(found)
        if api is None:
            raise Conflict(f"{name}@{version} describes no API that can be read")
        offered = operations_of(api, api_uses(name))
        return Response(
            {
                "operations": [_operation(row) for row in offered.rows],
                "astray": [_call(use, why) for use, why in offered.astray],
                "unsure": [_call(use) for use in offered.unsure],
            }
        )


def _operation(row: Row) -> dict[str, Any]:
    one = row.operation
    return {
        "method": one.method.upper(), "path": one.path, "summary": one.summary, "deprecated": one.deprecated,
        "calls": [_call(use) for use in row.calls], "runs": row.runs, "at_least": row.many,
    }  # fmt: skip


def _call(use: ApiUse, why: str = "") -> dict[str, Any]:
    return {
        "workflow": use.version.workflow.name, "version": use.version.version, "step": use.step,
        "direction": use.direction, "dependency": use.call.dependency, "method": use.call.method,
        "path": str(use.call.request.get("path") or "/"), "why": why,
    }  # fmt: skip
