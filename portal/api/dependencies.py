"""Dependencies: list and read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Dependency
from orchestration.selectors.workflows import consumers_of, find_dependency
from portal.api.pages import PageQuery, ProblemShape, named_page, read_query


class DependencyShape(serializers.Serializer[Any]):
    """A dependency as last applied. `spec` is its manifest's; secrets are names, never values."""

    name = serializers.CharField()
    owner = serializers.CharField()
    description = serializers.CharField()
    spec = serializers.JSONField()
    applied_at = serializers.DateTimeField()


class ConsumerShape(serializers.Serializer[Any]):
    """A workflow version that calls it."""

    workflow = serializers.CharField()
    version = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())


class DependencyDetailShape(DependencyShape):
    """A dependency and who calls it."""

    consumers = ConsumerShape(many=True)


class DependencyPageShape(serializers.Serializer[Any]):
    """A page of dependencies."""

    items = DependencyShape(many=True)
    next = serializers.CharField(allow_null=True)


class Dependencies(APIView):
    """/dependencies"""

    @extend_schema(
        operation_id="listDependencies", parameters=[PageQuery],
        responses={200: DependencyPageShape, 400: ProblemShape, 401: ProblemShape, 422: ProblemShape},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Dependencies by name."""
        query = read_query(PageQuery, request)
        return Response(named_page(Dependency.objects.select_related("owner"), query, "name", _show))


class OneDependency(APIView):
    """/dependencies/{name}"""

    @extend_schema(
        operation_id="getDependency",
        responses={200: DependencyDetailShape, 401: ProblemShape, 404: ProblemShape},
    )
    def get(self, request: Request, name: str) -> Response:
        """A dependency and who calls it."""
        dependency = find_dependency(name)
        consumers = [
            {"workflow": version.workflow.name, "version": version.version, "steps": steps}
            for version, steps in consumers_of(name)
        ]
        return Response({**_show(dependency), "consumers": consumers})


def _show(dependency: Dependency) -> dict[str, Any]:
    return {
        "name": dependency.name,
        "owner": dependency.owner.name,
        "description": dependency.description,
        "spec": dependency.spec,
        "applied_at": dependency.applied_at.isoformat(),
    }
