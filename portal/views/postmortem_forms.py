"""Forms of postmortems, of lines of a timeline and of action items: what may be entered, labels and hints. Never writes.

Limits and rules are the services'; a form only turns text into values, so that web and API refuse alike.
"""

from __future__ import annotations

from typing import Any

from django import forms

from governance.models import ActionItem, Postmortem, TimelineMark
from governance.selectors.documents import contracts_of
from governance.selectors.postmortems import about
from orchestration.models import Team
from portal.models import User
from portal.views.document_forms import DocumentForm, ReasonForm, links_field


def moment_field(label: str, help_text: str, *, required: bool = True) -> forms.DateTimeField:
    """A time in the reader's zone, to the minute."""
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, help_text=help_text, required=required, widget=widget)


class PostmortemForm(DocumentForm):
    """A postmortem."""

    severity = forms.ChoiceField(label="Severity", choices=Postmortem.Severity.choices)
    began_at = moment_field("Began", "In your time zone. The timeline begins here.")
    ended_at = moment_field("Over", "Empty while it goes on.", required=False)
    dependencies = links_field("Dependencies", "Their breakers and alerts stand in the timeline.")
    contracts = links_field("Contracts")
    field_order = [
        "title", "status", "severity", "owner", "began_at", "ended_at", "workflows", "dependencies", "contracts", "body",
        "reason",
    ]  # fmt: skip
    rows = (("status", "severity", "owner"), ("began_at", "ended_at"), ("workflows", "dependencies", "contracts"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("status", Postmortem.Status.choices)
        self._offer_links()

    def values(self) -> dict[str, Any]:
        """What services.postmortems wants, owner and revision apart."""
        names = (
            "title", "body", "status", "severity", "began_at", "ended_at", "workflows", "dependencies", "contracts",
            "reason",
        )  # fmt: skip
        return {name: self.cleaned_data[name] for name in names}


def postmortem_initial(postmortem: Postmortem) -> dict[str, Any]:
    """A form's values of a postmortem as it is."""
    linked = about(postmortem)
    names = ("title", "status", "severity", "began_at", "ended_at", "body", "revision")
    return {
        **{name: getattr(postmortem, name) for name in names},
        "owner": postmortem.owner.name,
        "workflows": linked.workflows,
        "dependencies": linked.dependencies,
        "contracts": contracts_of(postmortem),
    }


class LineForm(forms.Form):
    """A line of one's own."""

    at = moment_field("When", "In your time zone.")
    text = forms.CharField(
        label="What happened", max_length=1_000, widget=forms.Textarea({"rows": 3}),
        help_text="What no machine saw: who noticed, what was tried, what was said to customers.",
    )  # fmt: skip


class NoteForm(forms.Form):
    """What one makes of a line."""

    shown = forms.ChoiceField(label="Shown", choices=[
        (TimelineMark.Shown.PLAIN, "as it is"), (TimelineMark.Shown.PINNED, "pinned"), (TimelineMark.Shown.HIDDEN, "hidden"),
    ])  # fmt: skip
    note = forms.CharField(
        label="Note", max_length=1_000, required=False, widget=forms.Textarea({"rows": 3}),
        help_text="What a reader should know about it.",
    )  # fmt: skip


class ActionForm(ReasonForm):
    """An action item. A new one needs no reason: its postmortem is the reason."""

    text = forms.CharField(label="What is to be done", max_length=500, widget=forms.Textarea({"rows": 2}))
    owner = forms.ChoiceField(label="Team")
    person = forms.CharField(label="Person", required=False, max_length=150, help_text="A user name; may stay empty.")
    due = forms.DateField(label="Due", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    check = forms.ChoiceField(label="It can be closed when", choices=ActionItem.Check.choices)
    target = forms.CharField(
        label="Which", required=False, max_length=200,
        help_text="A workflow, runbook or objective by name, a decision by number, a contract as order.placed@2.0.0.",
    )  # fmt: skip
    days = forms.IntegerField(
        label="For days",
        required=False,
        min_value=1,
        max_value=90,
        help_text="Of an objective; empty: its whole window.",
    )
    field_order = ["text", "owner", "person", "due", "check", "target", "days", "reason"]

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [(name, name) for name in Team.objects.values_list("name", flat=True)]
        if is_new:
            del self.fields["reason"]

    def clean_person(self) -> User | None:
        """The user of that name."""
        name = self.cleaned_data["person"].strip()
        found = User.objects.filter(username=name, is_active=True).first() if name else None
        if name and found is None:
            raise forms.ValidationError(f"There is no user {name[:60]!r}.")
        return found


class CloseForm(ReasonForm):
    """Closing an action item."""

    link = forms.CharField(label="Link", required=False, max_length=500, help_text="What shows that it is done.")
