"""Alerts: list, read, acknowledge, resolve; silences of an objective. Writes need the operator of the team."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Alert, AlertEvent, Silence
from orchestration.policies.burn import Severity
from orchestration.selectors.alerts import AlertFilter, alerts, events_of, find_alert, find_silence
from orchestration.selectors.budgets import find_objective
from orchestration.services import alert_actions as services
from portal.api.objective_shapes import READS, WRITES, ObjectiveReasonShape
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.permissions import Verb

STATES = [state.value for state in Alert.State]
SEVERITIES = [severity.value for severity in Severity]


class AlertQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    state = serializers.ChoiceField(
        choices=["unresolved", *STATES],
        required=False,
        default="",
        allow_blank=True,
        help_text="unresolved: open or acknowledged",
    )
    severity = serializers.ChoiceField(choices=SEVERITIES, required=False, default="", allow_blank=True)
    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    objective = serializers.CharField(max_length=160, required=False, default="", allow_blank=True)


class AlertShape(serializers.Serializer[Any]):
    """An alert. `objective` is null for a run that could not be undone, and `run` for a budget."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Alert.Kind.values)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    state = serializers.ChoiceField(choices=STATES)
    subject = serializers.CharField()
    team = serializers.CharField()
    objective = serializers.CharField(allow_null=True)
    workflow = serializers.CharField(allow_blank=True)
    run = serializers.CharField(allow_null=True)
    rule = serializers.CharField()
    opened_at = serializers.DateTimeField()
    told_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(help_text="path of its page")


class AlertEventShape(serializers.Serializer[Any]):
    """Something that happened to it."""

    at = serializers.DateTimeField()
    what = serializers.ChoiceField(choices=AlertEvent.What.values)
    person = serializers.CharField(allow_null=True)
    text = serializers.CharField(allow_blank=True)


class AlertDetailShape(AlertShape):
    """An alert with its timeline. `facts`: as counted when it opened."""

    facts = serializers.JSONField()
    events = AlertEventShape(many=True)


class AlertPageShape(serializers.Serializer[Any]):
    """A page of alerts, newest first."""

    items = AlertShape(many=True)
    next = serializers.CharField(allow_null=True)


class NewSilenceShape(ObjectiveReasonShape):
    """A silence of an objective; of both severities without one."""

    severity = serializers.ChoiceField(choices=SEVERITIES, required=False, default="", allow_blank=True)
    ends_at = serializers.DateTimeField()


class SilenceShape(serializers.Serializer[Any]):
    """A silence."""

    number = serializers.IntegerField()
    objective = serializers.CharField()
    severity = serializers.CharField(allow_blank=True, help_text="empty for both")
    reason = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class Alerts(APIView):
    """/alerts"""

    @extend_schema(operation_id="listAlerts", parameters=[AlertQuery], responses={200: AlertPageShape, **READS})
    def get(self, request: Request) -> Response:
        """Alerts, newest first."""
        query = read_query(AlertQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = alerts(AlertFilter(**query), cursor=cursor, limit=limit)
        return Response(page(found.items, _show, found.next))


class OneAlert(APIView):
    """/alerts/{number}"""

    @extend_schema(operation_id="getAlert", responses={200: AlertDetailShape, **READS})
    def get(self, request: Request, number: int) -> Response:
        """An alert with its timeline."""
        return Response(_detail(find_alert(number)))


class AcknowledgeAlert(APIView):
    """/alerts/{number}/acknowledge"""

    @extend_schema(
        operation_id="acknowledgeAlert", request=ObjectiveReasonShape, responses={200: AlertDetailShape, **WRITES}
    )
    def post(self, request: Request, number: int) -> Response:
        """Somebody is at it: the escalation stops."""
        found = _operated(request, number)
        services.acknowledge(alert=found, person=request.user, **read_body(ObjectiveReasonShape, request))
        return Response(_detail(find_alert(number)))


class ResolveAlert(APIView):
    """/alerts/{number}/resolve"""

    @extend_schema(
        operation_id="resolveAlert", request=ObjectiveReasonShape, responses={200: AlertDetailShape, **WRITES}
    )
    def post(self, request: Request, number: int) -> Response:
        """It is over. Refused while the budget still burns."""
        found = _operated(request, number)
        services.resolve(alert=found, person=request.user, **read_body(ObjectiveReasonShape, request))
        return Response(_detail(find_alert(number)))


class SilenceObjective(APIView):
    """/objectives/{name}/silence"""

    @extend_schema(operation_id="silenceObjective", request=NewSilenceShape, responses={201: SilenceShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """Tell nobody of its alerts until then."""
        found, body = find_objective(name), read_body(NewSilenceShape, request)
        actor_of(request).require(Verb.OPERATE, found.owner)
        return Response(_silence(services.silence(objective=found, person=request.user, **body)), status=201)


class EndSilence(APIView):
    """/silences/{number}/end"""

    @extend_schema(operation_id="endSilence", request=ObjectiveReasonShape, responses={200: SilenceShape, **WRITES})
    def post(self, request: Request, number: int) -> Response:
        """Tell people again."""
        found, body = find_silence(number), read_body(ObjectiveReasonShape, request)
        actor_of(request).require(Verb.OPERATE, found.objective.owner)
        return Response(_silence(services.end_silence(silence=found, person=request.user, **body)))


def _operated(request: Request, number: int) -> Alert:
    found = find_alert(number)
    actor_of(request).require(Verb.OPERATE, found.team)
    return found


def _show(one: Alert) -> dict[str, Any]:
    moments = ("opened_at", "told_at", "acknowledged_at", "resolved_at")
    written = {name: moment.isoformat() if (moment := getattr(one, name)) else None for name in moments}
    return {
        "number": one.pk, "kind": one.kind, "severity": one.severity, "state": one.state, "subject": one.subject,
        "team": one.team.name, "objective": one.objective.name if one.objective else None, "workflow": one.workflow,
        "run": str(one.run_id) if one.run_id else None, "rule": one.rule, **written, "url": f"/alerts/{one.pk}/",
    }  # fmt: skip


def _detail(one: Alert) -> dict[str, Any]:
    events = [
        {
            "at": event.at.isoformat(), "what": event.what, "text": event.text,
            "person": event.person.get_username() if event.person else None,
        }
        for event in events_of(one)
    ]  # fmt: skip
    return {**_show(one), "facts": one.facts, "events": events}


def _silence(one: Silence) -> dict[str, Any]:
    return {
        "number": one.pk, "objective": one.objective.name, "severity": one.severity, "reason": one.reason,
        "person": one.person.get_username() if one.person else None, "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
    }  # fmt: skip
