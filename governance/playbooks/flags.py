"""The playbook action that switches a flag, as its page does. Never decides who may: portal does, by `need`."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from governance.models import ExerciseAction
from governance.playbooks.play import Need, Outcome, Parameters, Preview, reason_of
from orchestration.models import Team
from orchestration.selectors.flags import find_flag
from orchestration.services.flags import DECLARED, is_words, position, switch_flag


class SwitchFlag:
    """On, off, or back to what the manifest says. One that stands so already is left as it is."""

    need: Need = "switch"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team | None:
        """See Play."""
        return find_flag(parameters["flag"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        """See Play."""
        flag, to = find_flag(parameters["flag"]), parameters["to"]
        if flag.switched == position(to):
            return Preview(f"Does nothing: flag {flag.name} {is_words(to)} already.")
        done = "back to what its manifest declares" if to == DECLARED else to
        return Preview(f"Switches flag {flag.name} {done}, for runs that ask from then on.")

    def run(self, action: ExerciseAction) -> Outcome:
        """See Play."""
        name, to = action.parameters["flag"], action.parameters["to"]
        links = [("flag", reverse("flag", args=[name]))]
        if find_flag(name).switched == position(to):
            return Outcome(f"Flag {name} {is_words(to)} already.", links)
        switch_flag(name=name, to=to, reason=reason_of(action), actor=action.person)
        return Outcome(f"Flag {name} {is_words(to)}.", links)
