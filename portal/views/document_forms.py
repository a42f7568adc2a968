"""Forms of decisions and runbooks: what may be entered, and the words of labels and hints. Never writes.

Limits and rules are the services'; a form only turns text into values, so that web and API refuse alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from governance.models import Contract, Decision, Runbook
from governance.runbooks.reading import MOST_AN_HOUR
from orchestration.errors import InvalidInput
from orchestration.models import Dependency, Team, Workflow

_DATE = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class NumbersField(forms.CharField):
    """`1, 4` as [1, 4]."""

    def to_python(self, value: Any) -> Any:
        """The numbers, each once."""
        words = re.split(r"[\s,;]+", str(value or "").strip())
        numbers = [word.lstrip("#") for word in words if word]
        if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in numbers):
            raise ValidationError("Write the numbers of decisions, such as 1, 4.")
        return list(dict.fromkeys(int(word) for word in numbers))


class ReasonForm(forms.Form):
    """Asked of every write: it is what the history shows."""

    reason = forms.CharField(
        label="Reason", max_length=2_000, widget=forms.Textarea({"rows": 2}),
        help_text="Why, for whoever reads the history.",
    )  # fmt: skip


def links_field(label: str, help_text: str = "Shown on their pages too.") -> forms.MultipleChoiceField:
    """Several of what a document may be about; its form offers them."""
    widget = forms.SelectMultiple({"size": 5})
    return forms.MultipleChoiceField(label=label, required=False, widget=widget, help_text=help_text)


class DocumentForm(ReasonForm):
    """What decisions and runbooks have in common. `rows` says which fields stand side by side below the title."""

    rows: tuple[tuple[str, ...], ...] = ()
    title = forms.CharField(label="Title", max_length=200)
    status = forms.ChoiceField(label="Status")
    owner = forms.ChoiceField(label="Owner", help_text="Teams for which you may edit documents.")
    workflows = links_field("Workflows", "Shown on their pages too. Ctrl or ⌘ adds to the choice.")
    body = forms.CharField(
        label="Text, in Markdown", required=False, strip=False,
        widget=forms.Textarea({"rows": 24, "data-editor-source": True, "spellcheck": "true"}),
    )  # fmt: skip
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, teams: Iterable[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Workflow.objects.values_list("name", flat=True)
        self._offer("owner", [(team.name, team.name) for team in teams])
        self._offer("workflows", [(name, name) for name in names])

    def _offer(self, field: str, choices: Sequence[tuple[str, str]]) -> None:
        offered = self.fields[field]
        assert isinstance(offered, forms.ChoiceField)
        offered.choices = choices

    def _offer_links(self) -> None:
        """What a document may be about beside workflows, where its form asks."""
        self._offer("dependencies", named(Dependency))
        self._offer("contracts", named(Contract))

    def accuse(self, error: InvalidInput) -> None:
        """Put what a service found where it belongs."""
        accuse(self, error)


class DecisionForm(DocumentForm):
    """A decision."""

    date = forms.DateField(label="Date", required=False, widget=_DATE, help_text="Empty: today.")
    superseded_by = forms.IntegerField(
        label="Superseded by", required=False, min_value=1, max_value=2**31 - 1,
        help_text="A decision's number; with the status Superseded only.",
    )  # fmt: skip
    supersedes = NumbersField(
        label="Supersedes", required=False, max_length=200,
        help_text="Numbers to mark as superseded by this one, such as 1, 4. Those that are already stay so.",
    )  # fmt: skip
    dependencies = links_field("Dependencies")
    contracts = links_field("Contracts")
    correction = forms.BooleanField(
        label="This only corrects a slip of writing", required=False,
        help_text="An accepted decision is changed by one that supersedes it.",
    )  # fmt: skip
    field_order = [
        "title", "status", "date", "owner", "superseded_by", "supersedes", "workflows", "dependencies", "contracts", "body",
        "correction", "reason",
    ]  # fmt: skip
    rows: tuple[tuple[str, ...], ...] = (
        ("status", "date", "owner"),
        ("superseded_by", "supersedes"),
        ("workflows", "dependencies", "contracts"),
    )

    def __init__(self, *args: Any, is_accepted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("status", Decision.Status.choices)
        self._offer_links()
        if is_accepted:
            self.rows = (*self.rows, ("correction",))
        else:
            del self.fields["correction"]

    def values(self) -> dict[str, Any]:
        """What services.decisions wants, owner and revision apart."""
        links = ("workflows", "dependencies", "contracts")
        names = ("title", "body", "status", "date", *links, "superseded_by", "supersedes", "reason")
        return {name: self.cleaned_data[name] for name in names}


class RunbookForm(DocumentForm):
    """A runbook. `slug` is asked of a new one only."""

    slug = forms.CharField(
        label="Name", required=False, max_length=63,
        help_text="For good, since manifests name it: payments-slow. Empty: made from the title.",
    )  # fmt: skip
    review_by = forms.DateField(label="Review by", required=False, widget=_DATE, help_text="Stale from the day after.")
    dependencies = links_field("Dependencies")
    contracts = links_field("Contracts")
    auto_start = forms.IntegerField(
        label="Started by alerts, an hour", required=False, min_value=1, max_value=MOST_AN_HOUR,
        help_text="Empty: never. Its leading steps marked automatic=yes then run by themselves.",
    )  # fmt: skip
    field_order = [
        "title", "slug", "status", "owner", "review_by", "auto_start", "workflows", "dependencies", "contracts", "body",
        "reason",
    ]  # fmt: skip
    rows: tuple[tuple[str, ...], ...] = (
        ("status", "owner", "review_by"),
        ("auto_start",),
        ("workflows", "dependencies", "contracts"),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("status", Runbook.Status.choices)
        self._offer_links()
        if is_new:
            self.rows = (("slug",), *self.rows)
        else:
            del self.fields["slug"]

    def values(self) -> dict[str, Any]:
        """What services.runbooks wants, slug, owner and revision apart."""
        names = (
            "title",
            "body",
            "status",
            "review_by",
            "auto_start",
            "workflows",
            "dependencies",
            "contracts",
            "reason",
        )
        return {name: self.cleaned_data[name] for name in names}


class ReviewedForm(ReasonForm):
    """Somebody looked at a runbook and it holds. `revision` is the one that they read."""

    review_by = forms.DateField(label="Next review", widget=_DATE)
    revision = forms.IntegerField(widget=forms.HiddenInput)


def decision_initial(decision: Decision) -> dict[str, Any]:
    """A form's values of a decision as it is."""
    return {
        **_initial(decision),
        "date": decision.date,
        "superseded_by": decision.superseded_by.number if decision.superseded_by else None,
        "dependencies": [link.dependency.name for link in decision.links.all() if link.dependency],
        "contracts": [link.contract.name for link in decision.links.all() if link.contract],
    }


def runbook_initial(runbook: Runbook) -> dict[str, Any]:
    """A form's values of a runbook as it is."""
    services = [link.dependency.name for link in runbook.links.all() if link.dependency]
    own = {"review_by": runbook.review_by, "auto_start": runbook.auto_start, "dependencies": services}
    own["contracts"] = [link.contract.name for link in runbook.links.all() if link.contract]
    return {**_initial(runbook), **own}


def named(model: type[Dependency] | type[Contract]) -> list[tuple[str, str]]:
    """What may be linked."""
    return [(name, name) for name in model._default_manager.values_list("name", flat=True)]


def _initial(document: Decision | Runbook) -> dict[str, Any]:
    return {
        "title": document.title,
        "status": document.status,
        "owner": document.owner.name,
        "workflows": [link.workflow.name for link in document.links.all() if link.workflow],
        "body": document.body,
        "revision": document.revision,
    }


def typed(form: type[DocumentForm], data: QueryDict) -> dict[str, Any]:
    """What was typed, as initial values: a preview shows a form again without judging it."""
    lists = {name for name, field in form.base_fields.items() if isinstance(field, forms.MultipleChoiceField)}
    return {name: data.getlist(name) if name in lists else data.get(name, "") for name in form.base_fields}


def accuse(form: forms.Form, error: InvalidInput, other: str | None = None) -> None:
    """Put each violation that a service found at its field, or at `other` (the top) when there is no such field."""
    told = [(violation.pointer.strip("/"), violation.message) for violation in error.violations]
    for name, text in told or [("reason" if "reason" in str(error) else "", str(error))]:
        form.add_error(name if name in form.fields else other, as_sentence(text))


def as_sentence(text: str) -> str:
    """A fault, as a page writes it."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
