"""Playbook actions that change what others rely on, through the gate as by hand: breakers forced, versions rolled back.

Each is written in one transaction with its outcome. Never decides whether others are asked: the gate does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from governance.gate.breakers import FORCE, proposal
from governance.gate.opening import WAITING, propose
from governance.gate.requirements import rules_for
from governance.gate.subjects import Object
from governance.models import Change, ExerciseAction
from governance.playbooks.play import Need, OfDependency, OfWorkflow, Outcome, Parameters, Preview, reason_of
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.manifest import parse_duration
from orchestration.models import WorkflowVersion
from orchestration.selectors.workflows import find_dependency, find_workflow
from orchestration.services import breakers
from orchestration.services.applying import Signature

DEPRECATE = "workflow.deprecate"
#: After a version was rolled back nobody goes back further by an action for so long: two people at once, or an alert that
#: fires again, would each take one version more.
QUIET = timedelta(hours=1)


class ForceBreaker(OfDependency):
    """Through the gate, as on the breaker's page."""

    need: Need = "switch"
    is_one_write = True

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_dependency(parameters["dependency"])
        until = now + timedelta(seconds=parse_duration(parameters["for"]))
        proposal(parameters["state"], until)
        state = parameters["state"].replace("_", " ")
        return Preview(f"Holds the breaker of {parameters['dependency']} {state} for {parameters['for']}.")

    def run(self, action: ExerciseAction) -> Outcome:
        name, state = action.parameters["dependency"], action.parameters["state"]
        until = action.asked_at + timedelta(seconds=parse_duration(action.parameters["for"]))
        thing = Object(FORCE, name, state, find_dependency(name).owner, None, proposal(state, until))
        done = f"The breaker of {name} is {state.replace('_', ' ')} until {until:%H:%M} UTC."
        return _asked(action, thing, done, ("breaker", reverse("dependency-breaker", args=[name])))


class ReleaseBreaker(OfDependency):
    """Let it decide by itself again."""

    need: Need = "switch"
    is_one_write = True

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_dependency(parameters["dependency"])
        return Preview(f"Lets the breaker of {parameters['dependency']} decide by itself again.")

    def run(self, action: ExerciseAction) -> Outcome:
        name = action.parameters["dependency"]
        breakers.release(name=name, reason=reason_of(action), actor=action.person)
        return Outcome(
            f"The breaker of {name} decides by itself again.", [("breaker", reverse("dependency-breaker", args=[name]))]
        )


class RollBackVersion(OfWorkflow):
    """Deprecate the highest active version, so that new runs start with the one below it. Open runs go on with theirs."""

    need: Need = "maintain"
    is_one_write = True

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        name = find_workflow(parameters["workflow"]).name
        bad, good = self._versions(name, now)
        return Preview(f"Deprecates {name} {bad}: new runs start with {good}.", [bad, good])

    def run(self, action: ExerciseAction) -> Outcome:
        name, (bad, good) = action.parameters["workflow"], action.chosen
        now = clock.now()
        if self._versions(name, now) != (bad, good):
            raise Conflict(f"the active versions of {name} are others now than when this was asked for; try again")
        owner = find_workflow(name).owner
        # The notice counts from when it is done, which is when the last review has come.
        rules = rules_for(DEPRECATE, name, owner.name)
        sunset = now + rules.notice + rules.expires + timedelta(days=1)
        thing = Object(DEPRECATE, name, bad, owner, None, {"sunset_at": sunset.isoformat(), "successor": good})
        done = f"{name} {bad} is deprecated; new runs start with {good}."
        return _asked(action, thing, done, ("versions", reverse("workflow", args=[name])))

    def _versions(self, name: str, now: datetime) -> tuple[str, str]:
        """The one that new runs start with, and the one below it. Raises Conflict where none is, or one was left just now."""
        live = WorkflowVersion.objects.filter(workflow__name=name).order_by("-precedence")
        active = list(live.filter(state=WorkflowVersion.State.ACTIVE)[:2])
        if len(active) < 2:
            raise Conflict(f"{name} has no earlier active version to go back to")
        left = live.filter(precedence__gt=active[0].precedence, deprecated_at__gt=now - QUIET).first()
        if left is not None and left.deprecated_at is not None:
            raise Conflict(
                f"{name} {left.version} was deprecated at {left.deprecated_at:%H:%M} UTC, and new runs start with"
                f" {active[0].version} since; see whether that helps before you go back further"
            )
        return active[0].version, active[1].version


def _asked(action: ExerciseAction, thing: Object, done: str, link: tuple[str, str]) -> Outcome:
    """Put it to the gate: done, or it waits and everything is as it was. What somebody asked for already stays theirs."""
    asked = Change.objects.filter(kind=thing.kind, name=thing.name, number=thing.number, state__in=WAITING).first()
    change = asked or propose(thing, Signature(action.person, reason_of(action)))
    at_the_gate = (f"change {change.pk}", reverse("change", args=[change.pk]))
    if change.state == Change.State.APPLIED:
        return Outcome(done, [link, at_the_gate])
    waits = "waits for its reviews" if change.state == Change.State.OPEN else f"is {change.get_state_display()}"
    told = "Somebody asked for this already: change" if asked else "Change"
    return Outcome(f"{told} {change.pk} {waits}; until it is applied nothing changes.", [at_the_gate])
