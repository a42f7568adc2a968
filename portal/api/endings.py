"""Deprecating and retiring versions of contracts and workflows, through the gate. The answer is the change that was made."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.gate.opening import propose
from governance.gate.shelves import Contracts, Shelf, Workflows
from governance.gate.subjects import Object
from governance.models import Change
from orchestration.services.applying import Signature
from portal.api.change_shapes import WRITES, ChangeDetailShape, ChangeReasonShape, detail
from portal.api.pages import actor_of, read_body
from portal.permissions import Verb


class DeprecateShape(ChangeReasonShape):
    """The end of a version. Moving a sunset earlier asks those who use the version."""

    sunset_at = serializers.DateTimeField(help_text="no sooner than the policy's notice")
    successor = serializers.CharField(max_length=64, help_text="the active version to move to")


class _Ending(APIView):
    shelf: ClassVar[Shelf]
    verb: ClassVar[str]

    def ask(self, request: Request, name: str, number: str, reason: str, proposal: dict[str, Any]) -> Response:
        """Put it to the gate; 201 whether it was done at once or waits."""
        version = self.shelf.find(name, number)
        owner = self.shelf.owner(version)
        actor_of(request).require(Verb.MAINTAIN, owner)
        thing = Object(f"{self.shelf.noun}.{self.verb}", name, number, owner, self.shelf.as_contract(version), proposal)
        made: Change = propose(thing, Signature(request.user, reason))
        return Response(detail(made), status=201, headers={"Location": f"/api/v1/changes/{made.pk}"})


class _Deprecate(_Ending):
    verb = "deprecate"

    def deprecate(self, request: Request, name: str, version: str) -> Response:
        """Deprecate, or change the dates of what is deprecated."""
        body = read_body(DeprecateShape, request)
        proposal = {"sunset_at": body["sunset_at"].isoformat(), "successor": body["successor"]}
        return self.ask(request, name, version, body["reason"], proposal)


class DeprecateContract(_Deprecate):
    """/contracts/{name}/versions/{version}/deprecate"""

    shelf = Contracts()

    @extend_schema(
        operation_id="deprecateContract", request=DeprecateShape, responses={201: ChangeDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Give a version a sunset and a successor; earlier than promised asks those who use it."""
        return self.deprecate(request, name, version)


class DeprecateWorkflow(_Deprecate):
    """/workflows/{name}/versions/{version}/deprecate"""

    shelf = Workflows()

    @extend_schema(
        operation_id="deprecateWorkflow", request=DeprecateShape, responses={201: ChangeDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Give a version a sunset and a successor."""
        return self.deprecate(request, name, version)


class RetireContract(_Ending):
    """/contracts/{name}/versions/{version}/retire"""

    shelf, verb = Contracts(), "retire"

    @extend_schema(
        operation_id="retireContract", request=ChangeReasonShape, responses={201: ChangeDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Retire a version; 409 while a live workflow version uses it, with who and since when."""
        return self.ask(request, name, version, read_body(ChangeReasonShape, request)["reason"], {})


class RetireWorkflow(_Ending):
    """/workflows/{name}/versions/{version}/retire"""

    shelf, verb = Workflows(), "retire"

    @extend_schema(
        operation_id="retireWorkflow", request=ChangeReasonShape, responses={201: ChangeDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Retire a version; 409 while runs of it are open."""
        return self.ask(request, name, version, read_body(ChangeReasonShape, request)["reason"], {})
