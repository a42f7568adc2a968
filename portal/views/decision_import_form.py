"""The form of the import page: what may be entered, and the words of labels and hints. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from governance.services.importing import MAX_FOLDER
from orchestration.errors import InvalidInput
from orchestration.models import Team
from portal.views.document_forms import accuse

#: What a form's page may carry over from the trial to the import: a third more as text, below the limit of a request.
MAX_UPLOAD = 4 * 1024 * 1024


class ImportForm(forms.Form):
    """A zip, whose it is to be, and why."""

    file = forms.FileField(
        label="Zip of the folder",
        error_messages={"required": "Choose a zip of the folder."},
        widget=forms.FileInput({"accept": ".zip,application/zip"}),
        help_text="With its folders: a record may be 0012/README.md.",
    )
    folder = forms.CharField(
        label="Name of the folder", required=False, max_length=MAX_FOLDER,
        help_text="The same name again updates what came from it. Empty: the zip's name.",
    )  # fmt: skip
    owner = forms.ChoiceField(label="Owner", help_text="Of what is new. Teams for which you may edit documents.")
    reason = forms.CharField(
        label="Reason", required=False, max_length=2_000, widget=forms.Textarea({"rows": 2}),
        help_text="Stands in the history of each decision. Empty: import of the folder's name.",
    )  # fmt: skip
    carried = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, teams: Iterable[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The trial's page carries the archive: it is not chosen twice.
        self.fields["file"].required = not (self.is_bound and self.data.get("carried"))
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [(team.name, team.name) for team in teams]

    def accuse(self, error: InvalidInput) -> None:
        """Put what a service found at its field; what has none is about the file."""
        accuse(self, error, "file")
