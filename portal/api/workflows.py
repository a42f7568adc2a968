"""Workflows: list, read, versions, manifest, diff, graph."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Workflow, WorkflowVersion
from orchestration.selectors.workflows import find_version, find_workflow, plan_for, version_diff, versions_of
from portal.api.ending_headers import workflow_ending
from portal.api.manifest_shapes import DifferenceShape, show_difference
from portal.api.pages import PageQuery, ProblemShape, named_page, read_query

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 404, 422), ProblemShape)


class VersionShape(serializers.Serializer[Any]):
    """A published version."""

    workflow = serializers.CharField()
    version = serializers.CharField()
    state = serializers.ChoiceField(choices=WorkflowVersion.State.values)
    content_hash = serializers.CharField()
    reason = serializers.CharField()
    published_by = serializers.CharField(allow_null=True)
    published_at = serializers.DateTimeField()
    deprecated_at = serializers.DateTimeField(allow_null=True)
    sunset_at = serializers.DateTimeField(allow_null=True)
    successor = serializers.CharField(allow_null=True, help_text="the version to move to")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` by hand: as a class attribute it would hide the one of DRF's base class."""
        return {**super().get_fields(), "source": serializers.JSONField()}


class WorkflowShape(serializers.Serializer[Any]):
    """A workflow; `latest` is its highest active version."""

    name = serializers.CharField()
    owner = serializers.CharField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()


class WorkflowPageShape(serializers.Serializer[Any]):
    """A page of workflows."""

    items = WorkflowShape(many=True)
    next = serializers.CharField(allow_null=True)


class WorkflowDetailShape(WorkflowShape):
    """A workflow with its versions, newest first."""

    versions = VersionShape(many=True)


class VersionPageShape(serializers.Serializer[Any]):
    """All versions, newest first."""

    items = VersionShape(many=True)
    next = serializers.CharField(allow_null=True)


class DiffQuery(serializers.Serializer[Any]):
    """Two versions; default: the highest two."""

    to = serializers.CharField(max_length=64, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is no Python name."""
        return {"from": serializers.CharField(max_length=64), **super().get_fields()}


class GraphQuery(serializers.Serializer[Any]):
    """Default: the highest active version."""

    version = serializers.CharField(max_length=64, required=False)


class NodeShape(serializers.Serializer[Any]):
    """A step."""

    name = serializers.CharField()
    kind = serializers.CharField()
    dependency = serializers.CharField(allow_null=True)
    effect = serializers.CharField()
    intent = serializers.CharField()
    compensated = serializers.BooleanField()


class EdgeShape(serializers.Serializer[Any]):
    """`target` follows `source`."""

    target = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` by hand, as above."""
        return {"source": serializers.CharField(), **super().get_fields()}


class GraphShape(serializers.Serializer[Any]):
    """The steps of a version and their order."""

    version = serializers.CharField()
    nodes = NodeShape(many=True)
    edges = EdgeShape(many=True)


class VersionDiffShape(serializers.Serializer[Any]):
    """What changed between two versions; `from` is the older one asked for."""

    to = serializers.CharField()
    differences = DifferenceShape(many=True)


class Workflows(APIView):
    """/workflows"""

    @extend_schema(operation_id="listWorkflows", parameters=[PageQuery], responses={200: WorkflowPageShape, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Workflows by name."""
        query = read_query(PageQuery, request)
        return Response(named_page(Workflow.objects.select_related("owner"), query, "name", _show))


class OneWorkflow(APIView):
    """/workflows/{name}"""

    @extend_schema(operation_id="getWorkflow", responses={200: WorkflowDetailShape, **PROBLEMS})
    def get(self, request: Request, name: str) -> Response:
        """A workflow and its versions."""
        workflow = find_workflow(name)
        return Response(
            {**_show(workflow), "versions": [_show_version(workflow, row) for row in versions_of(workflow)]}
        )


class Versions(APIView):
    """/workflows/{name}/versions"""

    @extend_schema(operation_id="listWorkflowVersions", responses={200: VersionPageShape, **PROBLEMS})
    def get(self, request: Request, name: str) -> Response:
        """All versions, newest first."""
        workflow = find_workflow(name)
        return Response({"items": [_show_version(workflow, row) for row in versions_of(workflow)], "next": None})


class OneVersion(APIView):
    """/workflows/{name}/versions/{version}"""

    @extend_schema(operation_id="getWorkflowVersion", responses={200: VersionShape, **PROBLEMS})
    def get(self, request: Request, name: str, version: str) -> Response:
        """One version."""
        workflow = find_workflow(name)
        found = find_version(workflow, version)
        return workflow_ending(Response(_show_version(workflow, found)), name, found)  # type: ignore[return-value]


class Manifest(APIView):
    """/workflows/{name}/versions/{version}/manifest"""

    @extend_schema(
        operation_id="getWorkflowManifest",
        responses={(200, "application/yaml"): OpenApiResponse(OpenApiTypes.STR), **PROBLEMS},
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """The YAML as it was applied."""
        found = find_version(find_workflow(name), version)
        answer = HttpResponse(found.text, content_type="application/yaml; charset=utf-8")
        return workflow_ending(answer, name, found)


class VersionDiff(APIView):
    """/workflows/{name}/diff"""

    @extend_schema(
        operation_id="diffWorkflowVersions", parameters=[DiffQuery], responses={200: VersionDiffShape, **PROBLEMS}
    )
    def get(self, request: Request, name: str) -> Response:
        """What changed between two versions, in sentences."""
        query = read_query(DiffQuery, request)
        workflow = find_workflow(name)
        old, new = find_version(workflow, query["from"]), find_version(workflow, query.get("to"))
        differences = [show_difference(item) for item in version_diff(old, new)]
        return Response({"from": old.version, "to": new.version, "differences": differences})


class Graph(APIView):
    """/workflows/{name}/graph"""

    @extend_schema(operation_id="getWorkflowGraph", parameters=[GraphQuery], responses={200: GraphShape, **PROBLEMS})
    def get(self, request: Request, name: str) -> Response:
        """Steps and edges, as data references and `needs` draw them."""
        version = find_version(find_workflow(name), read_query(GraphQuery, request).get("version"))
        plan = plan_for(version)
        nodes = [
            {"name": step.name, "kind": step.kind, "dependency": step.dependency, "effect": step.effect,
             "intent": step.intent, "compensated": step.compensate is not None}
            for step in plan.steps.values()
        ]  # fmt: skip
        edges = [{"source": step.name, "target": after} for step in plan.steps.values() for after in step.successors]
        return Response({"version": version.version, "nodes": nodes, "edges": edges})


def _show(workflow: Workflow) -> dict[str, Any]:
    return {
        "name": workflow.name,
        "owner": workflow.owner.name,
        "description": workflow.description,
        "created_at": workflow.created_at.isoformat(),
    }


def _show_version(workflow: Workflow, version: WorkflowVersion) -> dict[str, Any]:
    return {
        "workflow": workflow.name,
        "version": version.version,
        "state": version.state,
        "content_hash": version.content_hash,
        "reason": version.reason,
        "source": version.source,
        "published_by": version.published_by.get_username() if version.published_by else None,
        "published_at": version.published_at.isoformat(),
        "deprecated_at": version.deprecated_at.isoformat() if version.deprecated_at else None,
        "sunset_at": version.sunset_at.isoformat() if version.sunset_at else None,
        "successor": version.successor or None,
    }
