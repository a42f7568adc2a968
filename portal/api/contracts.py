"""Contracts: list, read, and the check that a pipeline asks for before it applies a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.contracts.validation import check_schema
from governance.gate.contract_versions import PUBLISH
from governance.gate.opening import asks
from governance.models import Contract, ContractVersion
from governance.selectors.contracts import changes_of, contracts, find_contract, find_version, versions_of
from governance.services.assessing import Assessment, assess, is_enough, lowest
from governance.services.documents import find_team
from orchestration.errors import InvalidInput
from orchestration.versions import is_version
from portal.api.contract_shapes import (
    CheckedShape,
    CheckShape,
    ContractDetailShape,
    ContractPageShape,
    finding,
)
from portal.api.ending_headers import contract_ending
from portal.api.pages import PageQuery, ProblemShape, named_page, read_body, read_query


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
        return Response({**_show(found), "versions": _versions(found)})


class OneContractVersion(APIView):
    """/contracts/{name}/versions/{version}"""

    @extend_schema(
        operation_id="getContractVersion",
        responses={200: OpenApiTypes.OBJECT, 401: ProblemShape, 404: ProblemShape},
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """A version with its schema."""
        contract = find_contract(name)
        found = find_version(contract, version)
        shown = {**_version(found, changes_of(contract)), "schema": found.schema}
        return contract_ending(Response(shown), name, found)  # type: ignore[return-value]


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
            check_schema(body["format"], body["document"])
            found = assess(
                name=body["name"], version=body["version"], schema=body["document"], policy=body["policy"],
                level=body["compatibility"], owner=find_team(body["owner"]), format=body["format"],
            )  # fmt: skip
        except ValueError as error:  # InvalidSchema is one
            raise InvalidInput(str(error)) from error
        return Response(_checked(body["name"], body["version"], found))


def _checked(name: str, number: str, found: Assessment) -> dict[str, Any]:
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
        "findings": [finding(asdict(one)) for one in report.findings] if report else [],
        "has_witness": bool(report and report.has_witness),
        "witness": report.witness if report else None,
        "doubt": report.doubt if report else "",
        "asks": [team.name for team in asks(PUBLISH, name, number, found.teams[0], found.judgement(""))],
        "url": reverse("contract", args=[name]),
    }


def _show(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name, "owner": contract.owner.name, "description": contract.description,
        "policy": contract.policy, "format": contract.format,
    }  # fmt: skip


def _versions(contract: Contract) -> list[dict[str, Any]]:
    changes = changes_of(contract)
    return [_version(one, changes) for one in versions_of(contract)]


def _version(one: ContractVersion, changes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "version": one.version, "state": one.state, "reason": one.reason,
        "published_at": one.published_at.isoformat(), "change": changes.get(one.version),
        "deprecated_at": one.deprecated_at.isoformat() if one.deprecated_at else None,
        "sunset_at": one.sunset_at.isoformat() if one.sunset_at else None, "successor": one.successor or None,
    }  # fmt: skip
