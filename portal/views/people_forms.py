"""Forms of the people pages: what may be entered, and the words of labels and hints. Never writes."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator

from orchestration.models import Role, Team
from portal.models import User
from portal.permissions import ROLE_VERBS, WORDS, Verb
from portal.services.tokens import MAX_DAYS

NO_TEAM = "all my teams"
ROLE_HINTS = {
    role: (", ".join(WORDS[verb] for verb in Verb if verb in ROLE_VERBS[role]) or "reads all pages, as everybody may")
    for role in Role.values
}


class ReasonForm(forms.Form):
    """Asked of every write: it is what the history shows."""

    reason = forms.CharField(
        label="Reason", max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For whoever reads the history later.",
        error_messages={"required": "Say why, for whoever reads the history later."},
    )  # fmt: skip


class ProfileForm(forms.Form):
    """One's own name, e-mail and time zone."""

    name = forms.CharField(
        label="Name", max_length=150, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(label="E-mail", required=False, widget=forms.EmailInput({"autocomplete": "email"}))
    time_zone = forms.ChoiceField(label="Time zone", required=False, help_text="In which pages show dates and times.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]


class TokenForm(forms.Form):
    """A new token: offered are only the verbs that its owner holds."""

    name = forms.CharField(label="Name", max_length=100, help_text="What it is for, such as “nightly import”.")
    team = forms.ChoiceField(label="Team", required=False, help_text="Where the token may act.")
    verbs = forms.MultipleChoiceField(
        label="May", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Reading names, states and charts needs none of these.",
    )  # fmt: skip
    expires_in_days = forms.IntegerField(
        label="Days until it expires", min_value=1, max_value=MAX_DAYS, initial=90,
        help_text=f"1 to {MAX_DAYS}. Everything that uses the token stops working then.",
    )  # fmt: skip

    def __init__(self, *args: Any, verbs: list[Verb], teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered, scope = self.fields["verbs"], self.fields["team"]
        assert isinstance(offered, forms.MultipleChoiceField)
        assert isinstance(scope, forms.ChoiceField)
        offered.choices = [(verb.value, WORDS[verb].capitalize()) for verb in verbs]
        scope.choices = [("", NO_TEAM.capitalize()), *((team.name, team.name) for team in teams)]
        self.teams = {team.name: team for team in teams}

    def chosen_team(self) -> Team | None:
        """The team, or None for all."""
        return self.teams.get(self.cleaned_data["team"])


class InviteForm(ReasonForm):
    """A new user."""

    username = forms.CharField(
        label="Sign-in name", max_length=150, validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="Letters, digits and @ . + - _; it can’t be changed later.",
    )  # fmt: skip
    name = forms.CharField(label="Name", max_length=150, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    field_order = ["username", "name", "email", "reason"]


class RoleForm(ReasonForm):
    """A role for a person in a team; the page says which of the three is fixed."""

    role = forms.ChoiceField(label="Role", widget=forms.RadioSelect)
    field_order = ["user", "team", "role", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role, f"{role.capitalize()}: {hint}") for role, hint in ROLE_HINTS.items()]


class TeamRoleForm(RoleForm):
    """A role of a known person."""

    team = forms.ModelChoiceField(
        Team.objects.order_by("name"), label="Team", to_field_name="name", empty_label="Choose a team"
    )


class MemberForm(RoleForm):
    """A role in a known team. The name is typed: an installation may have thousands of people."""

    user = forms.CharField(label="Sign-in name", max_length=150, widget=forms.TextInput({"autocomplete": "off"}))

    def clean_user(self) -> User:
        """The active user of that name."""
        name = self.cleaned_data["user"].strip()
        user = User.objects.filter(username__iexact=name).first()
        if user is None:
            raise forms.ValidationError(f"Nobody has the sign-in name “{name}”; Users lists everybody.")
        return user


class TeamForm(ReasonForm):
    """A new team."""

    name = forms.CharField(
        label="Name", max_length=63,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9-]*\Z", "Lower-case letters, digits and hyphens, such as checkout.")
        ],
        help_text="Lower-case letters, digits and hyphens; manifests name it, so it can’t be changed later.",
    )  # fmt: skip
    description = forms.CharField(label="Description", max_length=1_000, required=False)
    field_order = ["name", "description", "reason"]


class TeamDescriptionForm(ReasonForm):
    """What a team is for."""

    description = forms.CharField(label="Description", max_length=1_000, required=False)
    field_order = ["description", "reason"]
