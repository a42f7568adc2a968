"""Objectives and budgets as the API shows and takes them. Owns their fields; never decides anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from orchestration.errors import NotFound
from orchestration.models import Objective, Team
from orchestration.selectors.budgets import Budget, BudgetState
from orchestration.services.objectives import Wanted
from portal.api.pages import PageQuery, ProblemShape

READS: dict[int, Any] = dict.fromkeys((400, 401, 404, 422), ProblemShape)
WRITES: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ProblemShape)
_WHOLE: dict[str, Any] = {"min_value": 1, "max_value": 1_000_000, "required": False, "allow_null": True}


class ObjectiveQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    dependency = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    retired = serializers.BooleanField(required=False, default=False, help_text="retired ones too")


class BudgetShape(serializers.Serializer[Any]):
    """What is left of a budget. `burn_rates`: by window, null where nothing happened. `exhausts_in`: seconds, null for never."""

    state = serializers.ChoiceField(choices=[state.value for state in BudgetState])
    total = serializers.IntegerField(help_text="events in the window")
    bad = serializers.IntegerField()
    allowed = serializers.FloatField(help_text="how many of them may be bad")
    remaining = serializers.FloatField(help_text="a share of 1; below 0 when more was bad")
    burn_rates = serializers.DictField(child=serializers.FloatField(allow_null=True))
    exhausts_in = serializers.FloatField(allow_null=True)


class ObjectiveFields(serializers.Serializer[Any]):
    """What an objective says. Exactly one scope: workflow, workflow and step, or dependency."""

    description = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    owner = serializers.CharField(max_length=63)
    workflow = serializers.CharField(max_length=63, required=False, allow_blank=True)
    step = serializers.CharField(max_length=63, required=False, allow_blank=True)
    dependency = serializers.CharField(max_length=63, required=False, allow_blank=True)
    indicator = serializers.ChoiceField(choices=Objective.Indicator.values)
    threshold = serializers.FloatField(
        required=False, allow_null=True, min_value=0, max_value=1e9, help_text="seconds; of latency"
    )
    target = serializers.DecimalField(
        max_digits=12, decimal_places=8, min_value=Decimal(0), max_value=Decimal(1), help_text="a share of 1"
    )
    window_days = serializers.IntegerField(min_value=1, max_value=90, required=False)
    degraded_is_bad = serializers.BooleanField(required=False)
    page = serializers.BooleanField(required=False)
    ticket = serializers.BooleanField(required=False)
    page_failures = serializers.IntegerField(**_WHOLE)
    page_within = serializers.IntegerField(**_WHOLE, help_text="minutes")
    ticket_failures = serializers.IntegerField(**_WHOLE)
    ticket_within = serializers.IntegerField(**_WHOLE, help_text="minutes")
    runbook = serializers.CharField(max_length=63, required=False, allow_blank=True)


class ObjectiveShape(ObjectiveFields):
    """An objective and its budget."""

    name = serializers.CharField()
    source = serializers.ChoiceField(choices=Objective.Source.values)  # type: ignore[assignment]  # a field, here
    since = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    budget = BudgetShape()
    url = serializers.CharField(help_text="path of its page")


class ObjectivePageShape(serializers.Serializer[Any]):
    """A page of objectives, by name."""

    items = ObjectiveShape(many=True)
    next = serializers.CharField(allow_null=True)


class NewObjectiveShape(ObjectiveFields):
    """A new one."""

    name = serializers.CharField(max_length=160)
    reason = serializers.CharField(max_length=2000)


class EditObjectiveShape(ObjectiveFields):
    """What is to change; what is left out stays."""

    name = serializers.CharField(max_length=160, required=False)
    owner = serializers.CharField(max_length=63, required=False)
    indicator = serializers.ChoiceField(choices=Objective.Indicator.values, required=False)
    target = serializers.DecimalField(
        max_digits=12, decimal_places=8, min_value=Decimal(0), max_value=Decimal(1), required=False
    )
    reason = serializers.CharField(max_length=2000)


class ObjectiveReasonShape(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)


def wanted(body: dict[str, Any], present: Objective | None = None) -> Wanted:
    """The objective that a body asks for. Raises NotFound for an owner that is none."""
    values = {name: getattr(present, name) for name in Wanted.__dataclass_fields__} if present else {}
    values |= {name: value for name, value in body.items() if name != "reason"}
    if "owner" in body:
        owner = Team.objects.filter(name=body["owner"]).first()
        if owner is None:
            raise NotFound(f"no team {body['owner']!r}")
        values["owner"] = owner
    return Wanted(**values)


def show(budget: Budget) -> dict[str, Any]:
    """As ObjectiveShape says."""
    one = budget.objective
    same = {name: getattr(one, name) for name in Wanted.__dataclass_fields__ if name not in {"owner", "target"}}
    rates = {window: None if rate is None else float(rate) for window, rate in budget.burns.items()}
    return {
        **same, "owner": one.owner.name, "target": f"{one.target:.8f}", "since": one.since.isoformat(),
        "retired_at": one.retired_at.isoformat() if one.retired_at else None, "url": f"/objectives/{one.name}/",
        "budget": {
            "state": str(budget.state), "total": budget.counts.total, "bad": budget.counts.bad, "allowed": budget.allowed,
            "remaining": float(budget.remaining), "burn_rates": rates,
            "exhausts_in": None if budget.exhausts_in is None else budget.exhausts_in.total_seconds(),
        },
    }  # fmt: skip
