"""The breaker of a dependency: how it stands, and forcing it, which the gate may hold, or letting it go again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.gate.breakers import FORCE, proposal
from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Change
from orchestration import clock
from orchestration.models import BreakerTransition
from orchestration.selectors.breakers import BreakerView, latest_transitions, view
from orchestration.selectors.workflows import find_dependency
from orchestration.services import breakers
from orchestration.services.applying import Signature
from portal.api.change_shapes import WRITES, ChangeReasonShape
from portal.api.enums import BREAKER_STATES, DEPENDENCY_HEALTH, FORCED_STATES
from portal.api.pages import ProblemShape, actor_of, read_body
from portal.permissions import Verb
from portal.selectors.dependency_health import fresh_health

_READS = {401: ProblemShape, 404: ProblemShape}


class CountsShape(serializers.Serializer[Any]):
    """Calls of the last sixty seconds; a call that failed slowly is both."""

    calls = serializers.IntegerField()
    bad = serializers.IntegerField()
    slow = serializers.IntegerField()
    retries = serializers.IntegerField()


class TransitionShape(serializers.Serializer[Any]):
    """A move of the breaker, and why."""

    at = serializers.DateTimeField()
    from_state = serializers.ChoiceField(choices=BREAKER_STATES)
    to_state = serializers.ChoiceField(choices=BREAKER_STATES)
    why = serializers.CharField()
    figures = CountsShape()
    actor = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class BreakerShape(serializers.Serializer[Any]):
    """A breaker as it stands. `parked`: steps that wait, by what for."""

    name = serializers.CharField()
    health = serializers.ChoiceField(choices=DEPENDENCY_HEALTH)
    why = serializers.CharField()
    state = serializers.ChoiceField(choices=BREAKER_STATES)
    since = serializers.DateTimeField(allow_null=True)
    retry_at = serializers.DateTimeField(allow_null=True, help_text="open: when calls are tried again")
    window = CountsShape()
    forced_by = serializers.CharField(allow_null=True)
    forced_reason = serializers.CharField(allow_blank=True)
    forced_until = serializers.DateTimeField(allow_null=True)
    parked = serializers.DictField(child=serializers.IntegerField())
    transitions = TransitionShape(many=True)


class ForceShape(ChangeReasonShape):
    """What to force and until when; `state` closed lets a forced breaker go, and takes no `expires_at`."""

    state = serializers.ChoiceField(choices=FORCED_STATES)
    expires_at = serializers.DateTimeField(required=False, help_text="at most seven days from now")


class ForcedShape(BreakerShape):
    """The breaker afterwards, and the change by which it was asked for; null where nobody had to be asked."""

    change = serializers.IntegerField(allow_null=True)
    change_state = serializers.CharField(allow_null=True)


class OneBreaker(APIView):
    """/dependencies/{name}/breaker"""

    @extend_schema(operation_id="getBreaker", responses={200: BreakerShape, **_READS})
    def get(self, request: Request, name: str) -> Response:
        """How the breaker stands, who waits, and its latest transitions."""
        find_dependency(name)
        return Response(_show(view(name)))

    @extend_schema(operation_id="forceBreaker", request=ForceShape, responses={201: ForcedShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """Force it, where no gate policy wants that reviewed at once; or let it go. 201 whether it was done or waits."""
        dependency = find_dependency(name)
        actor_of(request).require(Verb.SWITCH, dependency.owner)
        body = read_body(ForceShape, request)
        if body["state"] == "closed":
            return release_breaker(request, name, body["reason"])
        if "expires_at" not in body:
            raise serializers.ValidationError(
                {"expires_at": "a forced state needs its end; at most seven days from now"}
            )
        return force_breaker(request, name, body["state"], body["expires_at"], body["reason"])


def force_breaker(request: Request, name: str, state: str, expires_at: datetime, reason: str) -> Response:
    """Ask the gate for a forced state."""
    asked = proposal(state, expires_at)
    thing = Object(FORCE, name, state, find_dependency(name).owner, None, asked)
    return _forced(name, propose(thing, Signature(request.user, reason)))


def release_breaker(request: Request, name: str, reason: str) -> Response:
    """Let it decide by itself again, which asks nobody."""
    breakers.release(name=name, reason=reason, actor=request.user)
    return _forced(name, None)


def _forced(name: str, change: Change | None) -> Response:
    told = {"change": change.pk if change else None, "change_state": change.state if change else None}
    location = f"/api/v1/dependencies/{name}/breaker"
    return Response({**_show(view(name)), **told}, status=201, headers={"Location": location})


def _show(found: BreakerView) -> dict[str, Any]:
    health = fresh_health(found.name, clock.now())
    return {
        "name": found.name, "health": health.word, "why": health.why, "state": found.state, "since": found.since,
        "retry_at": found.retry_at, "window": found.window._asdict(), "forced_by": found.forced_by or None,
        "forced_reason": found.forced_reason, "forced_until": found.forced_until, "parked": dict(found.parked),
        "transitions": [_transition(one) for one in latest_transitions(found.name)],
    }  # fmt: skip


def _transition(one: BreakerTransition) -> dict[str, Any]:
    return {
        "at": one.at, "from_state": one.source, "to_state": one.target, "why": one.why, "figures": one.figures,
        "actor": one.actor.get_username() if one.actor else None, "reason": one.reason, "expires_at": one.expires_at,
    }  # fmt: skip
