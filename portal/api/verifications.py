"""Verification results of contract tests, and whether a workflow version may be deployed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import VerificationResult
from governance.selectors.contracts import find_contract, find_version
from governance.services.verifying import deployability, latest, report
from orchestration.errors import Forbidden
from orchestration.selectors.workflows import find_version as find_workflow_version
from orchestration.selectors.workflows import find_workflow
from portal.api.change_shapes import READS, WRITES
from portal.api.pages import actor_of, read_body
from portal.permissions import Verb


class VerificationShape(serializers.Serializer[Any]):
    """The outcome of the contract tests of one side. `participant`: the service whose pipeline ran them."""

    role = serializers.ChoiceField(choices=VerificationResult.Side.values)
    participant = serializers.CharField(max_length=127)
    commit = serializers.CharField(max_length=64)
    passed = serializers.BooleanField()
    url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True, help_text="of the run")


class VerificationShownShape(VerificationShape):
    """As it is kept."""

    at = serializers.DateTimeField()
    reported_by = serializers.CharField(allow_null=True)


class VerificationPageShape(serializers.Serializer[Any]):
    """The newest outcome of each side and participant."""

    items = VerificationShownShape(many=True)
    next = serializers.CharField(allow_null=True)


class DeployCheckShape(serializers.Serializer[Any]):
    """One thing that must hold. Unknown blocks like failed."""

    subject = serializers.CharField()
    state = serializers.ChoiceField(choices=["passed", "failed", "unknown"])
    text = serializers.CharField()


class DeployabilityShape(serializers.Serializer[Any]):
    """Whether a workflow version may be deployed here, and what that rests on."""

    may = serializers.BooleanField()
    environment = serializers.CharField()
    checks = DeployCheckShape(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(help_text="path of the workflow's page")


class Verifications(APIView):
    """/contracts/{name}/versions/{version}/verifications"""

    @extend_schema(operation_id="listVerifications", responses={200: VerificationPageShape, **READS})
    def get(self, request: Request, name: str, version: str) -> Response:
        """The newest outcome of each side and participant."""
        found = find_version(find_contract(name), version)
        return Response({"items": [_show(one) for one in latest(found)], "next": None})

    @extend_schema(
        operation_id="reportVerification", request=VerificationShape, responses={201: VerificationShownShape, **WRITES}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Report an outcome. Takes the right to maintain some team: pipelines of providers and consumers both report."""
        found, actor = find_version(find_contract(name), version), actor_of(request)
        if not actor.teams_with(Verb.MAINTAIN):
            raise Forbidden("reporting a verification takes the role maintainer in some team; an admin can grant it")
        made = report(version=found, actor=request.user, **read_body(VerificationShape, request))
        return Response(_show(made), status=201)


class CanDeploy(APIView):
    """/workflows/{name}/versions/{version}/can-deploy"""

    @extend_schema(operation_id="canDeploy", responses={200: DeployabilityShape, **READS})
    def get(self, request: Request, name: str, version: str) -> Response:
        """Whether this version may be deployed to where this installation runs."""
        answer = deployability(find_workflow_version(find_workflow(name), version))
        checks = [{"subject": one.subject, "state": one.state, "text": one.text} for one in answer.checks]
        environment = settings.PLUMBLINE.environment
        url = reverse("workflow", args=[name])
        return Response(
            {"may": answer.may, "environment": environment, "checks": checks, "notes": list(answer.notes), "url": url}
        )


def _show(one: VerificationResult) -> dict[str, Any]:
    return {
        "role": one.role, "participant": one.participant, "commit": one.commit, "passed": one.passed, "url": one.url,
        "at": one.at.isoformat(), "reported_by": one.reported_by.get_username() if one.reported_by else None,
    }  # fmt: skip
