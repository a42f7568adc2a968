"""Playbook actions that change what others rely on, through the gate as by hand: breakers forced, versions rolled back.

Each is written in one transaction with its outcome. Never decides whether others are asked: the gate does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from governance.gate.breakers import FORCE, proposal
from governance.gate.opening import propose
from governance.gate.requirements import rules_for
from governance.gate.shelves import Workflows
from governance.gate.subjects import Object
from governance.models import Change, ExerciseAction
from governance.playbooks.play import Need, Outcome, Parameters, Preview, reason_of
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.manifest import parse_duration
from orchestration.models import Team
from orchestration.selectors.workflows import find_dependency, find_workflow
from orchestration.services import breakers
from orchestration.services.applying import Signature

DEPRECATE = "workflow.deprecate"


class ForceBreaker:
    """Through the gate, as on the breaker's page."""

    need: Need = "switch"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        return find_dependency(parameters["dependency"]).owner

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


class ReleaseBreaker:
    """Let it decide by itself again."""

    need: Need = "switch"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        return find_dependency(parameters["dependency"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_dependency(parameters["dependency"])
        return Preview(f"Lets the breaker of {parameters['dependency']} decide by itself again.")

    def run(self, action: ExerciseAction) -> Outcome:
        name = action.parameters["dependency"]
        breakers.release(name=name, reason=reason_of(action), actor=action.person)
        return Outcome(
            f"The breaker of {name} decides by itself again.", [("breaker", reverse("dependency-breaker", args=[name]))]
        )


class RollBackVersion:
    """Deprecate the highest active version, so that new runs start with the one below it. Open runs go on with theirs."""

    need: Need = "maintain"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        return find_workflow(parameters["workflow"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        name = find_workflow(parameters["workflow"]).name
        active = Workflows().active(name)
        if len(active) < 2:
            raise Conflict(f"{name} has no earlier active version to go back to")
        return Preview(f"Deprecates {name} {active[0]}: new runs start with {active[1]}.", active[:2])

    def run(self, action: ExerciseAction) -> Outcome:
        name, (bad, good) = action.parameters["workflow"], action.chosen
        if Workflows().active(name)[:2] != [bad, good]:
            raise Conflict(f"the active versions of {name} are others now than when this was asked for; try again")
        owner = find_workflow(name).owner
        # The policy's notice counts from when it is done, and reviews may take a while.
        sunset = clock.now() + rules_for(DEPRECATE, name, owner.name).notice + timedelta(days=7)
        thing = Object(DEPRECATE, name, bad, owner, None, {"sunset_at": sunset.isoformat(), "successor": good})
        done = f"{name} {bad} is deprecated; new runs start with {good}."
        return _asked(action, thing, done, ("versions", reverse("workflow", args=[name])))


def _asked(action: ExerciseAction, thing: Object, done: str, link: tuple[str, str]) -> Outcome:
    """Put it to the gate: done, or it waits for its reviews and everything is as it was."""
    change = propose(thing, Signature(action.person, reason_of(action)))
    at_the_gate = (f"change {change.pk}", reverse("change", args=[change.pk]))
    if change.state != Change.State.APPLIED:
        return Outcome(f"Change {change.pk} waits for its reviews; until then nothing changes.", [at_the_gate])
    return Outcome(done, [link, at_the_gate])
