"""Forms of contracts: a new version by paste or upload, and the end of one. They only turn text into values.

Owns the labels, and the manifest text that a filled form stands for, so that a form and a file are applied alike. Never writes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from governance.contracts.formats import JSON_SCHEMA, WORDS
from orchestration.models import Team
from portal.views.document_forms import ReasonForm

MAX_FILE = 1024 * 1024
LEVELS = (
    "BACKWARD", "FORWARD", "FULL", "BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE", "NONE",
)  # fmt: skip
#: Lines of the manifest before the schema's own: so that a place in it can be told in the lines that were typed.
HEADER = 8


class VersionForm(ReasonForm):
    """A new version of a contract, or the first of a new one."""

    name = forms.CharField(label="Name", max_length=127, help_text="Words joined by dots, such as order.placed.")
    owner = forms.ChoiceField(label="Owner", help_text="Teams for which you may propose.")
    version = forms.CharField(label="Version", max_length=64)
    description = forms.CharField(label="Description", max_length=2_000, required=False)
    format = forms.ChoiceField(label="Format", choices=list(WORDS.items()), required=False)
    policy = forms.ChoiceField(
        label="Policy", choices=[("tolerant", "tolerant: senders send what they declare"), ("strict", "strict: all documents")],
    )  # fmt: skip
    compatibility = forms.ChoiceField(
        label="Question asked of the next version", required=False,
        choices=[("", "by use: as an input backward, as an output forward"), *((one, one) for one in LEVELS)],
    )  # fmt: skip
    schema = forms.CharField(
        label="Schema", strip=False,
        widget=forms.Textarea({"rows": 22, "spellcheck": "false", "wrap": "off", "class": "input mono"}),
        help_text="JSON or YAML; a JSON Schema is 2020-12 unless it says draft-07.",
        error_messages={"required": "Paste a schema, or choose a file."},
    )  # fmt: skip
    file = forms.FileField(label="Or a file", required=False, widget=forms.FileInput({"accept": ".json,.yaml,.yml"}))

    def __init__(self, *args: Any, teams: Iterable[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schema"].required = "file" not in self.files
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [(team.name, team.name) for team in teams]

    def clean(self) -> dict[str, Any]:
        """The schema's text from the file, where one was chosen."""
        values: dict[str, Any] = super().clean() or {}
        file = values.get("file")
        if file is not None:
            if file.size > MAX_FILE:
                raise ValidationError({"file": f"The file has {file.size:,} bytes; a schema has at most 1 MiB."})
            try:
                values["schema"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError({"file": f"It is not UTF-8 text: byte {error.start} can't be read."}) from None
        return values

    def manifest(self) -> str:
        """The manifest that the form stands for; the schema's own lines begin after HEADER."""
        values = self.cleaned_data
        text = values["schema"].replace("\r\n", "\n")
        # What is no JSON is YAML, or wrong: the manifest's reader says where. Tabs are no indentation in YAML.
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        metadata = {name: values[name] for name in ("name", "version", "owner", "description") if values[name]}
        spec = {"policy": values["policy"], "compatibility": values["compatibility"] or None}
        lines = [
            "apiVersion: plumbline/v1", "kind: Contract", f"metadata: {json.dumps(metadata)}", "spec:",
            f"  format: {json.dumps(values['format'] or JSON_SCHEMA)}", f"  policy: {json.dumps(spec['policy'])}",
            f"  compatibility: {json.dumps(spec['compatibility'])}", "  schema:",
        ]  # fmt: skip
        return "\n".join([*lines, *(f"    {line}" for line in text.split("\n"))]) + "\n"


class DeprecateForm(ReasonForm):
    """The end of a version."""

    sunset = forms.DateField(label="Sunset", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    successor = forms.ChoiceField(label="Successor", help_text="The active version to move to.")

    def __init__(self, *args: Any, successors: Iterable[str], notice: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        successor = self.fields["successor"]
        assert isinstance(successor, forms.ChoiceField)
        successor.choices = [(one, one) for one in successors]
        self.fields["sunset"].help_text = f"At least {notice} days from now, unless it was promised already."
        self.order_fields(["sunset", "successor", "reason"])
