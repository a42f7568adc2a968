"""The playbook action that tells others: it calls the webhooks of a team, signed and guarded as every one.

Owns the event's data. Never sends: deliveries do, in their own time.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from governance.models import ExerciseAction
from governance.playbooks.play import Need, Outcome, Parameters, Preview
from governance.selectors.webhooks import channels_of
from governance.services.webhooks import announce
from orchestration.errors import Conflict, NotFound
from orchestration.models import Team

EVENT = "playbook.called"


class CallWebhook:
    """Tell the channels of a team, signed and guarded as every webhook is."""

    need: Need = "operate"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        found = Team.objects.filter(name=parameters["team"]).first()
        if found is None:
            raise NotFound(f"there is no team {parameters['team'][:63]!r}")
        return found

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        count = self._listeners(parameters)
        return Preview(f"Calls {count} webhook{'' if count == 1 else 's'} of {parameters['team']}.")

    def run(self, action: ExerciseAction) -> Outcome:
        count, team = self._listeners(action.parameters), self.team(action.parameters)
        path = reverse("exercise", args=[action.exercise_id])
        data = {
            "exercise": action.exercise_id, "runbook": action.exercise.runbook.slug, "step": action.position,
            "message": action.parameters.get("message", ""), "link": path,
        }  # fmt: skip
        announce(EVENT, teams=[team], data=data)
        return Outcome(f"{count} webhook{' is' if count == 1 else 's are'} on the way to {team.name}.")

    def _listeners(self, parameters: Parameters) -> int:
        team = self.team(parameters)
        count = sum(channel.wants(EVENT) for channel in channels_of(team))
        if not count:
            raise Conflict(f"no channel of team {team.name} wants {EVENT}; its manifest declares them")
        return count
