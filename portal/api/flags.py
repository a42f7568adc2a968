"""Flags: list, read and switch. The ETag is the revision, which grows with every apply and every switch."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Flag
from orchestration.selectors.flags import Share, Use, find_flag, revision_of, revisions, share_of, uses
from orchestration.services.flags import DECLARED, MovedOn, switch_flag
from portal.api.document_shapes import IF_MATCH, READ_PROBLEMS, WRITE_PROBLEMS, required_revision
from portal.api.enums import FLAG_DEFAULTS, FLAG_POSITIONS, FLAG_WHEN_OFF
from portal.api.pages import PageQuery, actor_of, named_page, read_body, read_query
from portal.api.problems import PreconditionFailed
from portal.permissions import Verb


class FlagShape(serializers.Serializer[Any]):
    """A flag as applied and as switched. `spec` is its manifest's."""

    name = serializers.CharField()
    owner = serializers.CharField(allow_null=True, help_text="a team; null: admins switch it")
    description = serializers.CharField()
    switched = serializers.ChoiceField(choices=FLAG_POSITIONS, help_text="declared: as its manifest says")
    declared = serializers.ChoiceField(choices=FLAG_DEFAULTS, help_text="the default")
    percent = serializers.FloatField(allow_null=True, help_text="of keys that have it; null without a rollout")
    spec = serializers.JSONField()
    revision = serializers.IntegerField()
    applied_at = serializers.DateTimeField()


class FlagPageShape(serializers.Serializer[Any]):
    """A page of flags."""

    items = FlagShape(many=True)
    next = serializers.CharField(allow_null=True)


class FlagUseShape(serializers.Serializer[Any]):
    """A step that asks for it, in the highest active version of its workflow."""

    workflow = serializers.CharField()
    version = serializers.CharField()
    step = serializers.CharField()
    when_off = serializers.ChoiceField(choices=FLAG_WHEN_OFF)


class FlagShareShape(serializers.Serializer[Any]):
    """For how many of the latest runs that asked it was on; at most 1,000 of them are looked at."""

    runs = serializers.IntegerField()
    on = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)


class FlagDetailShape(FlagShape):
    """A flag, who asks for it, and what it was for recent runs."""

    uses = FlagUseShape(many=True)
    recent = FlagShareShape()


class SwitchShape(serializers.Serializer[Any]):
    """Where to switch it and why, and the revision it is made over, if that isn't sent as If-Match."""

    to = serializers.ChoiceField(choices=FLAG_POSITIONS)
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class Flags(APIView):
    """/flags"""

    @extend_schema(
        operation_id="listFlags", parameters=[PageQuery], responses={200: FlagPageShape, **READ_PROBLEMS}
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Flags by name."""
        query = read_query(PageQuery, request)
        numbers = revisions()
        rows = Flag.objects.select_related("owner")
        return Response(named_page(rows, query, "name", lambda flag: _show(flag, numbers.get(flag.name, 0))))


class OneFlag(APIView):
    """/flags/{name}"""

    @extend_schema(operation_id="getFlag", responses={200: FlagDetailShape, **READ_PROBLEMS})
    def get(self, request: Request, name: str) -> Response:
        """A flag, who asks for it, and what it was for recent runs; the ETag is its revision."""
        return _detail(find_flag(name))


class SwitchFlag(APIView):
    """/flags/{name}/switch"""

    @extend_schema(
        operation_id="switchFlag", request=SwitchShape, parameters=[IF_MATCH],
        responses={200: FlagDetailShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, name: str) -> Response:
        """Switch it for the runs that ask from now on; 412 when somebody else wrote it since you read it."""
        flag = find_flag(name)
        actor_of(request).require(Verb.SWITCH, flag.owner)
        body = read_body(SwitchShape, request)
        seen = required_revision(request, body)
        try:
            return _detail(
                switch_flag(name=flag.name, to=body["to"], reason=body["reason"], actor=request.user, seen=seen)
            )
        except MovedOn as error:
            raise PreconditionFailed(str(error)) from error


def _detail(flag: Flag) -> Response:
    revision = revision_of(flag)
    shown = {
        **_show(flag, revision),
        "uses": [_use(one) for one in uses().get(flag.name, [])],
        "recent": _share(share_of(flag.name)),
    }
    return Response(shown, headers={"ETag": f'"{revision}"'})


def _show(flag: Flag, revision: int) -> dict[str, Any]:
    rollout = flag.spec.get("rollout")
    return {
        "name": flag.name, "owner": flag.owner.name if flag.owner else None, "description": flag.description,
        "switched": flag.switched or DECLARED, "declared": flag.spec.get("default", "off"),
        "percent": rollout["percent"] if isinstance(rollout, dict) else None, "spec": flag.spec, "revision": revision,
        "applied_at": flag.applied_at.isoformat(),
    }  # fmt: skip


def _use(use: Use) -> dict[str, Any]:
    return use._asdict()


def _share(share: Share) -> dict[str, Any]:
    return {"runs": share.runs, "on": share.on, "since": share.since.isoformat() if share.since else None}
