"""Teams: list and read. Everyone signed in may; changing them is for admins, on the web."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Membership, Role, Team
from portal.api.pages import PageQuery, ProblemShape, named_page, read_query
from portal.selectors import people

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 422), ProblemShape)


class TeamShape(serializers.Serializer[Any]):
    """A team in a list."""

    name = serializers.CharField()
    description = serializers.CharField()
    people = serializers.IntegerField(help_text="who hold a role in it")
    workflows = serializers.IntegerField(help_text="that it owns")
    dependencies = serializers.IntegerField(help_text="that it owns")
    created_at = serializers.DateTimeField()


class MemberShape(serializers.Serializer[Any]):
    """One role of one person."""

    user = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.values)


class TeamDetailShape(TeamShape):
    """A team and who holds which role in it."""

    members = MemberShape(many=True)


class TeamPageShape(serializers.Serializer[Any]):
    """A page of teams."""

    items = TeamShape(many=True)
    next = serializers.CharField(allow_null=True)


class Teams(APIView):
    """Every team."""

    @extend_schema(
        operation_id="list_teams",
        summary="List teams",
        parameters=[PageQuery],
        responses={200: TeamPageShape, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """A page by name."""
        return Response(named_page(people.teams(), read_query(PageQuery, request), "name", show_team))


class OneTeam(APIView):
    """One team."""

    @extend_schema(
        operation_id="read_team", summary="Read a team", responses={200: TeamDetailShape, 404: ProblemShape, **PROBLEMS}
    )
    def get(self, request: Request, name: str) -> Response:
        """With its members."""
        team = people.teams().get(pk=people.find_team(name).pk)
        members = people.members_of(team)
        return Response({**show_team(team), "members": [show_member(member) for member in members]})


def show_team(team: Team) -> dict[str, Any]:
    """TeamShape's values, of a team that selectors.people.teams() has counted."""
    counted: Any = team
    return {
        "name": team.name,
        "description": team.description,
        "people": counted.people,
        "workflows": counted.workflow_count,
        "dependencies": counted.dependency_count,
        "created_at": team.created_at.isoformat(),
    }


def show_member(member: Membership) -> dict[str, Any]:
    """MemberShape's values."""
    return {"user": member.user.get_username(), "role": member.role}
