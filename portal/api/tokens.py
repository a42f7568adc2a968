"""API tokens of the caller: list, make, revoke. A token can't make tokens, or a leaked one could outlive its expiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.errors import Forbidden, InvalidInput
from orchestration.models import Team
from orchestration.services.world import suggestion
from portal.api.pages import PageQuery, ProblemShape, actor_of, numbered_page, read_body, read_query
from portal.models import Token
from portal.permissions import TOKEN_VERBS, Verb
from portal.selectors import people
from portal.services import tokens

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 403, 422), ProblemShape)
VERBS = [verb.value for verb in Verb if verb in TOKEN_VERBS]


class TokenShape(serializers.Serializer[Any]):
    """A token, without its secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="its first characters")
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=VERBS))
    team = serializers.CharField(allow_null=True, help_text="null: all teams of its owner")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class MadeTokenShape(TokenShape):
    """A new token with its secret, which is answered this once."""

    token = serializers.CharField()


class NewTokenShape(serializers.Serializer[Any]):
    """Body of a new token."""

    name = serializers.CharField(max_length=100)
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=VERBS), max_length=len(VERBS))
    team = serializers.CharField(max_length=63, required=False, allow_null=True, default=None)
    expires_in_days = serializers.IntegerField(min_value=1, max_value=tokens.MAX_DAYS)


class TokenPageShape(serializers.Serializer[Any]):
    """A page of tokens."""

    items = TokenShape(many=True)
    next = serializers.CharField(allow_null=True)


class Tokens(APIView):
    """The caller's own tokens."""

    @extend_schema(
        operation_id="list_tokens", summary="Your tokens, newest first",
        parameters=[PageQuery], responses={200: TokenPageShape, **PROBLEMS},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """A page."""
        query = read_query(PageQuery, request)
        rows = people.tokens_of(actor_of(request).user)
        return Response(numbered_page(rows, query, show_token))

    @extend_schema(
        operation_id="make_token", summary="Make a token", description="Signed in only: a token can't make tokens.",
        request=NewTokenShape, responses={201: MadeTokenShape, 409: ProblemShape, **PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The token and, this once, its secret."""
        actor = actor_of(request)
        if actor.token is not None:
            raise Forbidden("a token can't make tokens; sign in and make it on the account page")
        values = read_body(NewTokenShape, request)
        token, secret = tokens.create_token(
            owner=actor.user, name=values["name"], verbs=values["verbs"], team=_team(values["team"]),
            expires_in_days=values["expires_in_days"], reason="made by its owner, through the API",
        )  # fmt: skip
        answer = Response({**show_token(token), "token": secret}, status=201)
        answer["Cache-Control"] = "no-store"
        return answer


class OneToken(APIView):
    """One of the caller's tokens."""

    @extend_schema(
        operation_id="revoke_token", summary="Revoke a token", description="A token may revoke itself and no other.",
        responses={204: OpenApiResponse(description="Revoked, now or before."), 404: ProblemShape, **PROBLEMS},
    )  # fmt: skip
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke; doing it twice changes nothing."""
        actor = actor_of(request)
        token = people.find_token(token_id, owner=actor.user)
        if actor.token is not None and actor.token.pk != token.pk:
            raise Forbidden("a token may revoke itself and no other; sign in to revoke others")
        tokens.revoke_token(token=token, actor=actor.user, reason="revoked by its owner, through the API")
        return Response(status=204)


def show_token(token: Token) -> dict[str, Any]:
    """TokenShape's values."""
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "verbs": token.verbs,
        "team": token.team.name if token.team else None,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": _time(token.last_used_at),
        "revoked_at": _time(token.revoked_at),
    }


def _team(name: str | None) -> Team | None:
    """The named team; a fault of the body, not of the address, when there is none."""
    if not name:
        return None
    team = Team.objects.filter(name=name).first()
    if team is None:
        known = Team.objects.values_list("name", flat=True)
        raise InvalidInput(f"team: no team {name!r}{suggestion(name, known)}")
    return team


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
