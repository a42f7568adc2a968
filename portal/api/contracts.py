"""Contracts: list, read, and the check that a pipeline asks for before it applies a new version."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Contract, ContractVersion
from governance.selectors.contracts import contracts, find_contract, find_version, versions_of
from governance.services.assessing import Assessment, assess, is_enough, lowest
from governance.services.documents import find_team
from orchestration.errors import InvalidInput
from orchestration.versions import is_version
from portal.api.pages import PageQuery, ProblemShape, named_page, read_body, read_query


class ContractShape(serializers.Serializer[Any]):
    """A contract, without its versions."""

    name = serializers.CharField()
    owner = serializers.CharField()
    description = serializers.CharField()
    policy = serializers.CharField()


class ContractVersionShape(serializers.Serializer[Any]):
    """A version, without its schema. `change`: the number of the change that it waits or waited in."""

    version = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    published_at = serializers.DateTimeField()
    change = serializers.IntegerField(allow_null=True)


class ContractDetailShape(ContractShape):
    """A contract and its versions, highest first."""

    versions = ContractVersionShape(many=True)


class ContractPageShape(serializers.Serializer[Any]):
    """A page of contracts."""

    items = ContractShape(many=True)
    next = serializers.CharField(allow_null=True)


class CheckShape(serializers.Serializer[Any]):
    """A version that somebody thinks of publishing."""

    name = serializers.CharField(max_length=127)
    version = serializers.CharField(max_length=64)
    owner = serializers.CharField(max_length=63)
    policy = serializers.ChoiceField(choices=["strict", "tolerant"], default="tolerant")
    compatibility = serializers.CharField(max_length=24, allow_null=True, default=None)
    document = serializers.JSONField(help_text="the JSON Schema")


class FindingShape(serializers.Serializer[Any]):
    """One difference; `direction` is the level that it breaks, empty where it breaks none."""

    rule = serializers.CharField()
    pointer = serializers.CharField()
    direction = serializers.CharField(allow_blank=True)
    text = serializers.CharField()
    fingerprint = serializers.CharField()


class CheckedShape(serializers.Serializer[Any]):
    """What publishing it would mean. Without a base nothing was there to break."""

    verdict = serializers.ChoiceField(choices=["safe", "breaking", "undecided"])
    base = serializers.CharField(allow_null=True)
    level = serializers.CharField()
    policy = serializers.CharField()
    takes = serializers.CharField()
    declared = serializers.CharField()
    is_enough = serializers.BooleanField()
    lowest = serializers.CharField(allow_null=True)
    findings = FindingShape(many=True)
    has_witness = serializers.BooleanField()
    witness = serializers.JSONField(allow_null=True)
    doubt = serializers.CharField(allow_blank=True)
    asks = serializers.ListField(child=serializers.CharField(), help_text="teams whose reviews it would wait for")
    url = serializers.CharField(help_text="path of the contract's page")


class Contracts(APIView):
    """/contracts"""

    @extend_schema(
        operation_id="listContracts", parameters=[PageQuery],
        responses={200: ContractPageShape, 400: ProblemShape, 401: ProblemShape, 422: ProblemShape},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Contracts by name."""
        return Response(named_page(contracts(), read_query(PageQuery, request), "name", _show))


class OneContract(APIView):
    """/contracts/{name}"""

    @extend_schema(
        operation_id="getContract", responses={200: ContractDetailShape, 401: ProblemShape, 404: ProblemShape}
    )
    def get(self, request: Request, name: str) -> Response:
        """A contract and its versions."""
        found = find_contract(name)
        return Response({**_show(found), "versions": [_version(one) for one in versions_of(found)]})


class OneContractVersion(APIView):
    """/contracts/{name}/versions/{version}"""

    @extend_schema(
        operation_id="getContractVersion",
        responses={200: OpenApiTypes.OBJECT, 401: ProblemShape, 404: ProblemShape},
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """A version with its schema."""
        found = find_version(find_contract(name), version)
        return Response({**_version(found), "schema": found.schema})


class CheckContract(APIView):
    """/contracts/check"""

    @extend_schema(
        operation_id="checkContract", request=CheckShape,
        responses={200: CheckedShape, **dict.fromkeys((400, 401, 404, 413, 415, 422), ProblemShape)},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """What publishing this version would mean: proved safe, shown to break by a payload, or left to a person."""
        body = read_body(CheckShape, request)
        if not is_version(body["version"]):
            raise InvalidInput(f"{body['version'][:64]!r} is no semantic version; write it as 1.2.3")
        try:
            found = assess(
                name=body["name"], version=body["version"], schema=body["document"], policy=body["policy"],
                level=body["compatibility"], owner=find_team(body["owner"]),
            )  # fmt: skip
        except ValueError as error:  # InvalidSchema is one
            raise InvalidInput(str(error)) from error
        return Response(_checked(body["name"], found))


def _checked(name: str, found: Assessment) -> dict[str, Any]:
    report = found.report
    enough = is_enough(found)
    return {
        "verdict": report.verdict if report else "safe",
        "base": found.base.version if found.base else None,
        "level": report.level if report else "",
        "policy": report.policy if report else "",
        "takes": found.takes,
        "declared": found.declared,
        "is_enough": enough,
        "lowest": None if enough or found.base is None else lowest(found.base.version, found.takes),
        "findings": [_finding(one) for one in report.findings] if report else [],
        "has_witness": bool(report and report.has_witness),
        "witness": report.witness if report else None,
        "doubt": report.doubt if report else "",
        "asks": [] if found.is_safe else [team.name for team in found.teams],
        "url": reverse("contract", args=[name]),
    }


def _finding(one: Any) -> dict[str, str]:
    return {name: getattr(one, name) for name in ("rule", "pointer", "direction", "text", "fingerprint")}


def _show(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name, "owner": contract.owner.name, "description": contract.description,
        "policy": contract.policy,
    }  # fmt: skip


def _version(one: ContractVersion) -> dict[str, Any]:
    change = getattr(one, "change", None)
    return {
        "version": one.version, "state": one.state, "reason": one.reason,
        "published_at": one.published_at.isoformat(), "change": change.pk if change is not None else None,
    }  # fmt: skip
